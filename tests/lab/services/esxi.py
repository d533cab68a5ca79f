"""A host that answers over SSH as ESXi does: a real OpenSSH server, and ESXi's command names in front of this host's real state.

Every command of `tests/lab/esxi` becomes a program of that name, with dashes for underscores. Options: `mount`: udp (default: tcp);
and those of ssh.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from tests.lab.host import Host
from tests.lab.services import ssh

COMMANDS = Path(__file__).parent.parent / "esxi"


def start(host: Host, options: dict[str, Any]) -> None:
    folder = host.folder / "bin"
    for made in (folder, host.folder / "volumes"):
        made.mkdir()
    _install_commands(folder)
    if options.get("mount", "tcp") == "udp":
        (host.folder / "mount-over-udp").touch()
    host.run("sh", "-ec", ": > /var/log/vmkernel.log")
    ssh.start(host, options)


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
