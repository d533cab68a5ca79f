"""An Ansible inventory (INI, YAML, a folder of them with group_vars) through the installed `ansible-inventory`, as Ansible itself reads it.

Only Ansible's readers of plain files are switched on: no inventory script and no plugin is run, whose code would be a stranger's; no
ansible.cfg and no home folder is looked at, no variable of the environment is handed on, no vault is opened. What it prints goes through
`ansible`, which takes addresses alone.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
from dataclasses import replace
from pathlib import Path

from tshoot.errors import InventoryError, MissingProgram
from tshoot.inventory.ansible import read_ansible_json
from tshoot.inventory.entries import Contents
from tshoot.model.text import clean_line

_FORMS = {".yml": "yaml", ".yaml": "yaml", ".ini": "ini", ".cfg": "ini"}  # else the other reader's complaints are told, too
_PATIENCE = 60.0  # seconds; ten thousand hosts take some ten
_MOST_BYTES = 256 * 1024 * 1024
_BY_HAND = "`ansible-inventory --list -i {} > hosts.json` where it can be read, then --inventory hosts.json"


def read_with_ansible(inventory: Path) -> Contents:
    """The hosts of `inventory`. MissingProgram where ansible-inventory is not installed, InventoryError where it cannot read it."""
    by_hand = _BY_HAND.format(inventory)
    if not inventory.is_dir() and os.access(inventory, os.X_OK):
        raise InventoryError(
            f"{inventory}: is a program (it may be executed); tshoot runs no inventory program", f"{by_hand}; or chmod -x, if it is none"
        )
    program = _program()
    if program is None:
        raise MissingProgram(
            f"{inventory}: an Ansible inventory is read by ansible-inventory, which is not installed", f"pip install ansible-core; or {by_hand}"
        )
    ended, said = _listed(program, inventory, with_variables=True)
    remark = ""
    if ended and "vault" in said.lower():
        remark = f"{inventory}: variables beside it (group_vars, host_vars) were left out: a vault among them is not opened"
        ended, said = _listed(program, inventory, with_variables=False)
    if ended:
        raise InventoryError(
            f"{inventory}: ansible-inventory cannot read it: {_reason(said)}", f"`ansible-inventory --list -i {inventory}` tells more; or {by_hand}"
        )
    contents = read_ansible_json(said, str(inventory))
    return replace(contents, remarks=(remark, *contents.remarks)) if remark else contents


def _program() -> str | None:
    """Beside this Python, where `pip install tshoot ansible-core` puts it, else on the PATH."""
    beside = Path(sys.executable).parent / "ansible-inventory"
    return str(beside) if os.access(beside, os.X_OK) else shutil.which("ansible-inventory")


def _listed(program: str, inventory: Path, *, with_variables: bool) -> tuple[int, str]:
    """Exit status, and what it printed on stdout where that is 0, else on stderr."""
    with tempfile.TemporaryDirectory(prefix="tshoot-ansible-") as home, tempfile.TemporaryFile(dir=home) as output:
        empty = Path(home) / "ansible.cfg"
        empty.write_text("[defaults]\n", encoding="utf-8")
        environment = {
            "PATH": os.environ.get("PATH", os.defpath),
            "HOME": home,
            "LANG": "C.UTF-8",
            "LC_ALL": "C.UTF-8",
            "ANSIBLE_CONFIG": str(empty),
            "ANSIBLE_HOME": home,
            "ANSIBLE_LOCAL_TEMP": home,
            "ANSIBLE_NOCOLOR": "1",
            "ANSIBLE_LOCALHOST_WARNING": "0",
            "ANSIBLE_INVENTORY_ENABLED": _FORMS.get(inventory.suffix.lower(), "ini,yaml"),
            "ANSIBLE_INVENTORY_ANY_UNPARSED_IS_FAILED": "1",
            "ANSIBLE_COLLECTIONS_PATH": home,
            "ANSIBLE_VARS_ENABLED": "host_group_vars" if with_variables else "",
            "PYTHONNOUSERSITE": "1",
            "PYTHONDONTWRITEBYTECODE": "1",
        }
        words = [program, "--list", "-i", str(inventory.absolute())]
        try:
            ran = subprocess.run(words, cwd=home, env=environment, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.PIPE, timeout=_PATIENCE)
        except subprocess.TimeoutExpired as error:
            raise InventoryError(f"{inventory}: ansible-inventory did not end within {_PATIENCE:g} s", "name a smaller inventory") from error
        except OSError as error:
            raise MissingProgram(f"{program} does not run: {error.strerror}", "pip install --force-reinstall ansible-core") from error
        if ran.returncode:
            return ran.returncode, ran.stderr[-65536:].decode("utf-8", "replace")
        if output.seek(0, os.SEEK_END) > _MOST_BYTES:
            raise InventoryError(f"{inventory}: ansible-inventory prints more than {_MOST_BYTES // 1024 // 1024} MB", "name a smaller part of it")
        output.seek(0)
        return 0, output.read().decode("utf-8", "replace")


def _reason(said: str) -> str:
    """The lines that tell why, in one, without the same thing twice."""
    lines = (re.sub(r"^(\[\w+\]: )?(Failed to parse inventory(?: with '\w+' plugin)?[:.] ?)*", "", clean_line(line)) for line in said.splitlines())
    told = [
        re.sub(r", got: .*", "", line)
        for line in dict.fromkeys(lines)
        if line and not line.startswith(("<<<", "Origin:", "No inventory was parsed", "Completely failed"))
    ]
    return "; ".join(told)[:600] or "it does not say why"
