"""A real OpenSSH server that lets the laboratory's operator in as root, by key. Options: `shell`, root's login shell (default: /bin/sh).

All hosts have one host key and one operator key, made once a case (`operator_key`). Programs that stand in `/run/bin` of the
host come first on its PATH.
"""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any

from tests.lab.host import Host
from tests.lab.network import ROOT

PORT = 22
_KEYS = ROOT / "keys"
_CONFIG = """Port 22
HostKey /run/ssh/host_key
AuthorizedKeysFile /run/ssh/authorized_keys
StrictModes no
UsePAM no
PermitRootLogin yes
PrintMotd no
PrintLastLog no
PidFile none
SetEnv PATH=/run/bin:/usr/sbin:/usr/bin:/sbin:/bin
Subsystem sftp internal-sftp
"""


def operator_key() -> Path:
    """The operator's private key; the host key's public part lies beside it as `host_key.pub`."""
    if not _KEYS.exists():
        _KEYS.mkdir(parents=True)
        for key in ("host_key", "operator_key"):
            subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "lab", "-f", str(_KEYS / key)], check=True)
    return _KEYS / "operator_key"


def start(host: Host, options: dict[str, Any]) -> None:
    ssh = host.folder / "ssh"
    for folder in (ssh, host.folder / "bin", host.folder / "sshd"):
        folder.mkdir(exist_ok=True)
    operator = operator_key()
    (ssh / "host_key").write_text((operator.parent / "host_key").read_text())
    (ssh / "host_key").chmod(0o600)
    (ssh / "authorized_keys").write_text((operator.parent / "operator_key.pub").read_text())
    (ssh / "shadow").write_text("root:*:19000:0:99999:7:::\n")  # a locked account may not log in without PAM
    (ssh / "passwd").write_text(_passwd(str(options.get("shell", "/bin/sh"))))
    (ssh / "sshd_config").write_text(_CONFIG)
    host.run("sh", "-ec", "mount --bind /run/ssh/shadow /etc/shadow; mount --bind /run/ssh/passwd /etc/passwd")
    host.start("ssh", "/usr/sbin/sshd", "-D", "-e", "-f", "/run/ssh/sshd_config")
    host.ready("ssh", lambda: host.listens(PORT))


def _passwd(shell: str) -> str:
    """This machine's accounts, root with the shell and with a home of this host."""
    lines = Path("/etc/passwd").read_text().splitlines()
    return "".join(f"root:x:0:0:root:/run:{shell}\n" if line.startswith("root:") else f"{line}\n" for line in lines)
