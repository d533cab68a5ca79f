"""The classic capture file: libpcap's, with micro- or nanoseconds, in both byte orders, and Kuznetzov's variant.

Layout: draft-ietf-opsawg-pcap. A 24-byte file header, then records of 16 bytes (24 in the variant) and
the packet. A record that is longer than any reader accepts, or that the file does not hold, ends the walk.
"""

from __future__ import annotations

import struct
import sys
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, BinaryIO

from tshoot.packets.survey import TOGETHER, Survey, link_name, longest_packet, torn

if TYPE_CHECKING:
    from tshoot.packets.batches import Batch, Visit, Window

HEADER = 24
_KINDS = {  # magic number -> format, length of a record's header, nanoseconds of a unit of time
    0xA1B2C3D4: ("pcap", 16, 1000),
    0xA1B23C4D: ("pcap (nanoseconds)", 16, 1),
    0xA1B2CD34: ("pcap (modified)", 24, 1000),
}


def is_pcap(head: bytes) -> bool:
    return _order(head) is not None


def survey_pcap(file: BinaryIO, size: int, check: Callable[[], None], visit: Visit | None = None) -> Survey:
    """Count the whole packets of `file`, `size` bytes long, and show them to `visit`; `check` is called often and may raise."""
    walk = PcapWalk(file, size)
    for batch in walk.batches():
        check()
        if visit:
            visit(batch)
    return Survey(walk.format, (link_name(walk.link),) if walk.link is not None else (), walk.packets, walk.stopped, walk.whole)


class PcapWalk:
    """One pass over the records; `packets`, `stopped` and `whole` (the bytes read) are true so far."""

    def __init__(self, file: BinaryIO, size: int, piece: int | None = None) -> None:
        self._file, self._size, self._piece = file, size, piece
        file.seek(0)
        head = file.read(HEADER)
        self.order = _order(head) or "<"
        self.format, self._record, self._unit = _KINDS[struct.unpack(self.order + "I", head[:4])[0]]
        self.link: int | None = None
        self.snap = 0
        self.packets, self.stopped, self.whole = 0, "", 0
        if len(head) < HEADER:
            self.stopped = f"the file is cut short in its header, at byte {size}"
        else:
            self.link = struct.unpack(self.order + "I", head[20:24])[0] & 0x03FFFFFF
            self.snap = struct.unpack(self.order + "I", head[16:20])[0]

    def batches(self) -> Iterator[Batch]:
        from tshoot.packets.batches import Window

        if self.link is None:
            return
        window, at = Window(self._file, self._size, self._piece), HEADER
        self.whole = HEADER
        while True:
            found, rest = _places(window, at, self._record, self.order)
            batch = self._batch(window, found, rest)
            if len(batch):
                self.packets += len(batch)
                yield batch
            if self.stopped or self._ends(window, rest):
                return
            window.slide(rest)
            at = 0

    def _batch(self, window: Window, found: list[int], rest: int) -> Batch:
        """The records at `found`; the first that claims too much ends the walk before it."""
        import numpy as np

        from tshoot.packets.batches import Batch, rows

        records = np.array(found, np.int64)
        words = rows(window.data, records, 16).view(self.order + "u4").astype(np.int64)
        if self.link is not None and (wrong := np.flatnonzero(words[:, 2] > longest_packet(self.link))).size:
            self._lie(window.base + found[wrong[0]], self.packets + int(wrong[0]), int(words[wrong[0], 2]))
            records, words, rest = records[: wrong[0]], words[: wrong[0]], found[wrong[0]]
        self.whole = window.base + rest
        links = np.full(len(records), self.link or 0, np.int64)
        times = words[:, 0] * 1_000_000_000 + words[:, 1] * self._unit
        return Batch(self.packets + 1, window.base, window.data, records, records + self._record, words[:, 2], words[:, 3], times, links)

    def _ends(self, window: Window, rest: int) -> bool:
        """Whether nothing more can be read from `rest` on, and why."""
        offset = window.base + rest
        if offset >= window.size:
            return True
        head = bytes(window.memory[rest : min(rest + self._record, window.filled)])
        if len(head) >= 12:
            captured = struct.unpack(self.order + "8xI", head[:12])[0]
            if len(head) >= 16 and captured > longest_packet(self.link or 0):
                self._lie(offset, self.packets, captured)
            elif offset + self._record + captured > window.size:
                self.stopped = torn(self.packets, offset, window.size)
        elif window.at_end:
            self.stopped = torn(self.packets, offset, window.size)
        return bool(self.stopped)

    def _lie(self, offset: int, packets: int, claimed: int) -> None:
        self.stopped = f"packet {packets + 1} at byte {offset} claims {claimed} bytes, more than a record can hold: the file is damaged there"


def _places(window: Window, at: int, record: int, order: str) -> tuple[list[int], int]:
    """Where the records begin that the window holds whole, and where the first byte behind them lies."""
    end, filled = window.filled - record, window.filled
    found: list[int] = []
    keep = found.append
    if (order == "<") == (sys.byteorder == "little"):  # four views of machine words, one for each place that is no multiple of four
        lengths = [memoryview(window.memory)[shift : shift + (len(window.memory) - shift) // 4 * 4].cast("I") for shift in range(4)]
        while at <= end:
            keep(at)
            at += record + lengths[at & 3][(at >> 2) + 2]
    else:
        length_at = struct.Struct(order + "8xI").unpack_from
        while at <= end:
            keep(at)
            at += record + length_at(window.memory, at)[0]
    if at > filled:
        at = found.pop()
    if len(found) > TOGETHER:
        at = found[TOGETHER]
        del found[TOGETHER:]
    return found, at


def _order(head: bytes) -> str | None:
    if len(head) < 4:
        return None
    return next((order for order in "<>" if struct.unpack(order + "I", head[:4])[0] in _KINDS), None)
