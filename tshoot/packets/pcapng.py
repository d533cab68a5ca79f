"""The next-generation capture file: blocks, in sections that each have a byte order and interfaces of their own.

Layout: draft-ietf-opsawg-pcapng. Packets are enhanced (6), simple (3) and obsolete (2) packet blocks; all
other blocks are skipped. A block whose two lengths differ, or that the file does not hold, ends the walk.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, BinaryIO

from tshoot.packets.survey import TOGETHER, Survey, link_name, torn

if TYPE_CHECKING:
    from tshoot.packets.batches import Batch, Visit, Window

MAGIC = b"\x0a\x0d\x0d\x0a"
_SECTION, _INTERFACE, _OBSOLETE, _SIMPLE, _ENHANCED = 0x0A0D0D0A, 1, 2, 3, 6
_OTHER_FRAMES = {0xBAD, 0x40000BAD, 9, 0x204, 0x216, 0x221}  # no packets (custom, journal, system calls), yet tshark numbers them
_LONGEST_BLOCK = 1 << 27  # bytes, as Wireshark
_MOST_INTERFACES = 1 << 16  # of a file
_LONGEST_NAME = 256
_ORDERS = {b"\x1a\x2b\x3c\x4d": ">", b"\x4d\x3c\x2b\x1a": "<"}
_LEAST = {_SECTION: 28, _INTERFACE: 20, _OBSOLETE: 32, _SIMPLE: 16, _ENHANCED: 32}
_NAME, _RESOLUTION, _OFFSET = 2, 9, 14  # options of an interface: if_name, if_tsresol, if_tsoffset


def is_pcapng(head: bytes) -> bool:
    return head[:4] == MAGIC and (len(head) < 12 or head[8:12] in _ORDERS)


def survey_pcapng(file: BinaryIO, size: int, check: Callable[[], None], visit: Visit | None = None) -> Survey:
    """Count the whole packets of `file`, `size` bytes long, and show them to `visit`; `check` is called often and may raise."""
    walk = PcapngWalk(file, size)
    for batch in walk.batches():
        check()
        if visit and len(batch):
            visit(batch)
    names = dict.fromkeys(link_name(interface.link) for interface in walk.interfaces)
    return Survey("pcapng", tuple(names), walk.packets, walk.stopped, walk.whole)


@dataclass(frozen=True, slots=True)
class Interface:
    """`unit` is the resolution of its timestamps as in if_tsresol: 10 or 2 to the power of minus `exponent`; `offset` is in seconds."""

    link: int
    snap: int
    base: int = 10
    exponent: int = 6
    offset: int = 0
    name: bytes = b""


@dataclass(slots=True)
class _Piece:
    """What was found in one window: where packet blocks begin, and which interfaces they may name."""

    places: list[int] = field(default_factory=list)
    odd: dict[int, int] = field(default_factory=dict)  # index of a block that is not enhanced -> its type
    turns: list[tuple[int, int, int]] = field(default_factory=list)  # from this packet on: first interface of the section, number of interfaces
    turned: bool = False  # the next section has another byte order: what came before is read in its own first


class PcapngWalk:
    """One pass over the blocks; `packets`, `interfaces` (of all sections), `stopped` and `whole` (the bytes read) are true so far."""

    def __init__(self, file: BinaryIO, size: int, piece: int | None = None) -> None:
        self._file, self._size, self._piece_size = file, size, piece
        self._order = "<"
        self._section = 0  # index of the section's first interface
        self.interfaces: list[Interface] = []
        self.packets, self.stopped, self.whole = 0, "", 0

    def batches(self) -> Iterator[Batch]:
        """Batches, also empty ones: a file may hold megabytes of other blocks."""
        from tshoot.packets.batches import Window

        window, at = Window(self._file, self._size, self._piece_size), 0
        while window.size:
            piece = _Piece(turns=[(0, self._section, len(self.interfaces))])
            at = self._blocks(window, at, piece)
            batch, sound = self._batch(window, piece)
            self.whole = window.base + at if sound is None else window.base + sound
            self.packets += len(batch)
            yield batch
            if self.stopped or window.base + at >= window.size:
                return
            if not piece.turned:
                window.slide(at)
                at = 0

    def _blocks(self, window: Window, at: int, piece: _Piece) -> int:
        """Take note of the blocks from `at` on; where the first byte lies that was not taken."""
        memory, filled = window.memory, window.filled
        both = struct.Struct(self._order + "II").unpack_from
        keep, places = piece.places.append, piece.places
        while at + 12 <= filled and len(places) < TOGETHER:
            kind, length = both(memory, at)
            if kind == _ENHANCED and length >= 32 and (behind := at + length + -length % 4) <= filled:
                keep(at)
                at = behind
                continue
            if kind == _SECTION:
                order = _ORDERS.get(bytes(memory[at + 8 : at + 12]))
                if order is None:
                    self._damaged(window.base + at, len(places))
                    return at
                if order != self._order and places:
                    piece.turned = True
                    return at
                self._order = order
                both = struct.Struct(order + "II").unpack_from
                kind, length = both(memory, at)
            step = self._other(window, at, (kind, length), piece)
            if not step:
                return at
            at += step
        if window.at_end and at < filled < at + 12:
            self.stopped = torn(self.packets + len(places), window.base + at, window.size)
        return at

    def _other(self, window: Window, at: int, block: tuple[int, int], piece: _Piece) -> int:
        """Length of a block that is no plain packet; 0 where it is not in the window, or cannot be read at all."""
        kind, length = block
        padded = length + -length % 4
        if length < _LEAST.get(kind, 12) or length > _LONGEST_BLOCK:
            return self._damaged(window.base + at, len(piece.places))
        if at + padded > window.filled:
            if window.base + at + padded > window.size:
                self.stopped = torn(self.packets + len(piece.places), window.base + at, window.size)
            return 0
        if struct.unpack_from(self._order + "I", window.memory, at + padded - 4) != (length,):
            return self._damaged(window.base + at, len(piece.places))
        if kind == _SECTION:
            self._section = len(self.interfaces)
            piece.turns.append((len(piece.places), self._section, self._section))
        elif kind == _INTERFACE:
            if len(self.interfaces) >= _MOST_INTERFACES:
                self.stopped = f"the block at byte {window.base + at} describes interface {_MOST_INTERFACES + 1}: nobody has so many"
                return 0
            self.interfaces.append(_interface(bytes(window.memory[at : at + padded]), self._order))
            piece.turns.append((len(piece.places), self._section, len(self.interfaces)))
        elif kind in {_OBSOLETE, _SIMPLE, _ENHANCED} or kind in _OTHER_FRAMES:
            piece.odd[len(piece.places)] = kind
            piece.places.append(at)
        return padded

    def _damaged(self, offset: int, found: int) -> int:
        self.stopped = self.stopped or f"the block at byte {offset}, after packet {self.packets + found}, is damaged"
        return 0

    def _batch(self, window: Window, piece: _Piece) -> tuple[Batch, int | None]:
        """The packets of a piece, up to the first that contradicts itself; where that one lies, if there is one."""
        from tshoot.packets.pcapng_packets import packets

        batch, sound, why = packets(window, piece.places, piece.odd, piece.turns, self.interfaces, self._order, self.packets + 1)
        if sound is None:
            return batch, None
        place = window.base + piece.places[sound]
        if why == "length":
            self.stopped = f"the block at byte {place}, after packet {self.packets + sound}, is damaged"
        else:
            self.stopped = (
                f"packet {self.packets + sound + 1} at byte {place} contradicts its own lengths or names no interface: the file is damaged there"
            )
        return batch, piece.places[sound]


def _interface(block: bytes, order: str) -> Interface:
    link, _, snap = struct.unpack_from(order + "HHI", block, 8)
    base, exponent, offset, name, at = 10, 6, 0, b"", 16
    while at + 4 <= len(block) - 4:
        code, length = struct.unpack_from(order + "HH", block, at)
        value = block[at + 4 : at + 4 + length]
        if code == 0:
            break
        if code == _RESOLUTION and length == 1:
            base, exponent = (2 if value[0] & 0x80 else 10), value[0] & 0x7F
        elif code == _OFFSET and length == 8 and len(value) == 8:
            (offset,) = struct.unpack(order + "q", value)
        elif code == _NAME:
            name = value[:_LONGEST_NAME]
        at += 4 + length + -length % 4
    return Interface(link, snap, base, exponent, offset, name)
