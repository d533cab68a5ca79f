"""Where in a log what stands: an index of byte offsets, times and landmarks; `session/indexing.py` makes it.

Any stretch of the log is read from there, forwards or from the middle, each line checked to follow the one before: so a log of a million
events is gone through without holding it. An index is of the log as it was when it was read. Events count from 0.
"""

from __future__ import annotations

from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from tshoot.errors import SessionError
from tshoot.model.events import Event
from tshoot.session import codec_v1
from tshoot.session.codec_v1 import MAX_LINE, Header
from tshoot.session.evidence import Evidence
from tshoot.session.files import disk_errors, read_regular
from tshoot.session.read import EVIDENCE, LOG, line_hash

LONGEST_GAP = 3.0  # seconds; the operator's coffee break is not worth seeing again
OTHER, REQUEST, ANSWER, TELLING = range(4)  # TELLING: an answer that more than the output tells of: a failure, a capture, findings
LandmarkKind = Literal["node", "decision", "note", "verdict", "end", "verification", "verified"]
CHAPTERS: tuple[LandmarkKind, ...] = ("node", "verification")


@dataclass(frozen=True, slots=True)
class Landmark:
    """`number` counts those of the kind from 1, of a node its visits. `name` is the node, "verification", or "" (of notes and ends); not clean."""

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
        """Empty; `read_positions` fills it."""
        self.folder, self.header = folder, header
        self.offsets, self.times, self.played, self.kinds = array("Q"), array("d"), array("d"), bytearray()
        self.landmarks: list[Landmark] = []
        self._evidence = Evidence(folder / EVIDENCE)

    def __len__(self) -> int:
        return len(self.offsets)

    def of(self, kind: LandmarkKind) -> list[Landmark]:
        return [mark for mark in self.landmarks if mark.kind == kind]

    def chapter(self, event: int) -> Landmark | None:
        """The node or the verification that `event` belongs to, None before the first."""
        return next((mark for mark in reversed(self._up_to(event)) if mark.kind in CHAPTERS), None)

    def after(self, event: int, *kinds: LandmarkKind) -> Landmark | None:
        """The next landmark of these kinds behind `event`."""
        rest = self.landmarks[bisect_right(self.landmarks, event, key=lambda mark: mark.event) :]
        return next((mark for mark in rest if mark.kind in kinds), None)

    def before(self, event: int, *kinds: LandmarkKind) -> Landmark | None:
        """The last landmark of these kinds before `event`."""
        marks = self.landmarks[: bisect_left(self.landmarks, event, key=lambda mark: mark.event)]
        return next((mark for mark in reversed(marks) if mark.kind in kinds), None)

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
