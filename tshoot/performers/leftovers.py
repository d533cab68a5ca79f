"""What a crashed run left on a target, cleared at the next connect: the capture ended, an unpulled file pulled, the file removed.

A process is ended only if its command line still names the capture's file: pids are used again.
"""

from __future__ import annotations

import shlex
from collections.abc import Iterable
from pathlib import Path, PurePosixPath

from tshoot.cancel import CancelToken
from tshoot.errors import TargetError
from tshoot.model.text import clean_line
from tshoot.performers.journal import Leftover, settle_leftover
from tshoot.transports.base import Transport

_TIMEOUT = 30.0

# /proc on Linux, `ps -c` on ESXi (world and cartel id in the first columns), `ps` elsewhere
_END = """path={path} pid={pid}
names() {{
  case "$( (tr '\\000' ' ' </proc/$pid/cmdline || ps -o args= -p $pid || ps -c | grep "^ *$pid \\|^ *[0-9]* *$pid ") 2>/dev/null)" in
    *"$path"*) return 0;;
  esac
  return 1
}}
for signal in INT TERM KILL; do
  names || break
  kill -$signal $pid
  for tenth in 1 2 3 4 5 6 7 8 9 10 11 12; do names || break; sleep 0.1 2>/dev/null || sleep 1; done
done
! names"""


def sweep(transport: Transport, leftovers: Iterable[Leftover], cancel: CancelToken, rescue: Path | None = None) -> list[str]:
    """Clear `leftovers` of the transport's host; one sentence each of what was done. Unpulled files are pulled into the folder `rescue` first."""
    return [_clear(transport, leftover, cancel, rescue) for leftover in leftovers]


def _clear(transport: Transport, leftover: Leftover, cancel: CancelToken, rescue: Path | None) -> str:
    record = leftover.record
    name = f"{transport.host}: {clean_line(record.path)}"
    if record.pid is not None:
        ended = _sh(transport, _END.format(path=shlex.quote(record.path), pid=record.pid), cancel)
        if not ended:
            return f"{name}: a capture of an earlier run still runs (pid {record.pid}) and could not be ended"
    said = _rescued(transport, leftover, cancel, rescue) if record.state == "unpulled" and rescue is not None else ""
    path = shlex.quote(record.path)
    if not _sh(transport, f"rm -f {path} && [ ! -e {path} ]", cancel):
        return f"{name}: a capture of an earlier run could not be removed{said}"
    settle_leftover(leftover)
    return f"{name}: a capture of an earlier run was removed{said}"


def _rescued(transport: Transport, leftover: Leftover, cancel: CancelToken, rescue: Path) -> str:
    copy = rescue / PurePosixPath(leftover.record.path).name
    try:
        rescue.mkdir(mode=0o700, parents=True, exist_ok=True)
        copy.touch(0o600)
        with copy.open("r+b") as file:
            transport.fetch(leftover.record.path, file, cancel=cancel)
    except (TargetError, OSError) as error:
        copy.unlink(missing_ok=True)
        return f"; it could not be pulled: {clean_line(str(error))[:200]}"
    return f"; it is kept as {copy}"


def _sh(transport: Transport, script: str, cancel: CancelToken) -> bool:
    return transport.run(f"sh -c {shlex.quote(script)}", timeout=_TIMEOUT, cancel=cancel).exit_status == 0
