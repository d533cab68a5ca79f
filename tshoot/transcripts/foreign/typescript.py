"""Typescripts of script(1) (util-linux): what the terminal was sent, between a line `Script started on …` and a line `Script done on …`.

Timing files have two forms (script(1), --logging-format): classic `SECONDS BYTES`, and advanced with a letter in front: O output, I input,
S signal, H header. Where input lies in the typescript too (--log-io), it is passed over: it may hold passwords. A timing file can lie:
what it says is taken only as far as the typescript reaches. `script --append` begins each session with its own line.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime
from itertools import islice
from pathlib import Path

from tshoot.errors import SessionError
from tshoot.transcripts.foreign.recorded import Head, Recorded
from tshoot.transcripts.foreign.stream import LONGEST_PAUSE, epoch, line_times
from tshoot.transcripts.text import TextLine, text_of
from tshoot.transcripts.zones import offset_of

MOST_ENTRIES = 2_000_000
MOST_HEADS = 5_000
_STARTED = re.compile(rb"Script started on ([^\r\n\[]{1,80})[^\r\n]{0,4000}\r?\n")
_HEAD = re.compile(r"Script started on ([^\[]{1,80})")
_ZONE = re.compile(r" ([A-Z]{1,5}|[+-][0-9]{2,4})(?= \d{4}$|$)")
_OWN_LINE = re.compile(r"Script (?:started|done) on .{1,80}(?:\[|$)|Script (?:started|done), (?:output|file) ")
_CLASSIC = re.compile(rb"(\d{1,9}(?:\.\d{1,9})?) (\d{1,12})\s*")
_ADVANCED = re.compile(rb"([OISH]) (\d{1,9}(?:\.\d{1,9})?) ?(.{0,4000})")


@dataclass(slots=True)
class _Timing:
    """`moves`: (seconds since the beginning, bytes of the typescript, whether these are output)."""

    moves: list[tuple[float, int, bool]] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)


def is_typescript(raw: bytes) -> bool:
    return _STARTED.match(raw) is not None


def read(path: Path, raw: bytes, timing: bytes | None) -> Recorded:
    head = _STARTED.match(raw)
    assert head is not None  # noqa: S101  asked by the caller
    (started, zoned), body = _date(head[1].decode("utf-8", "replace").strip()), raw[head.end() :]
    told = _read_timing(timing) if timing is not None else _Timing()
    if timing is not None and not told.moves:
        raise SessionError("the timing file holds no times of a typescript", "give what `script --log-timing FILE` wrote")
    stream, ends, times = _output(body, told, started or 0.0)
    first = b"\n"  # the line of script's own, so that lines have the numbers of the file
    text = text_of(path, first + stream)
    heads = () if told.moves or started is None else (Head(1, started, zoned), *_heads(text.lines))
    lines = tuple(TextLine(line.number, "") if _OWN_LINE.match(line.text) else line for line in text.lines)
    text = replace(text, bytes=len(raw), lines=lines)
    own = (None, *line_times(stream, ends, times))[: len(lines)] if told.moves else ()
    return Recorded("typescript", text, own, started, (), tuple(told.remarks), heads, zoned or started is None)


def _heads(lines: Iterable[TextLine]) -> Iterator[Head]:
    """Those of sessions that were appended."""
    found = ((line.number, match) for line in lines if (match := _HEAD.match(line.text)))
    for number, match in islice(found, MOST_HEADS):
        at, zoned = _date(match[1].strip())
        if at is not None:
            yield Head(number, at, zoned)


def output_only(raw: bytes, timing: bytes) -> tuple[bytes, bytes]:
    """A typescript with its timing file, both as if nothing but output had been recorded."""
    if not _inputs_inside(timing):
        return raw, timing
    head = _STARTED.match(raw)
    assert head is not None  # noqa: S101  asked by the caller
    stream, ends, times = _output(raw[head.end() :], _read_timing(timing), 0.0)
    starts, before = [0, *ends], [0.0, *times]
    moves = (f"{time - earlier:.6f} {end - start}\n" for start, end, earlier, time in zip(starts, ends, before, times, strict=False))
    return raw[: head.end()] + stream, "".join(moves).encode("ascii")


def _output(body: bytes, told: _Timing, base: float) -> tuple[bytes, list[int], list[float]]:
    """The output alone, with where its pieces end and when; what the timing file does not reach comes last, without a time."""
    pieces: list[bytes] = []
    ends: list[int] = []
    times: list[float] = []
    at = size = 0
    for now, count, is_output in told.moves:
        piece = body[at : at + count]
        at += count
        if is_output and piece:
            size += len(piece)
            pieces.append(piece)
            ends.append(size)
            times.append(base + now)
        if at >= len(body):
            break
    promised = sum(count for _, count, _ in told.moves)
    rest = body[at:]
    if told.moves and (promised > len(body) or len(rest) > 400):  # less is the line of script's own at the end
        told.remarks.append(f"the timing file speaks of {promised} bytes, the typescript has {len(body)}: it is of another typescript, or one is cut")
    return b"".join(pieces) + rest, ends, times


def _read_timing(raw: bytes) -> _Timing:
    told = _Timing()
    now, unread, inputs_inside = 0.0, 0, _inputs_inside(raw)
    for number, line in enumerate(raw.split(b"\n", MOST_ENTRIES + 1)):
        if number >= MOST_ENTRIES:
            told.remarks.append(f"only the first {MOST_ENTRIES} lines of the timing file were read")
            break
        entry = _entry(line)
        if entry is None:
            unread += bool(line.strip())
            continue
        kind, pause, count = entry
        now = min(now + pause, LONGEST_PAUSE)
        if kind == "O" or (kind == "I" and inputs_inside):
            told.moves.append((now, count, kind == "O"))
    if unread:
        told.remarks.append(f"{unread} lines of the timing file were not understood")
    return told


def _entry(line: bytes) -> tuple[str, float, int] | None:
    """(letter, pause, bytes) of one line of either form."""
    if match := _CLASSIC.fullmatch(line):
        return "O", float(match[1]), int(match[2])
    if match := _ADVANCED.match(line):
        kind, rest = match[1].decode(), match[3].split(b" ", 1)[0]
        if kind in "OI":
            return (kind, float(match[2]), int(rest)) if rest.isdigit() and len(rest) <= 12 else None
        return kind, float(match[2]), 0
    return None


def _inputs_inside(raw: bytes) -> bool:
    """Whether input and output went to one file (--log-io)."""
    named = dict(re.findall(rb"^H [0-9.]{1,20} ((?:IN|OUT)PUT_LOG) (.{1,4000})$", raw[:100_000], re.MULTILINE))
    return len(named) == 2 and len(set(named.values())) == 1


def _date(text: str) -> tuple[float | None, bool]:
    """`2026-11-21 10:31:44+00:00` (since util-linux 2.33), `Sat 21 Nov 2026 10:31:44 AM UTC` and the like of older ones; whether the zone is told."""
    zone = _ZONE.search(text)
    ahead = offset_of(zone[1]) if zone else None
    for candidate in (text, _ZONE.sub("", text)):
        for form in ("%Y-%m-%d %H:%M:%S%z", "%a %d %b %Y %I:%M:%S %p", "%a %b %d %H:%M:%S %Y", "%a %d %b %Y %H:%M:%S", "%a %b %d %I:%M:%S %p %Y"):
            try:
                read = datetime.strptime(candidate, form)
            except ValueError:
                continue
            if read.tzinfo:
                return epoch(read.timestamp()), True
            return epoch((read - datetime(1970, 1, 1)).total_seconds() - (ahead or 0.0)), ahead is not None
    return None, False
