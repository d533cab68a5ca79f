"""tshoot doctor: what is missing on this machine, with the command that mends it. With a HOST: doctor_hosts."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from argparse import Namespace
from dataclasses import asdict, dataclass
from pathlib import Path

from tshoot.cli import diagnostics
from tshoot.cli.output import emit_json, say


@dataclass(frozen=True)
class Check:
    """`needed`: tshoot cannot do its job without it."""

    name: str
    ok: bool
    needed: bool
    found: str
    mend: str = ""


def run(arguments: Namespace) -> int:
    if arguments.hosts:
        from tshoot.cli import doctor_hosts

        return doctor_hosts.run(arguments)
    checks = [
        _python(),
        _program("tshark", True, "decodes captures"),
        _program("tcpdump", False, "filters what simulated devices capture"),
        _agent(),
        _known_hosts(),
        _data(),
    ]
    if arguments.json:
        emit_json({"checks": [asdict(check) for check in checks]})
    else:
        for check in checks:
            say(f"{'ok     ' if check.ok else 'MISSING' if check.needed else 'note   '}  {check.name}: {check.found}")
            if not check.ok and check.mend:
                say(f"         {check.mend}")
    missing = any(check.needed and not check.ok for check in checks)
    return diagnostics.PROGRAM_MISSING if missing else diagnostics.HEALTHY


def _python() -> Check:
    version = ".".join(map(str, sys.version_info[:3]))
    return Check("python", sys.version_info >= (3, 11), True, version, "install Python 3.11 or later")


def _program(name: str, needed: bool, purpose: str) -> Check:
    path = shutil.which(name)
    if path is None:
        return Check(name, False, needed, f"not found; it {purpose}", _install(name))
    try:
        version = subprocess.run([path, "--version"], capture_output=True, text=True, timeout=10, stdin=subprocess.DEVNULL)
    except (OSError, subprocess.TimeoutExpired) as error:
        return Check(name, False, needed, f"{path} does not run: {error}", _install(name))
    lines = (version.stdout or version.stderr).splitlines()
    return Check(name, version.returncode == 0, needed, f"{lines[0] if lines else path}; {purpose}", _install(name))


def _install(name: str) -> str:
    package = "wireshark" if name == "tshark" and shutil.which("brew") else name
    if shutil.which("apt-get"):
        return f"{'' if os.geteuid() == 0 else 'sudo '}apt-get install {package}"
    return f"brew install {package}" if shutil.which("brew") else f"install {package} with your system's package program"


def _agent() -> Check:
    path = os.environ.get("SSH_AUTH_SOCK", "")
    ok = bool(path) and os.access(path, os.F_OK)
    return Check("ssh agent", ok, False, path if ok else "not running; keys in files and passwords still work", "eval $(ssh-agent) && ssh-add")


def _known_hosts() -> Check:
    path = Path("~/.ssh/known_hosts").expanduser()
    there = os.access(path, os.F_OK)  # also where a folder on the way may not be entered
    found = f"{path}" if there else f"{path} is not there yet; the first connect to a target asks about its key"
    return Check("known_hosts", there, False, found)


def _data() -> Check:
    from tshoot.session.store import default_root

    root = default_root()
    existing = next(folder for folder in (root, *root.parents) if os.access(folder, os.F_OK))
    ok = os.access(existing, os.W_OK)
    return Check("sessions", ok, True, f"kept in {root}" if ok else f"{existing} cannot be written", "set XDG_DATA_HOME to a folder of yours")
