"""The next-generation capture file: blocks, in sections that each have a byte order and interfaces of their own.

Layout: draft-ietf-opsawg-pcapng. Packets are enhanced (6), simple (3) and obsolete (2) packet blocks; all
other blocks are skipped. A block whose two lengths differ, or that the file does not hold, ends the walk.
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from typing import BinaryIO

from tshoot.packets.survey import Cursor, Survey, Walk, link_name, longest_packet, torn

MAGIC = b"\x0a\x0d\x0d\x0a"
_SECTION, _INTERFACE, _OBSOLETE, _SIMPLE, _ENHANCED = 0x0A0D0D0A, 1, 2, 3, 6
_OTHER_FRAMES = {0xBAD, 0x40000BAD, 9, 0x204, 0x216, 0x221}  # no packets (custom, journal, system calls), yet tshark numbers them
_LONGEST_BLOCK = 1 << 27  # bytes, as Wireshark
_ORDERS = {b"\x1a\x2b\x3c\x4d": ">", b"\x4d\x3c\x2b\x1a": "<"}
_LEAST = {_SECTION: 28, _INTERFACE: 20, _OBSOLETE: 32, _SIMPLE: 16, _ENHANCED: 32}


def is_pcapng(head: bytes) -> bool:
    return head[:4] == MAGIC and (len(head) < 12 or head[8:12] in _ORDERS)


def survey_pcapng(file: BinaryIO, size: int, check: Callable[[], None]) -> Survey:
    """Count the whole packets of `file`, `size` bytes long; `check` is called often and may raise."""
    walk = PcapngWalk(file, size)
    for _ in walk.records():
        if not walk.packets & 0xFFFF:
            check()
    names = dict.fromkeys(link_name(link) for link in walk.links)
    return Survey("pcapng", tuple(names), walk.packets, walk.stopped, walk.whole)


class PcapngWalk:
    """One pass over the blocks; `packets`, `links` (of every interface), `stopped` and `whole` (the bytes read) are true so far."""

    def __init__(self, file: BinaryIO, size: int) -> None:
        self._cursor, self._size = Cursor(file), size
        self.piece = self._cursor.piece
        self._order = "<"
        self._interfaces: list[tuple[int, int]] = []  # of this section: link type, snap length
        self.links: list[int] = []
        self.packets, self.stopped, self.whole = 0, "", 0

    def records(self) -> Walk:
        offset = 0
        while offset < self._size:
            kind, length = self._block(offset)
            if not length:
                return
            if kind == _SECTION:
                self._interfaces = []
            elif kind == _INTERFACE:
                link, snap = self._numbers(offset, "8xH2xI") or (0, 0)
                self._interfaces.append((link, snap))
                self.links.append(link)
            elif kind in {_OBSOLETE, _SIMPLE, _ENHANCED}:
                record = self._packet(offset, kind, length)
                if record is None:
                    self.stopped = (
                        f"packet {self.packets + 1} at byte {offset} contradicts its own lengths or names no interface: the file is damaged there"
                    )
                    return
                self.packets += 1
                yield record
            elif kind in _OTHER_FRAMES:
                self.packets += 1
                yield offset + 8, -1, -1
            offset += length
            self.whole = offset

    def _numbers(self, offset: int, form: str) -> tuple[int, ...] | None:
        return self._cursor.numbers(offset, struct.Struct(self._order + form))

    def _block(self, offset: int) -> tuple[int, int]:
        """Type and length of the block at `offset`, 0 and 0 where it cannot be read."""
        head = self.piece(offset, 12)
        if len(head) < 12:
            return self._torn(offset)
        if head[:4] == MAGIC:
            order = _ORDERS.get(head[8:12])
            if order is None:
                return self._damaged(offset)
            self._order = order
        kind, length = self._numbers(offset, "II") or (0, 0)
        padded = length + -length % 4
        if length < _LEAST.get(kind, 12) or length > _LONGEST_BLOCK:
            return self._damaged(offset)
        if offset + padded > self._size:
            return self._torn(offset)
        if self._numbers(offset + padded - 4, "I") != (length,):
            return self._damaged(offset)
        return kind, padded

    def _torn(self, offset: int) -> tuple[int, int]:
        self.stopped = torn(self.packets, offset, self._size)
        return 0, 0

    def _damaged(self, offset: int) -> tuple[int, int]:
        self.stopped = f"the block at byte {offset}, after packet {self.packets}, is damaged"
        return 0, 0

    def _packet(self, offset: int, kind: int, length: int) -> tuple[int, int, int] | None:
        """Where the packet of a block lies; None where the block contradicts itself."""
        if kind == _SIMPLE:
            interface, head = 0, 12
            (wire,) = self._numbers(offset, "8xI") or (0,)
            captured = min(wire, length - 16, self._interfaces[0][1] or wire) if self._interfaces else 0
        else:
            form, head = ("8xI8xII", 28) if kind == _ENHANCED else ("8xH10xII", 28)
            interface, captured, wire = self._numbers(offset, form) or (0, 0, 0)
        if interface >= len(self._interfaces) or captured > length - head - 4:
            return None
        if captured > longest_packet(self._interfaces[interface][0]):
            return None
        return offset + head, captured, wire
