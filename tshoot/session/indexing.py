"""The index of a log, made in one pass over its bytes: offsets, times, kinds and landmarks of its events, nothing decoded.

Requests and answers are what a log of a million events consists of: for them every step counts, so lines are taken by the piece of the log
that they stand in, column by column. Where a line of a piece is not as tshoot writes it, the piece is taken line by line.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from itertools import accumulate, islice
from operator import add, sub
from pathlib import Path
from typing import Any

from tshoot.cancel import CancelToken
from tshoot.errors import SessionError
from tshoot.session import codec_v1
from tshoot.session.codec_v1 import MAX_LINE
from tshoot.session.positions import ANSWER, LONGEST_GAP, OTHER, REQUEST, TELLING, Landmark, LandmarkKind, Positions
from tshoot.session.read import LOG, pieces, read_header

MOST_LANDMARKS = 20_000  # a log may hold nothing but notes
_TOLD_EVERY = 50_000  # lines
_HEAD = re.compile(  # minute, seconds, event, and what kind of answer it is
    rb'\{"n": \d{1,15}, "at": "(\d{4}-\d\d-\d\dT\d\d:\d\d):([0-5]\d\.\d{1,20})Z", "event": "([A-Za-z]{1,60})"'
    rb'(?:, "key": "[^"\\]{0,1000}", "outcome": \{"type": "Ok", "answer": \{"type": "(\w{1,40})")?'
)
_NODE = re.compile(rb'"node": ("(?:[^"\\]|\\.){0,1000}")')
_LEADS_TO = re.compile(rb'"leads_to": ("(?:[^"\\]|\\.){0,1000}")')
_KINDS = {b"EffectRequested": REQUEST, b"EffectAnswered": TELLING}
_PLAIN_ANSWERS = frozenset((b"CommandRan", b"CaptureStarted", b"OperatorAnswered", b"Waited"))
_LANDMARKS: dict[bytes, tuple[LandmarkKind, str]] = {
    b"NoteAdded": ("note", ""),
    b"VerdictReached": ("verdict", ""),
    b"RunEnded": ("end", ""),
    b"VerificationBegan": ("verification", "verification"),
    b"FixVerified": ("verified", ""),
}


def read_positions(
    folder: Path,
    cancel: CancelToken | None = None,
    tell: Callable[[int], None] = lambda events: None,
    begun: Callable[[Positions], None] = lambda positions: None,
) -> Positions:
    """The index of a log; `tell` hears how many events it has so far. SessionError where it cannot be read, Cancelled where told.

    `begun` is given the index once, when the first events are in it and there is more to come.
    """
    making = _Making(Positions(folder, read_header(folder)))
    positions, told, shown = making.positions, 0, False
    for offset, whole in pieces(folder):
        if not shown and len(positions):
            shown = True
            begun(positions)
        if cancel:
            cancel.check()
        making.take(offset, whole)
        if making.lines >= told + _TOLD_EVERY:
            told = making.lines
            tell(len(positions))
    return positions


class _Making:
    def __init__(self, positions: Positions) -> None:
        self.positions, self.lines = positions, 0
        self._minutes: dict[bytes, float] = {}
        self._counts: dict[tuple[str, str], int] = {}
        self._entering = True  # the next request belongs to a node that is entered

    def take(self, offset: int, whole: bytes) -> None:
        """A piece of the log: complete lines."""
        raws = whole.split(b"\n")
        raws.pop()
        offsets = [*accumulate([len(raw) + 1 for raw in raws], initial=offset)]
        if self.lines == 0:  # the header
            del raws[0], offsets[0]
            self.lines = 1
        if raws and max(map(len, raws)) >= MAX_LINE:
            raise SessionError(f"{self._log}: a line is longer than {MAX_LINE} bytes", "this is no session, or it was damaged")
        heads = [found.group(1, 2, 3, 4) for found in map(_HEAD.match, raws) if found]
        if len(heads) == len(raws):
            self._take_columns(offsets, raws, heads)
        else:
            for at, raw in zip(offsets, raws, strict=False):
                self._take_line(at, raw)

    def _take_columns(self, offsets: Sequence[int], raws: Sequence[bytes], heads: Sequence[tuple[bytes | Any, ...]]) -> None:
        """Lines as tshoot writes them; `offsets` may go on behind them."""
        if not heads:
            return
        minutes, seconds, names, answers = zip(*heads, strict=True)
        for minute in set(minutes).difference(self._minutes):
            self._minutes[minute] = self._epoch(minute, minutes)
        first = len(self.positions)
        self._take_times([*map(add, map(self._minutes.__getitem__, minutes), map(float, seconds))])
        self.positions.offsets.extend(offsets[: len(raws)])
        kinds = bytearray([ANSWER if answer in _PLAIN_ANSWERS else _KINDS.get(name, OTHER) for name, answer in zip(names, answers, strict=True)])
        self.positions.kinds += kinds
        self.lines += len(raws)
        if self._entering or OTHER in kinds:
            for event, name, raw in zip(range(first, first + len(raws)), names, raws, strict=True):
                self._landmark(event, name, raw)

    def _take_times(self, times: list[float]) -> None:
        """And where each event comes in a replay: the gaps, none longer than LONGEST_GAP, added up."""
        positions = self.positions
        before, played = (positions.times[-1], positions.played[-1]) if len(positions) else (times[0], 0.0)
        gaps = [gap if 0.0 <= gap <= LONGEST_GAP else LONGEST_GAP if gap > 0 else 0.0 for gap in map(sub, times, [before, *times[:-1]])]
        positions.played.extend(islice(accumulate(gaps, initial=played), 1, None))
        positions.times.extend(times)

    def _take_line(self, offset: int, raw: bytes) -> None:
        found = _HEAD.match(raw)
        if found:
            self._take_columns([offset], [raw], [found.group(1, 2, 3, 4)])
        else:
            self._take_unusual(offset, raw)

    def _take_unusual(self, offset: int, raw: bytes) -> None:
        """A line whose fields stand in another order, a seal, or none of ours."""
        try:
            event = codec_v1.decode(raw + b"\n", lambda sha256, size: b"").event
        except SessionError as error:
            raise SessionError(f"{self._log}:{self.lines + 1}: {error.message}", error.hint) from error
        self.lines += 1
        if event is not None:
            name = type(event).__name__
            self._take_times([event.at])
            self.positions.offsets.append(offset)
            self.positions.kinds.append(_KINDS.get(name.encode(), OTHER))
            self._landmark(len(self.positions) - 1, name.encode(), raw)

    def _epoch(self, minute: bytes, minutes: Sequence[bytes]) -> float:
        try:
            return datetime.fromisoformat(minute.decode()).replace(tzinfo=UTC).timestamp()
        except ValueError as error:
            number = self.lines + 1 + minutes.index(minute)
            raise SessionError(f"{self._log}:{number}: the line cannot be read: {error}", "the log was edited or damaged") from error

    @property
    def _log(self) -> Path:
        return self.positions.folder / LOG

    # --- landmarks ---

    def _landmark(self, event: int, name: bytes, raw: bytes) -> None:
        """What the event is a landmark of, if any."""
        if name == b"EffectRequested":
            if self._entering:
                self._entering = False
                self._mark("node", event, _text(_NODE, raw))
        elif name == b"DecisionTaken":
            self._entering = True
            self._mark("decision", event, _text(_NODE, raw), _text(_LEADS_TO, raw))
        elif name in _LANDMARKS:
            kind, called = _LANDMARKS[name]
            self._entering &= kind != "verification"  # what it asks belongs to it
            self._mark(kind, event, called)

    def _mark(self, kind: LandmarkKind, event: int, name: str, leads_to: str = "") -> None:
        counted = (kind, name if kind == "node" else "")
        self._counts[counted] = self._counts.get(counted, 0) + 1
        if len(self.positions.landmarks) < MOST_LANDMARKS:
            self.positions.landmarks.append(Landmark(kind, event, self._counts[counted], name, leads_to))


def _text(pattern: re.Pattern[bytes], raw: bytes) -> str:
    """The first text of that field, for words on a line; "" where it cannot be told."""
    found = pattern.search(raw, 0, 8192)
    try:
        return str(json.loads(found[1])) if found else ""
    except ValueError:
        return ""
