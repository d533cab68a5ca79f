"""The timeline, counted in the one pass over the file: `BINS` pieces of time that grow twice as wide whenever the file is longer.

Bins begin at whole multiples of their width since the epoch, so two of them make one of the next width, whatever order the
times come in. Times more than a year from the first packets' (a clock that was not set, a damaged record) would squeeze all
others into one bin: they are counted apart.
"""

from __future__ import annotations

import numpy as np

from tshoot.packets.batches import Batch, Ints
from tshoot.packets.segments import FIN, RST, SYN, Segments
from tshoot.packets.timeline import ROWS, Timeline

BINS = 480
_FINEST = 1_000  # nanoseconds
_FAR = 366 * 86_400 * 1_000_000_000


class TimeBins:
    def __init__(self) -> None:
        self._counts = np.zeros((len(ROWS), BINS), np.int64)
        self._width, self._first = _FINEST, 0  # of a bin; number of the first one since the epoch
        self._span: tuple[int, int] | None = None  # earliest and latest time
        self._usual: int | None = None
        self._first_ns: int | None = None
        self._outside = 0

    def take(self, batch: Batch, found: Segments, icmp_errors: Ints) -> None:
        """`icmp_errors` are the times of the batch's ICMP errors."""
        there = batch.captured >= 0
        times, wire = (batch.times, batch.wire) if there.all() else (batch.times[there], batch.wire[there])
        if not len(times):
            return
        if self._usual is None:
            self._usual, self._first_ns = int(np.median(times)), int(times[0])
        near = np.abs(times - self._usual) <= _FAR
        if not near.all():
            self._outside += int(np.count_nonzero(~near))
            times, wire = times[near], wire[near]
        if not len(times):
            return
        self._widen(int(times.min()), int(times.max()))
        self._add(0, times)
        self._add(1, times, wire)
        if len(found):
            if found.again is not None and found.again.any():
                self._add(2, found.time[found.again])
            closed = (found.window == 0) & (found.flags & (SYN | FIN | RST) == 0)
            self._add(3, found.time[closed])
            self._add(4, found.time[found.flags & RST != 0])
        self._add(5, icmp_errors)

    def _add(self, row: int, times: Ints, amounts: Ints | None = None) -> None:
        if len(times):
            place = times // self._width - self._first
            inside = (place >= 0) & (place < BINS)
            self._counts[row] += np.bincount(place[inside], amounts[inside] if amounts is not None else None, BINS).astype(np.int64)

    def _widen(self, earliest: int, latest: int) -> None:
        """Make room for these times."""
        before = self._span
        low, high = (min(earliest, before[0]), max(latest, before[1])) if before else (earliest, latest)
        self._span, steps = (low, high), 0
        while high // (self._width << steps) - low // (self._width << steps) >= BINS:
            steps += 1
        first = low // (self._width << steps)
        if before and (steps or first != self._first):
            place = ((self._first + np.arange(BINS)) >> steps) - first
            filled = self._counts.any(axis=0)
            counts = np.zeros_like(self._counts)
            for row, old in zip(counts, self._counts, strict=True):
                np.add.at(row, place[filled], old[filled])
            self._counts = counts
        self._width, self._first = self._width << steps, first

    def timeline(self) -> Timeline | None:
        """None where no packet has a time that could be drawn."""
        if self._span is None or self._first_ns is None:
            return None
        used = self._span[1] // self._width - self._first + 1
        rows = {name: tuple(self._counts[number, :used].tolist()) for number, name in enumerate(ROWS)}
        return Timeline(self._first_ns, self._first * self._width, self._width, **rows, outside=self._outside)
