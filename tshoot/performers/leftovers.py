"""What a crashed run left on a target: ended, fetched where it has packets, removed. At the next connect or by `tshoot sweep`.

A process is ended only if its command line still names the capture's file: pids are used again.
"""

from __future__ import annotations

import os
import shlex
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from tshoot.cancel import CancelToken
from tshoot.errors import TargetError
from tshoot.model.text import clean_line
from tshoot.performers.capture_said import PCAP_HEADER
from tshoot.performers.journal import Leftover, settle_leftover
from tshoot.transports.base import Transport
from tshoot.transports.listing import size_command, size_of

_TIMEOUT = 30.0

# /proc on Linux, `ps -c` on ESXi (world and cartel id in the first columns), `ps` elsewhere
_NAMES = """path={path} pid={pid}
names() {{
  case "$( (tr '\\000' ' ' </proc/$pid/cmdline || ps -o args= -p $pid || ps -c | grep "^ *$pid \\|^ *[0-9]* *$pid ") 2>/dev/null)" in
    *"$path"*) return 0;;
  esac
  return 1
}}
"""
_END = (
    _NAMES
    + """for signal in INT TERM KILL; do
  names || break
  kill -$signal $pid
  for tenth in 1 2 3 4 5 6 7 8 9 10 11 12; do names || break; sleep 0.1 2>/dev/null || sleep 1; done
done
! names"""
)
_LOOK = _NAMES + "names && echo runs\n{size}"


@dataclass(frozen=True, slots=True)
class Look:
    """How a leftover is found on its target: `size` in bytes, None where the file is not there; `runs`: it is still being written."""

    size: int | None
    runs: bool


@dataclass(frozen=True, slots=True)
class Cleared:
    """What came of one leftover: `said` in a sentence; `copy` is where an unpulled file was kept."""

    leftover: Leftover
    removed: bool
    said: str
    copy: Path | None = None


def sweep(transport: Transport, leftovers: Iterable[Leftover], cancel: CancelToken, rescue: Path | None = None) -> list[str]:
    """Clear `leftovers` of the transport's host; one sentence each of what was done. Files with packets are kept in the folder `rescue` first."""
    return [clear(transport, leftover, cancel, rescue).said for leftover in leftovers]


def look(transport: Transport, leftover: Leftover, cancel: CancelToken) -> Look:
    """Changes nothing. TargetErrors of the transport."""
    record = leftover.record
    # pid 0 is nobody's: its name is in no process list
    script = _LOOK.format(path=shlex.quote(record.path), pid=record.pid or 0, size=size_command(record.path))
    ran = transport.run(f"sh -c {shlex.quote(script)}", timeout=_TIMEOUT, cancel=cancel)
    runs = ran.stdout.startswith(b"runs\n")
    return Look(size_of(ran.stdout.removeprefix(b"runs\n")), runs)


def clear(transport: Transport, leftover: Leftover, cancel: CancelToken, rescue: Path | None) -> Cleared:
    """End it, pull it into the folder `rescue`, remove it, and note that. TargetErrors of the transport.

    What cannot be pulled stays there: it may be the only copy.
    """
    record = leftover.record
    name = f"{transport.host}: {clean_line(record.path)}"
    if record.pid is not None:
        ended = _sh(transport, _END.format(path=shlex.quote(record.path), pid=record.pid), cancel)
        if not ended:
            return Cleared(leftover, False, f"{name}: a capture of an earlier run still runs (pid {record.pid}) and could not be ended")
    copy, said = None, ""
    if rescue is not None:
        try:
            copy = _rescued(transport, leftover, cancel, rescue)
        except OSError as error:
            return Cleared(leftover, False, f"{name}: a capture of an earlier run stays there, it cannot be kept here: {rescue}: {error.strerror}")
        except TargetError as error:
            if error.kind != "not-found":
                why = clean_line(str(error))[:200]
                return Cleared(leftover, False, f"{name}: a capture of an earlier run stays there, it could not be pulled: {why}")
            said = "; its file was not there any more"
        else:
            said = f"; it is kept as {copy}" if copy else "; no packet was in it"
    path = shlex.quote(record.path)
    if not _sh(transport, f"rm -f {path} && [ ! -e {path} ]", cancel):
        return Cleared(leftover, False, f"{name}: a capture of an earlier run could not be removed{said}", copy)
    settle_leftover(leftover)
    return Cleared(leftover, True, f"{name}: a capture of an earlier run was removed{said}", copy)


def _rescued(transport: Transport, leftover: Leftover, cancel: CancelToken, rescue: Path) -> Path | None:
    """The copy, whole, under a name that nothing had: a run that was resumed may have left another file of the same name.

    None where the file holds no packet.
    """
    rescue.mkdir(mode=0o700, parents=True, exist_ok=True)
    wanted = PurePosixPath(leftover.record.path)
    descriptor, part = tempfile.mkstemp(dir=rescue, prefix=".", suffix=".part")  # made with 0600
    try:
        with os.fdopen(descriptor, "w+b") as file:
            size = transport.fetch(leftover.record.path, file, cancel=cancel)
            if size <= PCAP_HEADER:
                return None
            file.flush()
            os.fsync(file.fileno())
        copy, number = rescue / wanted.name, 1
        while copy.exists():
            number += 1
            copy = rescue / f"{wanted.stem}-{number}{wanted.suffix}"
        os.link(part, copy)
        return copy
    finally:
        Path(part).unlink(missing_ok=True)


def _sh(transport: Transport, script: str, cancel: CancelToken) -> bool:
    return transport.run(f"sh -c {shlex.quote(script)}", timeout=_TIMEOUT, cancel=cancel).exit_status == 0
