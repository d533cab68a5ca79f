"""What another program recorded of a terminal, as lines with times; what a file is, its content says.

Accepted are typescripts of script(1), asciicasts v2 and v3, logs of PuTTY and SecureCRT, and text with prompts. Everything in such a file is
hostile: sizes, counts and times are bounded, what was not read is said. Raises SessionError in words for anything else.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from tshoot.errors import CaptureFileError, SessionError
from tshoot.transcripts.prompts import prompt_of, router_prompts
from tshoot.transcripts.text import LARGEST_FILE, TextFile, TextLine

ACCEPTED = (
    "accepted are typescripts of script(1), with --timing FILE where there is a timing file, asciicasts v2 and v3 (asciinema), logs of PuTTY"
    " (printable or all session output) and SecureCRT, and text with the prompts of devices; session files of `tshoot sessions export`, too"
)
_CAPTURES = (b"\xd4\xc3\xb2\xa1", b"\xa1\xb2\xc3\xd4", b"\x4d\x3c\xb2\xa1", b"\xa1\xb2\x3c\x4d", b"\x0a\x0d\x0d\x0a")
_PACKED = ((b"\x1f\x8b", "gzip"), (b"PK\x03\x04", "zip"), (b"\xfd7zXZ", "xz"), (b"BZh", "bzip2"))
_CLASSIC_TIMING = re.compile(rb"(?:\d{1,9}\.\d{1,9} \d{1,12}\r?\n){2}")
_ADVANCED_TIMING = re.compile(rb"H 0\.\d{1,9} [A-Z_]{1,40} ")


@dataclass(frozen=True, slots=True)
class Head:
    """A line by which the recording program says when it began, in seconds since the epoch; `zoned`: whether it says of which zone."""

    line: int
    at: float
    zoned: bool = False


@dataclass(frozen=True, slots=True)
class Recorded:
    """`times` has one entry a line, seconds since the epoch at its end, or none at all where the recording tells no times of its own.

    `started` is None where the recording does not say when; then `times` count from 0. `markers` are notes that whoever recorded it made.
    `heads` are there where lines of the text say when what follows them was recorded: one a session that was appended. `zoned` is
    False where `started` is the time of a clock whose zone is not told.
    """

    format: str
    text: TextFile
    times: tuple[float | None, ...] = ()
    started: float | None = None
    markers: tuple[tuple[float, str], ...] = ()
    remarks: tuple[str, ...] = ()
    heads: tuple[Head, ...] = ()
    zoned: bool = True

    def since(self, moment: float) -> Recorded:
        """The same, begun at `moment` where the recording does not say when."""
        if self.started is not None:
            return self
        times = tuple(None if time is None else moment + time for time in self.times)
        return replace(self, started=moment, times=times, markers=tuple((moment + at, label) for at, label in self.markers))

    def dated(self) -> TextFile:
        """The text with the recording's own times in front of its prompts, as a client that stamps them would have written it."""
        if not any(time is not None for time in self.times):
            return self.text
        routers = router_prompts(line.text for line in self.text.lines)
        zone = "Z" if self.zoned else ""
        lines = tuple(
            TextLine(line.number, f"[{_stamp(time)}{zone}] {line.text}") if time is not None and prompt_of(line.text, routers) else line
            for line, time in zip(self.text.lines, self.times, strict=True)
        )
        return replace(self.text, lines=lines)


def _stamp(seconds: float) -> str:
    return f"{datetime.fromtimestamp(max(seconds, 0.0), UTC):%Y-%m-%d %H:%M:%S.%f}"


def read_recording(path: Path, raw: bytes, timing: bytes | None = None) -> Recorded:
    """The recording in `raw`, which came from `path`. SessionError where it is none of those accepted, or too large."""
    from tshoot.transcripts.foreign import asciicast, terminal_log, typescript

    _refuse_other_kinds(path, raw)
    try:
        if asciicast.is_asciicast(raw):
            found = asciicast.read(path, raw)
        elif typescript.is_typescript(raw):
            found = typescript.read(path, raw, timing)
        else:
            found = terminal_log.read(path, raw)
    except CaptureFileError as error:
        raise SessionError(error.message.replace("neither a capture nor text", "no text of a terminal"), ACCEPTED) from error
    if timing is not None and found.format != "typescript":
        raise SessionError(f"{path}: is {_a(found.format)}: a timing file belongs to a typescript", "leave --timing out")
    return found


def _a(name: str) -> str:
    return f"{'an' if name[0] in 'aeiou' else 'a'} {name}"


def _refuse_other_kinds(path: Path, raw: bytes) -> None:
    if not raw:
        raise SessionError(f"{path}: is empty", ACCEPTED)
    if len(raw) > LARGEST_FILE:
        raise SessionError(f"{path}: more than {LARGEST_FILE >> 20} MB", "cut out the part around the fault (split -b, head, tail)")
    if raw.startswith(_CAPTURES):
        raise SessionError(f"{path}: is a capture of packets, no recording of a terminal", f"`tshoot analyze {path}` judges captures")
    if packed := next((name for magic, name in _PACKED if raw.startswith(magic)), ""):
        raise SessionError(f"{path}: is compressed by {packed}", "unpack it first; " + ACCEPTED)
    if _CLASSIC_TIMING.match(raw) or _ADVANCED_TIMING.match(raw):
        raise SessionError(f"{path}: is a timing file of script(1)", f"give the typescript, and this one with --timing {path}")
