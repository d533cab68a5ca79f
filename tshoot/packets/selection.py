"""Which frames the detectors want decoded: chosen in the one pass over the file, by their capture filters.

A filter by port misses what hides the ports, so whatever may carry a packet or a part of one is wanted too
(`headers.hiding`). For each wanted frame its number and its place in the file are kept, 48 bytes a frame; beyond
`MOST` the whole file is decoded, as it is where a filter is not understood: correctness comes first.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import chain

import numpy as np

from tshoot.packets.batches import Ints, Mask
from tshoot.packets.capture_filter import compiled
from tshoot.packets.filter_tests import NotUnderstood, Test
from tshoot.packets.frames import Detector
from tshoot.packets.headers import Headers, hiding
from tshoot.packets.rpc_bulk import RpcBulk
from tshoot.packets.segments import Segments

MOST = 400_000
NUMBER, PLACE, CAPTURED, WIRE, TIME, LINK = range(6)  # the columns of `Selection.frames`


class Selection:
    """Is shown the batches in order; `frames()` at the end."""

    def __init__(self, detectors: Sequence[Detector], most: int = 0) -> None:
        self._most = most or MOST
        self._plain, self._rpc = _filters(detectors)
        self._everything = self._plain is None
        self._bulk = RpcBulk()
        self._taken: list[Ints] = []
        self._spare: list[Ints] = []
        self._count = self._spared = 0
        self._own_choice = any(hasattr(detector, "from_flows") for detector in detectors)

    @property
    def everything(self) -> bool:
        """The whole file is to be decoded."""
        return self._everything

    def take(self, headers: Headers, segments: Segments, noted: Sequence[int], *, renumbered: bool = False) -> None:
        """`noted` are frames of this batch which the flow index names, and which a detector may ask for by `from_flows`.

        `renumbered`: the flows have other numbers than in the batch before.
        """
        if self._everything or self._plain is None:
            return
        if renumbered:
            self._bulk.restart()
        every = np.arange(len(headers))
        wanted = hiding(headers)
        for test in self._plain:
            _add(wanted, test, headers, every)
        if self._rpc:
            relevant = np.zeros(len(headers), np.bool_)
            for test in self._rpc:
                _add(relevant, test, headers, np.flatnonzero(~wanted))
            dull, earlier = self._bulk.take(headers, segments, located)
            wanted |= relevant & ~dull
            self._taken += earlier
        wanted &= headers.batch.captured > 0  # of an empty one there is nothing to decode
        self._keep(located(headers, np.flatnonzero(wanted)))
        if self._own_choice and len(noted) and self._spared < self._most:
            self._spared += len(noted)
            self._spare.append(located(headers, np.array(noted, np.int64) - headers.batch.first))

    def _keep(self, frames: Ints) -> None:
        if len(frames):
            self._taken.append(frames)
            self._count += len(frames)
        if self._count > self._most:
            self._everything = True
            self._taken.clear()
            self._spare.clear()

    def frames(self, more: Iterable[int] = ()) -> Ints:
        """One row a frame, in order: number, place in the file, captured length, length on the wire, time, link type."""
        wanted = set(more)
        spare = [rows[np.isin(rows[:, NUMBER], list(wanted))] for rows in self._spare] if wanted else []
        parts = list(chain(self._taken, spare, [self._bulk.last()]))
        whole = np.concatenate([part for part in parts if len(part)] or [np.zeros((0, 6), np.int64)])
        _, first = np.unique(whole[:, NUMBER], return_index=True)
        return whole[first]


def _filters(detectors: Sequence[Detector]) -> tuple[list[Test] | None, list[Test]]:
    """Filters whose frames are all wanted, and those of detectors that do without RPC's bulk; None: all frames are wanted."""
    plain: list[Test] = []
    rpc: list[Test] = []
    for detector in detectors:
        if getattr(detector, "no_frames", False):
            continue
        if not detector.capture_filter:
            return None, []
        try:
            test = compiled(detector.capture_filter)
        except NotUnderstood:
            return None, []
        (rpc if getattr(detector, "without_bulk", "") == "rpc" else plain).append(test)
    return plain, rpc


def _add(wanted: Mask, test: Test, headers: Headers, rows: Ints) -> None:
    left = rows[~wanted[rows]]
    if len(left):
        wanted[left[test(headers, left)]] = True


def located(headers: Headers, row: Ints) -> Ints:
    batch = headers.batch
    return np.stack(
        (batch.first + row, batch.base + batch.starts[row], batch.captured[row], batch.wire[row], batch.times[row], batch.links[row]), axis=1
    )
