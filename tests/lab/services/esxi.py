"""A host that answers over SSH as ESXi does: a real OpenSSH server, and ESXi's command names in front of this host's real state.

`operator_key` signs in as root. Every command of `tests/lab/esxi` becomes a program of that name, with dashes for underscores.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

from tests.lab.host import Host

COMMANDS = Path(__file__).parent.parent / "esxi"
PORT = 22
_CONFIG = """Port 22
HostKey /run/ssh/host_key
AuthorizedKeysFile /run/ssh/authorized_keys
StrictModes no
UsePAM no
PermitRootLogin yes
PidFile none
SetEnv PATH=/run/bin:/usr/sbin:/usr/bin:/sbin:/bin
Subsystem sftp internal-sftp
"""


def operator_key(host: Host) -> Path:
    return host.folder / "ssh" / "operator_key"


def start(host: Host, options: dict[str, Any]) -> None:
    ssh, sbin = host.folder / "ssh", host.folder / "bin"
    for folder in (ssh, sbin, host.folder / "sshd", host.folder / "volumes"):
        folder.mkdir()
    for key in ("host_key", "operator_key"):
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(ssh / key)], check=True)
    (ssh / "authorized_keys").write_text((ssh / "operator_key.pub").read_text())
    (ssh / "shadow").write_text("root:*:19000:0:99999:7:::\n")  # a locked account may not log in without PAM
    (ssh / "sshd_config").write_text(_CONFIG)
    _install_commands(sbin)
    host.run("sh", "-ec", "mount --bind /run/ssh/shadow /etc/shadow; : > /var/log/vmkernel.log")
    host.start("esxi", "/usr/sbin/sshd", "-D", "-e", "-f", "/run/ssh/sshd_config")
    host.ready("esxi", lambda: host.listens(PORT))


def _install_commands(folder: Path) -> None:
    """Copies, as the checkout may lie under a folder that the host does not see."""
    for source in COMMANDS.glob("*.py"):
        (folder / source.name).write_text(source.read_text())
        program = folder / source.stem.replace("_", "-")
        program.write_text(f'#!/bin/sh\nexec {Path(sys.executable).resolve()} -I -S /run/bin/{source.name} "$@"\n')
        program.chmod(0o755)
    tcpdump = folder / "tcpdump-uw"
    tcpdump.write_text('#!/bin/sh\nexec tcpdump -Z root "$@"\n')
    tcpdump.chmod(0o755)
