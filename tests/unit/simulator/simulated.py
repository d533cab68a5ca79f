"""A scenario made for the tests, and clients for it: OpenSSH's own and paramiko."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import paramiko

from tshoot.simulator.scenario import Scenario, load_scenario
from tshoot.simulator.serving import Served

CAPTURE = "nfs.mount-denied/over-tcp.pcap"
HEAD = "playbook: nfs-mount\ntitle: a test\nstory: one.\n"
EXPECT = "expect: {verdict: healthy}\n"
COMMANDS = """
    commands:
      - run: esxcfg-vmknic -l
        stdout: |
          vmk0 1500
        stderr: beware
        exit: 3
      - pattern: vmkping .* 192\\.0\\.2\\.[0-9]+
        stdout: answered
      - run: grep -i nfs /var/log/vmkernel.log | tail -n 50
        stdout: from the log
      - {run: hang now, stdout: "half\\n", fails: timeout}
      - {run: sever now, fails: closed}
      - {run: forbidden, fails: permission-denied}
"""


def scenario(folder: Path, device: str = "", commands: str = COMMANDS, rest: str = "") -> Scenario:
    """The scenario of one ESXi host; `device` are more lines of it, indented by four."""
    text = f"{HEAD}devices:\n  host:\n    platform: vmware_esxi\n    name: esx01\n{device}{commands}\n{rest}{EXPECT}"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "scenario.yaml").write_text(text, encoding="utf-8")
    return load_scenario(folder)


def with_capture(folder: Path, more: str = "") -> Scenario:
    return scenario(folder, f"    capture: {{file: {CAPTURE}{more}}}\n")


def openssh(served: Served, program: str = "ssh", role: str = "host") -> list[str]:
    """The command line of `ssh` or `sftp` up to its destination, with the host key checked and no prompt."""
    device = served.devices[role]
    options = ["UserKnownHostsFile=" + str(served.known_hosts), "StrictHostKeyChecking=yes", "BatchMode=yes", "IdentitiesOnly=yes", "LogLevel=ERROR"]
    flags = [flag for option in options for flag in ("-o", option)]
    return [program, "-F", "none", *flags, "-i", str(served.key_file), "-p" if program == "ssh" else "-P", str(device.port)]


def ssh(served: Served, command: str, role: str = "host", **given: object) -> subprocess.CompletedProcess[str]:
    device = served.devices[role]
    arguments = [*openssh(served, role=role), f"{device.user}@{device.host}", command]
    given = {"stdin": subprocess.DEVNULL, **given} if "input" not in given else given
    return subprocess.run(arguments, capture_output=True, text=True, timeout=30, **given)  # type: ignore[call-overload, no-any-return]


@contextmanager
def client(served: Served, **login: object) -> Iterator[paramiko.SSHClient]:
    """A paramiko client with the password, or with what `login` gives; only the host key of this run is accepted."""
    device = served.devices["host"]
    with paramiko.SSHClient() as connected:
        connected.load_host_keys(str(served.known_hosts))
        given = {"username": device.user, "password": device.password, "timeout": 10, **login}
        connected.connect(device.host, device.port, allow_agent=False, look_for_keys=False, **given)  # type: ignore[arg-type]
        yield connected
