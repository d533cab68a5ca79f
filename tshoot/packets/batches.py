"""Packets by the ten thousand: what a walk over a capture's records hands on, one batch a piece of the file.

A batch lends its memory: `data` is overwritten by the next one, so whoever takes a batch copies what it keeps.
`PADDING` zero bytes follow the packets, so that a fixed number of bytes can be taken at any place of them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, BinaryIO

import numpy as np
import numpy.typing as npt

PIECE = 8 << 20  # bytes of the file looked at together
PADDING = 512
Ints = npt.NDArray[np.int64]
Bytes = npt.NDArray[np.uint8]
Mask = npt.NDArray[np.bool_]


@dataclass(slots=True)
class Batch:
    """Frames `first`, `first` + 1, …: packet i is the `captured[i]` bytes of `data` at `starts[i]`, of link type `links[i]` (pcap-linktype).

    `base` is the place of data[0] in the file, `records[i]` that of the packet's record or block within `data`. `captured` is -1 for
    a record that counts as a frame and holds no packet. `times` are nanoseconds since the epoch, `wire` the lengths before snapping.
    """

    first: int
    base: int
    data: Bytes
    records: Ints
    starts: Ints
    captured: Ints
    wire: Ints
    times: Ints
    links: Ints
    interfaces: Ints | None = None  # of pcapng: which of the walk's interfaces each packet names

    def __len__(self) -> int:
        return len(self.starts)


Visit = Callable[[Batch], None]


class Window:
    """A piece of a file in memory: `data[:filled]` are the bytes from `base` on."""

    def __init__(self, file: BinaryIO, size: int, piece: int | None = None) -> None:
        self._file, self.size = file, size
        self._memory = bytearray(min(piece or PIECE, max(size, 64)) + PADDING)
        self.base, self.filled = 0, 0
        file.seek(0)
        self.slide(0)

    @property
    def memory(self) -> bytearray:
        return self._memory

    @property
    def data(self) -> Bytes:
        return np.frombuffer(self._memory, np.uint8)

    @property
    def at_end(self) -> bool:
        return self.base + self.filled >= self.size

    def slide(self, keep: int) -> None:
        """Forget the bytes before `keep`, and read on behind the others; a window that nothing leaves grows."""
        rest = self._memory[keep : self.filled]
        room = len(self._memory) - PADDING
        if not keep and self.filled == room:
            room *= 2
            self._memory = bytearray(room + PADDING)  # a new one: views on the old may be alive
        self._memory[: len(rest)] = rest
        self.base, self.filled = self.base + keep, len(rest)
        with memoryview(self._memory) as view:
            while self.filled < room and (got := self._file.readinto(view[self.filled : room])):  # type: ignore[attr-defined]
                self.filled += got
        if self.filled < room:
            self.size = min(self.size, self.base + self.filled)  # the file was cut while it was read
        self._memory[self.filled : self.filled + PADDING] = bytes(PADDING)


def rows(data: Bytes, places: Ints, length: int) -> Bytes:
    """`length` bytes at each of `places`, as an array of that many columns."""
    strided: npt.NDArray[Any] = np.ndarray((len(data) - length + 1,), f"V{length}", data.data, 0, (1,))
    return strided[places].view(np.uint8).reshape(len(places), length)
