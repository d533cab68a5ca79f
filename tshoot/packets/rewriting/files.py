"""Capture files as records: what stands before each packet is kept, comments, names and everything else that is no packet is left out.

A file that ends early, or is damaged, is read until there and ended early in the copy, too. Memory is flat.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator
from typing import BinaryIO, NamedTuple

from tshoot.errors import CaptureFileError
from tshoot.packets.pcap import is_pcap
from tshoot.packets.pcapng import is_pcapng

_PCAP = {0xA1B2C3D4: 16, 0xA1B23C4D: 16, 0xA1B2CD34: 24}  # magic number -> length of a record's header
_ORDERS = {b"\x1a\x2b\x3c\x4d": ">", b"\x4d\x3c\x2b\x1a": "<"}
_SECTION, _INTERFACE, _OBSOLETE, _SIMPLE, _ENHANCED = 0x0A0D0D0A, 1, 2, 3, 6
_FRAMES = {0xBAD, 0x40000BAD, 9, 0x204, 0x216, 0x221}  # no packets, yet tshark numbers them
_LONGEST = 1 << 27
_KEPT_OPTIONS = (9, 14)  # of an interface: if_tsresol, if_tsoffset


class Record(NamedTuple):
    """One piece of the copy: `head`, a packet of link type `link` (None: there is no packet), `tail`."""

    head: bytes
    link: int | None
    packet: bytes
    tail: bytes


def records(file: BinaryIO) -> Iterator[Record]:
    """The records of a pcap or pcapng file, from its beginning."""
    file.seek(0)
    head = file.read(24)
    file.seek(0)
    if is_pcap(head):
        return _pcap(file)
    if is_pcapng(head):
        return _pcapng(file)
    raise CaptureFileError("neither pcap nor pcapng", "convert it: editcap FILE copy.pcapng")


def write(source: BinaryIO, target: BinaryIO, change: Callable[[int, bytes], bytes], check: Callable[[], None]) -> int:
    """Copy with every packet (link type, bytes) changed; how many there were."""
    packets = 0
    for number, record in enumerate(records(source)):
        if number % 512 == 0:
            check()
        packet = change(record.link, record.packet) if record.link is not None else record.packet
        target.write(record.head + packet + record.tail)
        packets += record.link is not None
    return packets


def _pcap(file: BinaryIO) -> Iterator[Record]:
    head = file.read(24)
    order = "<" if int.from_bytes(head[:4], "little") in _PCAP else ">"
    size = _PCAP[struct.unpack(order + "I", head[:4])[0]]
    if len(head) < 24:
        yield Record(head[:4] + bytes(len(head) - 4), None, b"", b"")
        return
    yield Record(head[:6] + head[6:8] + bytes(8) + head[16:24], None, b"", b"")
    link = struct.unpack(order + "I", head[20:24])[0] & 0x03FFFFFF
    while record := file.read(size):
        captured = struct.unpack(order + "I", record[8:12])[0] if len(record) == size else _LONGEST + 1
        packet = file.read(captured) if captured <= _LONGEST else b""
        if len(packet) < captured:
            yield Record(b"", None, bytes(4), b"")  # the copy ends within a record, as the file did
            return
        yield Record(record[:16] + bytes(size - 16), link, packet, b"")


def _pcapng(file: BinaryIO) -> Iterator[Record]:
    order, links, snaps = "<", list[int](), list[int]()
    while head := file.read(8):
        block = _block(file, head, order)
        if block is None:
            yield Record(b"", None, bytes(4), b"")
            return
        order, kind, body = block
        if kind == _SECTION:
            links, snaps = [], []
            yield _rebuilt(order, kind, body[:8] + b"\xff" * 8)
        elif kind == _INTERFACE and len(body) >= 8:
            links.append(struct.unpack(order + "H", body[:2])[0])
            snaps.append(struct.unpack(order + "I", body[4:8])[0])
            yield _rebuilt(order, kind, body[:8] + _interface_options(body[8:], order))
        elif kind in (_ENHANCED, _OBSOLETE, _SIMPLE):
            record = _packet(order, kind, body, links, snaps)
            yield record if record else Record(b"", None, bytes(4), b"")
            if record is None:
                return
        elif kind in _FRAMES:
            yield _rebuilt(order, kind, bytes(len(body)))


def _block(file: BinaryIO, head: bytes, order: str) -> tuple[str, int, bytes] | None:
    """Byte order, type and body of the block that begins with `head`; None where it is cut off or damaged."""
    if head[:4] == b"\x0a\x0d\x0d\x0a":
        magic = file.read(4)
        if magic not in _ORDERS:
            return None
        order = _ORDERS[magic]
        file.seek(-4, 1)
    if len(head) < 8:
        return None
    kind, length = struct.unpack(order + "II", head)
    size = length + -length % 4 - 12
    if not 0 <= size <= _LONGEST:
        return None
    body = file.read(size)
    return (order, kind, body) if file.read(4) == struct.pack(order + "I", length) else None


def _rebuilt(order: str, kind: int, body: bytes) -> Record:
    length = len(body) + 12
    return Record(struct.pack(order + "II", kind, length), None, body, struct.pack(order + "I", length))


def _interface_options(options: bytes, order: str) -> bytes:
    kept, at = b"", 0
    while at + 4 <= len(options):
        code, length = struct.unpack(order + "HH", options[at : at + 4])
        end = at + 4 + length + -length % 4
        if code in _KEPT_OPTIONS and end <= len(options):
            kept += options[at:end]
        if code == 0:
            break
        at = end
    return kept + bytes(4) if kept else b""


def _packet(order: str, kind: int, body: bytes, links: list[int], snaps: list[int]) -> Record | None:
    """A packet block without its options; None where it contradicts itself."""
    fixed = 4 if kind == _SIMPLE else 20
    if len(body) < fixed:
        return None
    interface = 0 if kind == _SIMPLE else struct.unpack(order + ("I" if kind == _ENHANCED else "H"), body[: 4 if kind == _ENHANCED else 2])[0]
    if interface >= len(links):
        return None
    if kind == _SIMPLE:
        captured = min(struct.unpack(order + "I", body[:4])[0], len(body) - 4, snaps[0] or _LONGEST)
    else:
        captured = struct.unpack(order + "I", body[12:16])[0]
    if fixed + captured > len(body):
        return None
    length = fixed + captured + -captured % 4 + 12
    return Record(
        struct.pack(order + "II", kind, length) + body[:fixed],
        links[interface],
        body[fixed : fixed + captured],
        bytes(-captured % 4) + struct.pack(order + "I", length),
    )
