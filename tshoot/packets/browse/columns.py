"""What the list of frames knows of every frame: 34 bytes each, filled by the pass over the file.

Where a packet lies, how long it is, when it came, and a hash of its endpoints: all else is read from the file for the few frames
that are on the screen. The columns grow while others read them: what is below `count` is complete and does not change.
"""

from __future__ import annotations

import secrets
from typing import Any

import numpy as np
import numpy.typing as npt

from tshoot.packets.batches import Batch, Ints
from tshoot.packets.headers import Headers, read_headers

MOST = 10_000_000  # frames listed: 340 MB
_COLUMNS: dict[str, Any] = {"times": np.int64, "places": np.int64, "captured": np.int32, "wire": np.uint32, "links": np.uint16, "flows": np.uint64}
_GROWTH = 1 << 16


class FrameColumns:
    """Index i is frame i + 1. `flows` is 0 for a frame without IP. Shown the batches of a file in order (`take`)."""

    times: Ints
    places: Ints
    captured: npt.NDArray[np.int32]
    wire: npt.NDArray[np.uint32]
    links: npt.NDArray[np.uint16]
    flows: npt.NDArray[np.uint64]

    def __init__(self, most: int = MOST) -> None:
        self._most, self.count, self.left_out, self.has_ipv6 = most, 0, 0, False
        self._words = np.array([secrets.randbits(64) | 1 for _ in range(4)], np.uint64)
        for name, kind in _COLUMNS.items():
            setattr(self, name, np.zeros(0, kind))

    def take(self, batch: Batch) -> None:
        number = min(len(batch), self._most - self.count)
        self.left_out += len(batch) - number
        if number <= 0:
            return
        headers = read_headers(batch)
        end = self.count + number
        self._grow(end)
        new: dict[str, Any] = {"times": batch.times, "places": batch.base + batch.starts, "captured": batch.captured, "links": batch.links & 0xFFFF}
        new |= {"wire": np.clip(batch.wire, 0, 0xFFFFFFFF), "flows": self._flows(headers)}
        for name, values in new.items():
            getattr(self, name)[self.count : end] = values[:number]
        self.has_ipv6 = self.has_ipv6 or bool((headers.version == 6).any())
        self.count = end

    def _grow(self, needed: int) -> None:
        """New arrays: whoever reads the old ones goes on with them."""
        if needed <= len(self.times):
            return
        size = min(max(needed, 2 * len(self.times), _GROWTH), self._most)
        for name, kind in _COLUMNS.items():
            grown = np.zeros(size, kind)
            grown[: self.count] = getattr(self, name)[: self.count]
            setattr(self, name, grown)

    def finish(self) -> None:
        """No more batches: give back the room that was kept for them."""
        for name in _COLUMNS:
            setattr(self, name, getattr(self, name)[: self.count].copy())

    def _flows(self, headers: Headers) -> npt.NDArray[np.uint64]:
        """The same for both directions; with constants of this run, so that no packet can be made to look like another flow's."""
        fixed, word = headers.fixed, self._words
        source = np.ascontiguousarray(fixed[:, 12:16]).view(">u4")[:, 0].astype(np.uint64)
        destination = np.ascontiguousarray(fixed[:, 16:20]).view(">u4")[:, 0].astype(np.uint64)
        six = np.flatnonzero(headers.version == 6)
        if len(six):
            long = np.ascontiguousarray(fixed[six, 8:40]).view(">u8").astype(np.uint64)
            source[six], destination[six] = long[:, 0] * word[0] ^ long[:, 1], long[:, 2] * word[0] ^ long[:, 3]
        ends = self._mixed(source, headers.source_port) + self._mixed(destination, headers.destination_port)
        mixed: npt.NDArray[np.uint64] = ends ^ (np.maximum(headers.protocol, 0).astype(np.uint64) * word[3])
        mixed[headers.version == 0] = 0
        return mixed

    def _mixed(self, address: npt.NDArray[np.uint64], port: Ints) -> npt.NDArray[np.uint64]:
        mixed = (address ^ (port.astype(np.uint64) << np.uint64(40))) * self._words[1]
        mixed ^= mixed >> np.uint64(29)
        found: npt.NDArray[np.uint64] = mixed * self._words[2]
        return found

    # --- reading ---

    def located(self, numbers: Ints) -> Ints:
        """The frames that have a packet, as `prefilter.candidates` takes them: number, place, captured, wire, time, link."""
        index = numbers - 1
        index = index[self.captured[index] > 0]
        columns = (index + 1, self.places[index], self.captured[index], self.wire[index], self.times[index], self.links[index])
        return np.stack([column.astype(np.int64) for column in columns], axis=1)

    def conversation(self, number: int) -> Ints:
        """The numbers of all frames between the endpoints of frame `number`, in order; of a frame without IP its own."""
        flow = self.flows[number - 1]
        if not flow:
            return np.array([number], np.int64)
        return np.flatnonzero(self.flows[: self.count] == flow) + 1
