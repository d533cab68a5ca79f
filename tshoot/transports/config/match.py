"""The criteria of a `Match` line (ssh_config(5)), judged as OpenSSH's match_cfg_line judges them.

`exec` runs the command of the user's own file, in his shell, without a terminal, for at most ten seconds; it is not run where an
earlier criterion failed. A criterion that cannot be judged here is not guessed: OpenSSH must go this way.
"""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass

from tshoot.errors import TargetError
from tshoot.model.text import clean_line
from tshoot.transports.config.host_settings import needs_openssh
from tshoot.transports.config.lines import Line, split_keyword
from tshoot.transports.config.patterns import fits_list
from tshoot.transports.config.tokens import local_user, percent_for_shell

_PATIENCE = 10.0
_NOT_JUDGED = {"localnetwork", "command", "sessiontype", "version"}  # of OpenSSH 9.4 to 10.2; what they match is the client's own business


@dataclass(frozen=True, slots=True)
class Subject:
    """What the criteria are about, as far as the lines before have told. `final`: the file is read for the second time."""

    typed: str
    host: str
    user: str
    tag: str
    final: bool
    tokens: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Judged:
    """`wants_final`: the line asks for a second reading."""

    holds: bool
    wants_final: bool = False


def judge(line: Line, subject: Subject) -> Judged:
    """UsageError where the line is wrong; NeedsOpenSsh where it cannot be judged; TargetError "unreachable" where its command hangs."""
    rest, holds, wants_final, count = line.rest, True, False, 0
    while rest and not rest.startswith("#"):
        word, rest = split_keyword(rest)
        negated, name = word.startswith("!"), word.removeprefix("!").lower()
        if name == "all":
            if count > 1 or (rest and not rest.startswith("#")):  # behind one criterion OpenSSH lets it pass
                raise line.wrong("combines `all` with other criteria")
            return Judged(holds and not negated, wants_final)
        count += 1
        if name in ("final", "canonical"):
            wants_final = wants_final or name == "final"
            holds = holds and subject.final != negated
            continue
        argument, rest = split_keyword(rest)
        if not argument or argument.startswith("#"):
            raise line.wrong(f"gives `{clean_line(name)[:40]}` nothing to match")
        if holds:
            holds = _criterion(line, name, argument, subject) != negated
    if not count:
        raise line.wrong("names no criterion")
    return Judged(holds, wants_final)


def _criterion(line: Line, name: str, argument: str, subject: Subject) -> bool:
    patterns = argument.split(",")
    match name:
        case "host":
            return fits_list(subject.host.lower(), (pattern.lower() for pattern in patterns))
        case "originalhost":
            return fits_list(subject.typed.lower(), (pattern.lower() for pattern in patterns))
        case "user":
            return fits_list(subject.user, patterns)
        case "localuser":
            return fits_list(local_user(), patterns)
        case "tagged":
            return fits_list(subject.tag, patterns)
        case "exec":
            return _succeeds(line, percent_for_shell(argument, subject.tokens, f"{line.place}: Match exec"), subject)
    if name in _NOT_JUDGED:
        raise needs_openssh(subject.typed, f"`Match … {name}` in the ssh_config ({line.place}) is for OpenSSH's own client to judge")
    raise line.wrong(f"has the unknown criterion `{clean_line(name)[:40]}`")


def _succeeds(line: Line, command: str, subject: Subject) -> bool:
    shell = os.environ.get("SHELL") or "/bin/sh"
    quiet = {"stdin": subprocess.DEVNULL, "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    try:
        process = subprocess.Popen([shell, "-c", command], start_new_session=True, **quiet)  # type: ignore[call-overload]
    except (OSError, ValueError) as error:
        raise line.wrong(f"cannot be run: {error}") from error
    try:
        return bool(process.wait(_PATIENCE) == 0)
    except subprocess.TimeoutExpired:
        shown = f"the command of `Match exec` in the ssh_config ({line.place}) did not end within {_PATIENCE:g} s"
        raise TargetError("unreachable", f"{subject.typed}: {shown}", "run it by hand; ssh would wait for it, too") from None
    finally:
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)  # what it left behind, too
        process.wait()
