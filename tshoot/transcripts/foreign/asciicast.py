"""asciicast v2 and v3, asciinema's recordings: a JSON header, then one JSON list an event.

v2 (docs.asciinema.org/manual/asciicast/v2): times count from the beginning. v3 (…/v3): from the event before, and lines that begin with # are
comments. Of the events "o" is what the terminal was sent, "m" a marker; "i" is what was typed, passwords included: it is never looked at.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from tshoot.errors import SessionError
from tshoot.model.text import clean_line
from tshoot.transcripts.foreign.recorded import ACCEPTED, Recorded
from tshoot.transcripts.foreign.stream import epoch, line_times, seconds
from tshoot.transcripts.text import text_of

MOST_EVENTS = 300_000
LONGEST_EVENT = 4 << 20  # bytes of one line of the file
MOST_MARKERS = 200


@dataclass(frozen=True, slots=True)
class CastEvent:
    """One event; `line` is its index among the lines of the file, `at` seconds since the beginning, never running backwards."""

    line: int
    at: float
    code: str
    data: str


@dataclass(slots=True)
class Unread:
    """What of the file's lines was no event, and where the first of these stands."""

    lines: int = 0
    first: int = 0
    cut: bool = False

    def add(self, line: int) -> None:
        self.lines += 1
        self.first = self.first or line + 1


def is_asciicast(raw: bytes) -> bool:
    """Whether the first line is a JSON object with a version, as asciicasts begin; SessionError for a version that is not read."""
    if not raw.lstrip(b"\xef\xbb\xbf \t").startswith(b"{"):
        return False
    head = _header(raw)
    if "version" not in head:
        if b'"stdout"' in raw[:100_000] and b'"version": 1' in raw[:1000].replace(b":1", b": 1"):
            raise SessionError("an asciicast v1 is not read", f"record it with a later asciinema, or play it into script(1); {ACCEPTED}")
        return False
    if head["version"] not in (2, 3) or isinstance(head["version"], bool):
        raise SessionError(f"an asciicast of version {clean_line(str(head['version']))[:20]} is not read", ACCEPTED)
    return True


def _header(raw: bytes) -> dict[str, Any]:
    first = raw[: raw.find(b"\n", 0, LONGEST_EVENT) if b"\n" in raw[:LONGEST_EVENT] else min(len(raw), LONGEST_EVENT)]
    try:
        value = json.loads(first.decode("utf-8-sig"))
    except (ValueError, RecursionError):
        return {}
    return value if isinstance(value, dict) else {}


def events(raw: bytes, unread: Unread) -> Iterator[CastEvent]:
    """The events of the file in order; what is none is counted in `unread`."""
    relative = _header(raw).get("version") == 3
    now = 0.0
    for number, line in enumerate(raw.split(b"\n")):
        if number == 0 or not line.strip() or (relative and line.startswith(b"#")):
            continue
        if number > MOST_EVENTS:
            unread.cut = True
            return
        found = _event(line) if len(line) <= LONGEST_EVENT else None
        if found is None:
            unread.add(number)
            continue
        time, code, data = found
        now = now + max(time, 0.0) if relative else max(now, time)
        yield CastEvent(number, now, code, data)


def _event(line: bytes) -> tuple[float, str, str] | None:
    try:
        value = json.loads(line)
    except (ValueError, RecursionError):
        return None
    if not isinstance(value, list) or len(value) < 3 or not isinstance(value[1], str) or not isinstance(value[2], str):
        return None
    time = seconds(value[0])
    return None if time is None else (time, value[1], value[2])


def read(path: Path, raw: bytes) -> Recorded:
    head, unread, typed = _header(raw), Unread(), 0
    pieces: list[bytes] = []
    ends: list[int] = []
    times: list[float] = []
    markers: list[tuple[float, str]] = []
    size = 0
    started = epoch(head.get("timestamp"))
    base = started or 0.0
    for event in events(raw, unread):
        if event.code == "o":
            piece = event.data.encode("utf-8", "replace")
            size += len(piece)
            pieces.append(piece)
            ends.append(size)
            times.append(base + event.at)
        elif event.code == "m" and len(markers) < MOST_MARKERS:
            markers.append((base + event.at, clean_line(event.data)[:500] or "marker"))
        elif event.code == "i":
            typed += 1
    stream = b"".join(pieces)
    if not stream.strip():
        raise SessionError(f"{path}: the asciicast holds no output", "was it recorded to its end? " + ACCEPTED)
    text = text_of(path, stream)
    text = replace(text, bytes=len(raw))
    own = line_times(stream, ends, times)[: len(text.lines)]
    return Recorded(f"asciicast v{head['version']}", text, own, started, tuple(markers), tuple(_remarks(unread, typed)))


def _remarks(unread: Unread, typed: int) -> Iterator[str]:
    if unread.lines:
        yield f"{unread.lines} lines of the asciicast are no events (the first is line {unread.first}): they were left out, the file may be cut"
    if unread.cut:
        yield f"only the first {MOST_EVENTS} lines of the asciicast were read"
    if typed:
        yield f"{typed} records of what was typed were not read: they may hold passwords"
