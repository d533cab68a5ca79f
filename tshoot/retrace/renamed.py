"""The targets of a session where this machine knows them by other names, and how a run on them would be typed."""

from __future__ import annotations

import getpass
import os
import shlex
import socket
from collections.abc import Iterable, Mapping
from dataclasses import replace

from tshoot.errors import UsageError
from tshoot.model.events import TargetSpec
from tshoot.transports.address import parse_address


def renamed(targets: Iterable[TargetSpec], hosts: Mapping[str, str]) -> dict[str, TargetSpec]:
    """By role, each under the name that `hosts` gives it. UsageError for a role that the session does not have, or a name that is none."""
    found = {target.role: target for target in targets}
    for role, host in hosts.items():
        if role not in found:
            raise UsageError(f"--target {role}={host}: `{role}` is no target of the session", f"its targets are: {', '.join(found)}")
        try:
            parse_address(host)
        except UsageError as error:
            raise UsageError(f"--target {role}={host}: {error.message}", error.hint) from error
        found[role] = replace(found[role], host=host)
    return found


def check_directories(directories: Mapping[str, str], targets: Mapping[str, TargetSpec]) -> None:
    """UsageError for a folder to capture into that belongs to no target, or is not absolute."""
    for role, directory in directories.items():
        if role not in targets or not directory.startswith("/"):
            hint = f"its targets are: {', '.join(targets)}; for example --capture-dir {next(iter(targets), 'host')}=/tmp"
            raise UsageError(f"--capture-dir {role}={directory}: expected a target of the session and an absolute folder on it", hint)


def full_run(playbook: str, targets: Mapping[str, TargetSpec], inputs: Mapping[str, str | int]) -> str:
    """`tshoot run …` as it would be typed for all of it."""
    words = ["tshoot", "run", playbook]
    words += [word for role, target in targets.items() for word in ("--target", f"{role}={target.host}")]
    words += [word for name, value in inputs.items() if value != "" for word in ("--set", f"{name}={value}")]
    return shlex.join(words)


def who() -> str:
    """`anna@jump1`: as the system knows them."""
    try:
        user = getpass.getuser()
    except (OSError, KeyError):
        user = f"user {os.getuid()}"
    return f"{user}@{socket.gethostname()}"
