"""Where in a log what stands: an index of byte offsets, times and landmarks, made in one pass over its bytes without decoding them.

Any stretch of the log is read from there, forwards or from the middle, each line checked to follow the one before: so a log of a million
events is gone through without holding it. An index is of the log as it was when it was read. Events count from 0.
"""

from __future__ import annotations

import json
import re
from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import accumulate, pairwise
from pathlib import Path
from typing import Literal

from tshoot.cancel import CancelToken
from tshoot.errors import SessionError
from tshoot.model.events import Event
from tshoot.session import codec_v1
from tshoot.session.codec_v1 import MAX_LINE, Header
from tshoot.session.evidence import Evidence
from tshoot.session.files import disk_errors, read_regular
from tshoot.session.read import EVIDENCE, LOG, complete_lines, line_hash, read_header

LONGEST_GAP = 3.0  # seconds; the operator's coffee break is not worth seeing again
MOST_LANDMARKS = 20_000  # a log may hold nothing but notes
OTHER, REQUEST, ANSWER, TELLING = range(4)  # TELLING: an answer that more than the output tells of: a failure, a capture, findings
LandmarkKind = Literal["node", "decision", "note", "verdict", "end"]

_HEAD = re.compile(rb'\{"n": \d{1,15}, "at": "(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(\.\d{1,20})Z", "event": "([A-Za-z]{1,60})"')
_ANSWERED = re.compile(rb', "key": "(?:[^"\\]|\\.){0,1000}", "outcome": \{"type": "Ok", "answer": \{"type": "(\w{1,40})"')
_NODE = re.compile(rb'"node": ("(?:[^"\\]|\\.){0,1000}")')
_LEADS_TO = re.compile(rb'"leads_to": ("(?:[^"\\]|\\.){0,1000}")')
_PLAIN_ANSWERS = frozenset((b"CommandRan", b"CaptureStarted", b"OperatorAnswered", b"Waited"))
_KINDS: dict[bytes, LandmarkKind] = {b"DecisionTaken": "decision", b"NoteAdded": "note", b"VerdictReached": "verdict", b"RunEnded": "end"}
_TOLD_EVERY = 50_000  # lines


@dataclass(frozen=True, slots=True)
class Landmark:
    """`number` counts those of the kind from 1, of a node its visits. `name` is the node ("" of notes and ends), not clean."""

    kind: LandmarkKind
    event: int
    number: int
    name: str = ""
    leads_to: str = ""


class Positions:
    """`offsets`, `times` (seconds since the epoch) and `kinds` are by event; `landmarks` in the order of the log.

    `played` is how many seconds into a replay an event comes, pauses of more than LONGEST_GAP shortened to that.
    """

    def __init__(self, folder: Path, header: Header) -> None:
        """Use `read_positions`."""
        self.folder, self.header = folder, header
        self.offsets, self.times, self.played, self.kinds = array("Q"), array("d"), array("d"), bytearray()
        self.landmarks: list[Landmark] = []
        self._evidence = Evidence(folder / EVIDENCE)

    def __len__(self) -> int:
        return len(self.offsets)

    def of(self, kind: LandmarkKind) -> list[Landmark]:
        return [mark for mark in self.landmarks if mark.kind == kind]

    def chapter(self, event: int) -> Landmark | None:
        """The node that `event` belongs to, None before the first."""
        return next((mark for mark in reversed(self._up_to(event)) if mark.kind == "node"), None)

    def after(self, event: int, kind: LandmarkKind) -> Landmark | None:
        """The next landmark of that kind behind `event`."""
        rest = self.landmarks[bisect_right(self.landmarks, event, key=lambda mark: mark.event) :]
        return next((mark for mark in rest if mark.kind == kind), None)

    def before(self, event: int, kind: LandmarkKind) -> Landmark | None:
        """The last landmark of that kind before `event`."""
        marks = self.landmarks[: bisect_left(self.landmarks, event, key=lambda mark: mark.event)]
        return next((mark for mark in reversed(marks) if mark.kind == kind), None)

    def _up_to(self, event: int) -> list[Landmark]:
        return self.landmarks[: bisect_right(self.landmarks, event, key=lambda mark: mark.event)]

    def events(self, first: int = 0, last: int | None = None) -> Iterator[tuple[int, Event]]:
        """(number, event) from `first` up to and without `last`. SessionError where a line is broken or does not follow the one before."""
        last = len(self) if last is None else min(last, len(self))
        if first >= last:
            return
        path = self.folder / LOG
        with read_regular(path) as file, disk_errors("read", path):
            at = self.offsets[first - 1] if first else 0
            file.seek(at)
            prev, number = "", first
            while number < last and (raw := file.readline(MAX_LINE + 1)):
                if at == self.offsets[number]:
                    yield number, self._decoded(raw, prev, number)
                    number += 1
                at, prev = at + len(raw), line_hash(raw)
        if number < last:
            raise SessionError(f"{path}: ends before event {number + 1}, which it had", "it was cut off while it was read: open it again")

    def _decoded(self, raw: bytes, prev: str, number: int) -> Event:
        path = self.folder / LOG
        try:
            line = codec_v1.decode(raw, self._evidence.read)
        except SessionError as error:
            raise SessionError(f"{path}: event {number + 1}: {error.message}", error.hint) from error
        if line.prev != prev or line.event is None:
            hint = "`tshoot sessions verify` lists all that was changed"
            raise SessionError(f"{path}: event {number + 1} does not follow the line before: a line was changed, removed or added", hint)
        return line.event


def read_positions(folder: Path, cancel: CancelToken | None = None, tell: Callable[[int], None] = lambda events: None) -> Positions:
    """The index of a log; `tell` hears how many events it has so far. SessionError where it cannot be read, Cancelled where told."""
    making = _Making(Positions(folder, read_header(folder)))
    take, offset = making.take, 0
    for number, raw in complete_lines(folder):
        if number > 1:
            take(number, offset, raw)
        offset += len(raw)
        if not number % _TOLD_EVERY:
            tell(number)
            if cancel:
                cancel.check()
    making.end()
    return making.positions


class _Making:
    def __init__(self, positions: Positions) -> None:
        self.positions = positions
        self._offset, self._time, self._kind = positions.offsets.append, positions.times.append, positions.kinds.append
        self._second, self._epoch = b"", 0.0
        self._counts: dict[tuple[str, str], int] = {}
        self._entering = True  # the next request belongs to a node that is entered

    def take(self, number: int, offset: int, raw: bytes) -> None:
        """One line. Requests and answers are what a log of a million events consists of: for them every step counts."""
        head = _HEAD.match(raw)
        if head is None:
            self._take_unusual(number, offset, raw)
            return
        second, fraction, name = head.groups()
        if second != self._second:
            self._second, self._epoch = second, _epoch(self.positions.folder, number, second)
        self._offset(offset)
        self._time(self._epoch + float(fraction))
        if name == b"EffectAnswered":
            answered = _ANSWERED.match(raw, head.end())
            self._kind(ANSWER if answered and answered[1] in _PLAIN_ANSWERS else TELLING)
        elif name == b"EffectRequested":
            self._kind(REQUEST)
            if self._entering:
                self._enter(raw)
        else:
            self._kind(OTHER)
            self._landmark(name, raw)

    def _take_unusual(self, number: int, offset: int, raw: bytes) -> None:
        """A line whose fields stand in another order, a seal, or none of ours."""
        try:
            event = codec_v1.decode(raw, lambda sha256, size: b"").event
        except SessionError as error:
            raise SessionError(f"{self.positions.folder / LOG}:{number}: {error.message}", error.hint) from error
        if event is not None:
            name = type(event).__name__
            self._offset(offset)
            self._time(event.at)
            self._kind({"EffectRequested": REQUEST, "EffectAnswered": TELLING}.get(name, OTHER))
            if name == "EffectRequested" and self._entering:
                self._enter(raw)
            self._landmark(name.encode(), raw)

    def end(self) -> None:
        """Where each event comes in a replay: the gaps, none longer than LONGEST_GAP, added up."""
        times = self.positions.times
        gaps = (gap if 0.0 <= (gap := after - before) <= LONGEST_GAP else LONGEST_GAP if gap > 0 else 0.0 for before, after in pairwise(times))
        self.positions.played = array("d", accumulate(gaps, initial=0.0) if times else ())

    def _enter(self, raw: bytes) -> None:
        self._entering = False
        self._mark("node", _text(_NODE, raw))

    def _landmark(self, name: bytes, raw: bytes) -> None:
        kind = _KINDS.get(name)
        if kind == "decision":
            self._entering = True
            self._mark(kind, _text(_NODE, raw), _text(_LEADS_TO, raw))
        elif kind is not None:
            self._mark(kind, "")

    def _mark(self, kind: LandmarkKind, name: str, leads_to: str = "") -> None:
        counted = (kind, name if kind == "node" else "")
        self._counts[counted] = self._counts.get(counted, 0) + 1
        if len(self.positions.landmarks) < MOST_LANDMARKS:
            self.positions.landmarks.append(Landmark(kind, len(self.positions) - 1, self._counts[counted], name, leads_to))


def _text(pattern: re.Pattern[bytes], raw: bytes) -> str:
    """The first text of that field, for words on a line; "" where it cannot be told."""
    found = pattern.search(raw, 0, 8192)
    try:
        return str(json.loads(found[1])) if found else ""
    except ValueError:
        return ""


def _epoch(folder: Path, number: int, second: bytes) -> float:
    try:
        return datetime.fromisoformat(second.decode()).replace(tzinfo=UTC).timestamp()
    except ValueError as error:
        raise SessionError(f"{folder / LOG}:{number}: the line cannot be read: {error}", "the log was edited or damaged") from error
