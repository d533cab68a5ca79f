"""The shell script that captures on a target: POSIX, such as busybox's ash, dash and bash run it. Pure text.

It says `pid N`, then every second `size N` (bytes of the file), and runs until the first of these: the program's own packet count; a loop
that looks every second at time, size and, where the recipe knows how, at the room that others leave (it says `time over`, `low space`); the
end of its standard input, which is the end of our connection, however it ends; `kill -INT` by us.
`ulimit -f` is the last bound on the size where a second is too long. No `timeout` program is needed: its options differ between systems.
"""

from __future__ import annotations

import hashlib
import re
import shlex
from pathlib import PurePosixPath

from tshoot.errors import UsageError
from tshoot.model.effects import StartCapture
from tshoot.model.text import clean_line
from tshoot.platforms.loader import CaptureRecipe

_INTERFACE = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.:@/-]{0,63}")
_SLACK = 1.1  # beyond the megabytes asked for, before the kernel stops the program
OCCUPIED = 73  # exit status: a file of that name is there already

_SCRIPT = """{mark}
umask 077
ulimit -c 0 2>/dev/null
if [ -e {path} ] || [ -h {path} ]; then echo 'a file of that name exists' >&2; exit {occupied}; fi
exec 3<&0 4>&1
(ulimit -f {blocks} 2>/dev/null; exec {command}) </dev/null 3<&- 4>&- &
pid=$!
echo "pid $pid"
end() {{ for signal in INT TERM KILL; do kill -$signal $pid || return; sleep 2; done; }}
(cat <&3; end) >/dev/null 2>&1 4>&- &
watchdog=$!
(seconds=0
while kill -0 $pid && [ $seconds -lt {seconds} ]; do
  sleep 1 4>&-
  seconds=$((seconds + 1))
  size=$(ls -ln {path} | (read -r mode links owner group size rest; echo "$size"))
  echo "size ${{size:-0}}" >&4
  [ "${{size:-0}}" -ge {bytes} ] && break
{room}done
kill -0 $pid && [ $seconds -ge {seconds} ] && echo 'time over' >&4
exec 4>&-
end) </dev/null 3<&- >/dev/null 2>&1 &
loop=$!
exec 3<&- 4>&-
wait $pid
status=$?
kill $watchdog $loop 2>/dev/null
exit $status
"""
_ROOM = """  room=$({command} {directory} | (read -r heads; read -r device blocks used available rest; echo "$available"))
  case $room in ''|*[!0-9]*) ;; *) [ $room -lt {kilobytes} ] && echo 'low space' >&4 && break;; esac
"""


def file_name(session: str, key: str) -> str:
    """`tshoot-<session>-<hash of the effect's key>.pcap`"""
    if not re.fullmatch(r"[A-Za-z0-9-]{1,40}", session):
        raise UsageError(f"{session!r} is no session id", "this is a fault of tshoot: please report it")
    return f"tshoot-{session}-{hashlib.sha256(key.encode()).hexdigest()[:8]}.pcap"


def bound_megabytes(effect: StartCapture) -> float:
    """The most that the file can take on the target."""
    return effect.megabytes * _SLACK + 1


def program_line(effect: StartCapture, recipe: CaptureRecipe, path: str) -> str:
    """The capture program with its arguments, quoted for a shell. UsageError where interface or filter could be read as something else."""
    if not _INTERFACE.fullmatch(effect.interface):
        raise UsageError(f"{effect.node}: `{effect.interface[:80]}` is no interface name", "name an interface of the target, such as vmk0")
    if effect.filter.startswith("-") or not effect.filter.replace("\n", " ").isprintable():
        message = f"{effect.node}: a capture filter cannot start with `-`, nor hold control characters"
        raise UsageError(message, "write a filter such as `host 192.0.2.1 and port 2049`")
    if not path.isprintable():
        raise UsageError(f"{effect.node}: `{clean_line(path)[:200]}` is no folder to capture into", "name one without control characters")
    places = {"interface": effect.interface, "snaplen": str(effect.snaplen), "packets": str(effect.packets), "path": path, "filter": effect.filter}
    arguments = re.sub(r"\{(\w+)\}", lambda found: shlex.quote(places[found[1]]) if places[found[1]] else "", recipe.arguments)
    return f"{shlex.quote(recipe.program)} {arguments}"


def capture_script(effect: StartCapture, recipe: CaptureRecipe, path: str, mark: str = ":") -> str:
    """The command to spawn, which begins with `mark` (capture_claim.py). UsageError as `program_line`."""
    script = _SCRIPT.format(
        mark=mark,
        path=shlex.quote(path),
        occupied=OCCUPIED,
        command=program_line(effect, recipe, path),
        blocks=int(bound_megabytes(effect) * 2048),
        seconds=max(1, round(effect.seconds)),
        bytes=int(effect.megabytes * 2**20),
        room=_room(recipe, path),
    )
    return f"sh -c {shlex.quote(script)}"  # whatever the account's login shell is


def _room(recipe: CaptureRecipe, path: str) -> str:
    """The look at the free space that must stay, where the recipe says how."""
    if not recipe.free_kilobytes:
        return ""
    directory = shlex.quote(str(PurePosixPath(path).parent))
    return _ROOM.format(command=recipe.free_kilobytes, directory=directory, kilobytes=int(recipe.keep_free_megabytes * 1024))
