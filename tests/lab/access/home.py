"""The operator's home: ssh_config, known_hosts, key, certificate, agent, as the case says. All of it ends with the case."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path

from tests.lab.access.accounts import PASSPHRASE, another_key, authority, crowd, operator_key
from tests.lab.access.case import AccessCase, Operator
from tests.lab.case import Interface
from tests.lab.host import Host
from tests.lab.network import ROOT

HOME = Path("/run/home")
TEMPORARY = HOME / "tmp"
_PATH = ("/usr/local/bin", "/usr/bin", "/bin", "/usr/sbin", "/sbin")


def furnish(case: AccessCase, hosts: dict[str, Host]) -> dict[str, str]:
    """Make it, and return the environment of what the operator starts."""
    folder = HOME / ".ssh"
    folder.mkdir(parents=True, mode=0o700)
    TEMPORARY.mkdir()
    (folder / "config").write_text(f"{case.ssh_config.rstrip()}\n{case.base_config}")
    (folder / "known_hosts").write_text(_known_hosts(case, hosts))
    if case.operator.hashed:
        subprocess.run(["ssh-keygen", "-q", "-H", "-f", str(folder / "known_hosts")], check=True, capture_output=True)
    for place, text in case.operator.places.items():
        (HOME / place).parent.mkdir(parents=True, exist_ok=True)
        (HOME / place).write_text(text)
    _live_there()
    environment = {
        "HOME": str(HOME),
        "PATH": _path(case.operator),
        "LANG": "C.UTF-8",
        "TMPDIR": str(TEMPORARY),
        "TERM": "xterm",
        "COLUMNS": "200",
        "USER": "root",
        "LOGNAME": "root",
    }
    return environment | _key(case.operator, folder)


def _live_there() -> None:
    """OpenSSH looks for the home in the accounts, not in HOME."""
    lines = [line for line in Path("/etc/passwd").read_text().splitlines() if not line.startswith("root:")]
    accounts = ROOT / "operator-passwd"
    accounts.write_text("\n".join([f"root:x:0:0:root:{HOME}:/bin/sh", *lines]) + "\n")
    subprocess.run(["mount", "--bind", str(accounts), "/etc/passwd"], check=True)


def _path(operator: Operator) -> str:
    """Where programs are missing, a folder of links to all the others."""
    if not operator.without:
        return ":".join(_PATH)
    folder = HOME / "programs"
    folder.mkdir()
    for place in _PATH:
        for program in Path(place).iterdir() if Path(place).is_dir() else ():
            if program.name not in operator.without and not (folder / program.name).is_symlink():
                (folder / program.name).symlink_to(program)
    return str(folder)


def _known_hosts(case: AccessCase, hosts: dict[str, Host]) -> str:
    operator = case.operator
    if operator.known_hosts is not None:
        return _filled(operator.known_hosts, hosts)
    lines = []
    for name, interfaces in case.world.interfaces.items():
        if name in operator.unknown or not (hosts[name].folder / "ssh" / "host_key.pub").exists():
            continue
        public = another_key().with_suffix(".pub").read_text() if name in operator.stranger else _host_key(hosts[name])
        lines += [f"{address} {public}" for address in _addresses(interfaces)]
    return "".join(lines)


def _host_key(host: Host) -> str:
    return (host.folder / "ssh" / "host_key.pub").read_text()


def _addresses(interfaces: tuple[Interface, ...]) -> list[str]:
    return [address.partition("/")[0] for one in interfaces for address in one.address]


def _filled(text: str, hosts: dict[str, Host]) -> str:
    """`{authority NAME}` and `{key HOST}` become public keys."""

    def public(found: re.Match[str]) -> str:
        return (authority(found[2]).public if found[1] == "authority" else _host_key(hosts[found[2]])).strip()

    return re.sub(r"\{(authority|key) (\w+)\}", public, text)


def _key(operator: Operator, folder: Path) -> dict[str, str]:
    """The operator's key where the case wants it, its certificate beside it; the agent's socket as the environment names it."""
    if operator.key == "none":
        return {}
    file = folder / "id_ed25519"
    for suffix in ("", ".pub"):
        (folder / f"id_ed25519{suffix}").write_text(Path(f"{operator_key()}{suffix}").read_text())
    file.chmod(0o600)
    if operator.certificate:
        authority(operator.certificate["authority"]).sign(folder / "id_ed25519.pub", operator.certificate, host=False)
    if operator.key == "encrypted":
        subprocess.run(["ssh-keygen", "-q", "-p", "-P", "", "-N", PASSPHRASE, "-f", str(file)], check=True, stdout=subprocess.DEVNULL)
    if operator.key == "agent":
        environment = _agent(file)
        file.unlink()
        file.with_suffix(".pub").unlink()
        return environment
    if operator.key == "crowd":
        file = file.rename(folder / "devices")
        (folder / "id_ed25519.pub").rename(file.with_suffix(".pub"))
        return _agent(*crowd(), file)
    return {}


def _agent(*files: Path) -> dict[str, str]:
    """An agent that holds the keys in this order; it ends with the case's process namespace."""
    socket = str(HOME / "agent")
    subprocess.run(["ssh-agent", "-a", socket], check=True, stdout=subprocess.DEVNULL)
    environment = {"SSH_AUTH_SOCK": socket}
    subprocess.run(["ssh-add", "-q", *map(str, files)], check=True, env=os.environ | environment)
    return environment
