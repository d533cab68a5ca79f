"""The classic capture file: libpcap's, with micro- or nanoseconds, in both byte orders, and Kuznetzov's variant.

Layout: draft-ietf-opsawg-pcap. A 24-byte file header, then records of 16 bytes (24 in the variant) and
the packet. A record that is longer than any reader accepts, or that the file does not hold, ends the walk.
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from typing import BinaryIO

from tshoot.packets.survey import Cursor, Survey, Walk, link_name, longest_packet, torn

HEADER = 24
_KINDS = {  # magic number -> format, length of a record's header
    0xA1B2C3D4: ("pcap", 16),
    0xA1B23C4D: ("pcap (nanoseconds)", 16),
    0xA1B2CD34: ("pcap (modified)", 24),
}


def is_pcap(head: bytes) -> bool:
    return _order(head) is not None


def survey_pcap(file: BinaryIO, size: int, check: Callable[[], None]) -> Survey:
    """Count the whole packets of `file`, `size` bytes long; `check` is called often and may raise."""
    walk = PcapWalk(file, size)
    for _ in walk.records():
        if not walk.packets & 0xFFFF:
            check()
    return Survey(walk.format, (link_name(walk.link),) if walk.link is not None else (), walk.packets, walk.stopped, walk.whole)


class PcapWalk:
    """One pass over the records; `packets`, `stopped` and `whole` (the bytes read) are true so far."""

    def __init__(self, file: BinaryIO, size: int) -> None:
        self._cursor, self._size = Cursor(file), size
        self.piece = self._cursor.piece
        head = self.piece(0, HEADER)
        self.order = _order(head) or "<"
        self.format, self._record = _KINDS[struct.unpack(self.order + "I", head[:4])[0]]
        self.link: int | None = None
        self.packets, self.stopped, self.whole = 0, "", 0
        if len(head) < HEADER:
            self.stopped = f"the file is cut short in its header, at byte {size}"
        else:
            self.link = struct.unpack(self.order + "I", head[20:24])[0] & 0x03FFFFFF

    def records(self) -> Walk:
        if self.link is None:
            return
        lengths, longest = struct.Struct(self.order + "8xII"), longest_packet(self.link)
        offset = self.whole = HEADER
        while offset < self._size:
            found = self._cursor.numbers(offset, lengths)
            data = offset + self._record
            if found is not None and found[0] > longest:
                self.stopped = (
                    f"packet {self.packets + 1} at byte {offset} claims {found[0]} bytes, more than a record can hold: the file is damaged there"
                )
                return
            if found is None or data + found[0] > self._size:
                self.stopped = torn(self.packets, offset, self._size)
                return
            self.packets += 1
            yield data, found[0], found[1]
            offset = data + found[0]
            self.whole = offset


def _order(head: bytes) -> str | None:
    if len(head) < 4:
        return None
    return next((order for order in "<>" if struct.unpack(order + "I", head[:4])[0] in _KINDS), None)
