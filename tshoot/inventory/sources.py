"""Which files are read, and what each of them is: told by its name and content, or said before it, as in `netbox=devices.json`."""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from pathlib import Path

from tshoot.errors import InventoryError, TshootError
from tshoot.inventory.entries import Contents, Entry
from tshoot.inventory.files import read_text
from tshoot.inventory.inventory import Inventory
from tshoot.inventory.memory import Memory, default_memory
from tshoot.inventory.names import checked_name
from tshoot.user_folders import config_folder

_JSON = re.compile(r"\s*(?:\{|\[\s*[\]{])")  # not the `[group]` of an INI file
_OWN_IN_BRACES = re.compile(r"""(?:\s*(?:\#[^\n]*|---)\n)*\s*\{\s*(?:[A-Za-z_]|["'](?:targets|groups)["']\s*:)""")  # a bare key is no JSON
KINDS = ("targets", "ansible", "containerlab", "netbox")
VARIABLE = "TSHOOT_INVENTORY"


def own_file(environment: Mapping[str, str] = os.environ) -> Path:
    return config_folder(environment) / "targets.yaml"


def known(
    files: Sequence[str | Path] = (),
    *,
    ssh_config: Path | None = None,
    memory: Memory | None = None,
    environment: Mapping[str, str] = os.environ,
) -> Inventory:
    """The inventory of `files`, or of TSHOOT_INVENTORY where there are none; then targets.yaml, then the names of `ssh_config`.

    InventoryError where a file cannot be used, with all its problems; MissingProgram where an Ansible inventory cannot be read here.
    A ssh_config that cannot be read is a remark: the login will say it.
    """
    named = [str(file) for file in files] or [file for file in environment.get(VARIABLE, "").split(os.pathsep) if file]
    sources = [_read_named(*_kind_and_file(file)) for file in named]
    own = own_file(environment)
    if os.path.lexists(own):
        sources.append((str(own), _read("targets", own)[1]))
    if ssh_config is not None:
        sources.append((str(ssh_config), _ssh_names(ssh_config)))
    return _together(tuple(sources), memory or default_memory(), ssh_config)


@lru_cache(maxsize=4)
def _together(sources: tuple[tuple[str, Contents], ...], memory: Memory, ssh_config: Path | None) -> Inventory:
    """Made once of the same contents: each of a hundred runs side by side asks for it."""
    return Inventory(sources, memory, ssh_config)


def absolute(named: str) -> str:
    """A file of `--inventory` for a process that is started elsewhere."""
    kind, file = _kind_and_file(named)
    return f"{kind}={file.absolute()}" if kind else str(file.absolute())


def _kind_and_file(named: str) -> tuple[str, Path]:
    kind, equals, file = named.partition("=")
    return (kind, Path(file).expanduser()) if equals and kind in KINDS else ("", Path(named).expanduser())


def _read_named(kind: str, file: Path) -> tuple[str, Contents]:
    """A file that the operator named is not passed over in silence where it brings nothing."""
    read_as, contents = _read(kind, file)
    if contents.entries or contents.remarks:
        return str(file), contents
    others = "" if kind else f"; where it is no such list, say what it is: {', '.join(f'{other}=FILE' for other in KINDS if other != read_as)}"
    return str(file), Contents((), (f"{file}: names no target and no group, read as {read_as}{others}",))


def _read(kind: str, file: Path) -> tuple[str, Contents]:
    """As what it was read, and what it says."""
    try:
        status = file.stat()
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or str(error)
        raise InventoryError(f"{file}: cannot be read: {why}", "check the path and its permissions") from error
    return _contents(kind, file, status.st_mtime_ns, status.st_size, stat.S_ISDIR(status.st_mode), status.st_ino)


@lru_cache(maxsize=16)
def _contents(kind: str, file: Path, modified: int, size: int, folder: bool, inode: int) -> tuple[str, Contents]:
    """Read once as long as the file stays as it is: an interface asks often. A folder counts as changed with its own list of files."""
    from tshoot.inventory.ansible_program import read_with_ansible

    if folder:
        if kind not in ("", "ansible"):
            raise InventoryError(f"{file}: is a folder", f"a folder can be an Ansible inventory; name the file of a {kind} list")
        return "ansible", read_with_ansible(file)
    text = read_text(file)
    kind = kind or told_by_content(file.name, text)
    if kind == "ansible" and not _JSON.match(text):
        return kind, read_with_ansible(file)
    return kind, _readers()[kind](text, str(file))


def _readers() -> dict[str, Callable[[str, str], Contents]]:
    from tshoot.inventory.ansible import read_ansible_json
    from tshoot.inventory.containerlab import read_topology
    from tshoot.inventory.netbox import read_netbox
    from tshoot.inventory.own import read_own

    return {"targets": read_own, "ansible": read_ansible_json, "containerlab": read_topology, "netbox": read_netbox}


def told_by_content(name: str, text: str) -> str:
    """Which kind of list a file is. What is nothing else is an Ansible inventory: that has no form of its own."""
    name, head = name.lower(), text[:65536]
    if name.endswith((".clab.yml", ".clab.yaml")):
        return "containerlab"
    if name.endswith(".csv"):
        return "netbox"
    if _JSON.match(head) and ('"_meta"' in head or '"hostvars"' in head or '"_meta"' in text[-65536:]):
        return "ansible"
    if _OWN_IN_BRACES.match(head):
        return "targets"
    if _JSON.match(head):
        return "netbox"
    keys = {line.partition(":")[0].strip("\"' ") for line in head.splitlines() if line[:1].strip() and line[:1] not in "#-[" and ":" in line}
    if "topology" in keys:
        return "containerlab"
    return "targets" if keys & {"targets", "groups"} and not keys & {"all", "ungrouped"} else "ansible"


def _ssh_names(config: Path) -> Contents:
    from tshoot.transports.config.resolving import named_hosts

    try:
        names = named_hosts(config)
    except (TshootError, OSError) as error:
        return Contents((), (str(error),))
    return _ssh_contents(config, names)


@lru_cache(maxsize=4)
def _ssh_contents(config: Path, names: tuple[str, ...]) -> Contents:
    found, remarks = [], []
    for name in names:
        try:
            found.append(Entry(checked_name(name), str(config)))
        except ValueError as error:
            remarks.append(f"{config}: {error}; left out of the lists")
    return Contents(tuple(found), tuple(remarks[:20]))
