"""How a capture is damaged: every mutation takes a capture as pieces and gives it damaged, by a random generator alone.

A capture is its file header and its records (pcap) or its blocks (pcapng); a format of another maker is one piece. The mutations
cover the file (lengths, order, sections, times, byte order, compression), and what the packets say of themselves: lengths of
IP, TCP, UDP, RPC, BGP and neighbour discovery, tags, extension headers, counts.
"""

from __future__ import annotations

import gzip
import struct
import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from random import Random

FRAMES = 300  # of a source: the rest is cut off
LARGEST = 400_000  # bytes of a source
_MAGIC = {0xA1B2C3D4: 16, 0xA1B23C4D: 16, 0xA1B2CD34: 24}
_SECTION, _INTERFACE, _OBSOLETE, _SIMPLE, _ENHANCED = 0x0A0D0D0A, 1, 2, 3, 6
_BODY = {_OBSOLETE: 28, _SIMPLE: 12, _ENHANCED: 28}  # where the packet begins in a block
_ODD = (0, 1, 2, 3, 4, 7, 8, 19, 20, 27, 28, 0x7F, 0x80, 0xFF, 0xFFFF, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFC, 0xFFFFFFFF)


@dataclass(frozen=True, slots=True)
class Pieces:
    """`kind` is "pcap", "pcapng" or "other"; `order` the byte order of its lengths, `head` the bytes of a record before its packet (pcap)."""

    kind: str
    order: str
    head: int
    start: bytes
    records: tuple[bytes, ...]

    def whole(self) -> bytes:
        return self.start + b"".join(self.records)

    def packet(self, index: int) -> int:
        """Where the packet begins in a record; 0 where it holds none."""
        if self.kind == "pcap":
            return self.head
        if self.kind == "pcapng" and len(self.records[index]) >= 12:
            return _BODY.get(struct.unpack_from(self.order + "I", self.records[index])[0], 0)
        return 0


def pieces(content: bytes, limit: int = FRAMES) -> Pieces:
    """A sound capture cut into at most `limit` records; what cannot be cut is one piece of at most `LARGEST` bytes."""
    if content[:2] == b"\x1f\x8b":
        content = zlib.decompressobj(wbits=31).decompress(content, LARGEST)
    for order in "<>":
        if len(content) >= 24 and (head := _MAGIC.get(struct.unpack_from(order + "I", content)[0])):
            return Pieces("pcap", order, head, content[:24], tuple(_records(content, order, head, limit)))
    if content[:4] == b"\x0a\x0d\x0d\x0a":
        order = "<" if content[8:12] == b"\x4d\x3c\x2b\x1a" else ">"
        return Pieces("pcapng", order, 0, b"", tuple(_blocks(content, order, limit)))
    return Pieces("other", ">", 0, content[:LARGEST], ())


def _records(content: bytes, order: str, head: int, limit: int) -> list[bytes]:
    found: list[bytes] = []
    at = 24
    while at + head <= len(content) and len(found) < limit and at < LARGEST:
        size = head + min(struct.unpack_from(order + "8xI", content, at)[0], 1 << 18)
        found.append(content[at : at + size])
        at += size
    return found


def _blocks(content: bytes, order: str, limit: int) -> list[bytes]:
    found: list[bytes] = []
    at = 0
    while at + 12 <= len(content) and len(found) < limit and at < LARGEST:
        if content[at : at + 4] == b"\x0a\x0d\x0d\x0a":
            order = "<" if content[at + 8 : at + 12] == b"\x4d\x3c\x2b\x1a" else ">"
        size = max(12, struct.unpack_from(order + "4xI", content, at)[0])
        size += -size % 4
        found.append(content[at : at + size])
        at += size
    return found


def mutant(noise: Random, sources: Sequence[tuple[str, Pieces]]) -> tuple[str, Pieces, str]:
    """Name of the source, the damaged capture, and what was done to it."""
    name, whole = noise.choice(sources)
    done = []
    for _ in range(noise.choice((1, 1, 1, 2, 2, 3))):
        mutation = noise.choice(MUTATIONS)
        whole = mutation(noise, whole, sources) if mutation is spliced else mutation(noise, whole)
        done.append(mutation.__name__)
    if noise.random() < 0.06:
        whole = compressed(noise, whole)
        done.append("compressed")
    return name, whole, "+".join(done)


# --- bytes, anywhere ---------------------------------------------------------------------------------------------------------------


def _of_one(noise: Random, whole: Pieces, change: Callable[[bytearray], None]) -> Pieces:
    """Change the bytes of one record, or of the file's header now and then."""
    if not whole.records or noise.random() < 0.08:
        start = bytearray(whole.start)
        if start:
            change(start)
        return replace(whole, start=bytes(start))
    index = noise.randrange(len(whole.records))
    record = bytearray(whole.records[index])
    if record:
        change(record)
    return _with(whole, index, bytes(record))


def _with(whole: Pieces, index: int, *instead: bytes) -> Pieces:
    return replace(whole, records=(*whole.records[:index], *instead, *whole.records[index + 1 :]))


def flipped(noise: Random, whole: Pieces) -> Pieces:
    def change(data: bytearray) -> None:
        for _ in range(noise.choice((1, 1, 2, 8, 40))):
            data[noise.randrange(len(data))] ^= 1 << noise.randrange(8)

    for _ in range(noise.choice((1, 1, 5, 50))):
        whole = _of_one(noise, whole, change)
    return whole


def overwritten(noise: Random, whole: Pieces) -> Pieces:
    """A run of bytes, all the same or random."""

    def change(data: bytearray) -> None:
        at, size = noise.randrange(len(data)), noise.choice((1, 2, 4, 8, 64, 500))
        run = noise.choice((b"\0", b"\xff", b"\x7f", b"\x80", b"%", b"\x1b", b"")) * size or noise.randbytes(size)
        data[at : at + size] = run[: len(data) - at]

    return _of_one(noise, whole, change)


def words_overwritten(noise: Random, whole: Pieces) -> Pieces:
    """Lengths that lie, wherever they may stand: numbers of 2 or 4 bytes that are often read as lengths, in both byte orders."""

    def change(data: bytearray) -> None:
        for _ in range(noise.choice((1, 2, 6))):
            size, order = noise.choice((1, 2, 2, 4)), noise.choice("<>")
            if len(data) > size:
                at, value = noise.randrange(len(data) - size), noise.choice(_ODD) & ((1 << 8 * size) - 1)
                data[at : at + size] = struct.pack(order + {1: "B", 2: "H", 4: "I"}[size], value)

    return _of_one(noise, whole, change)


def cut_file(noise: Random, whole: Pieces) -> Pieces:
    content = whole.whole()
    kept = noise.randrange(1, len(content)) if len(content) > 1 else 1
    return replace(whole, start=content[:kept], records=())


# --- records -----------------------------------------------------------------------------------------------------------------------


def cut_records(noise: Random, whole: Pieces) -> Pieces:
    """Packets are shorter than when they were sent; the lengths are right, or they are not."""
    honest = noise.random() < 0.7
    for _ in range(noise.choice((1, 3, 20))):
        if not whole.records:
            break
        index = noise.randrange(len(whole.records))
        record, place = whole.records[index], whole.packet(index)
        if place and len(record) > place:
            kept = noise.randrange(0, len(record) - place)
            whole = _with(whole, index, _framed(whole, record, place, record[place : place + kept]) if honest else record[: place + kept])
    return whole


def _framed(whole: Pieces, record: bytes, place: int, packet: bytes, wire: int | None = None) -> bytes:
    """The record with another packet, its lengths put right."""
    if whole.kind == "pcap":
        longest = struct.unpack_from(whole.order + "12xI", record)[0] if wire is None else wire
        return record[:8] + struct.pack(whole.order + "II", len(packet), max(longest, len(packet))) + record[16:place] + packet
    body = bytearray(record[8:place] + packet + bytes(-len(packet) % 4))
    if place == 28:
        struct.pack_into(whole.order + "II", body, 12, len(packet), max(struct.unpack_from(whole.order + "I", body, 16)[0], len(packet)))
    elif place == 12:
        struct.pack_into(whole.order + "I", body, 0, len(packet))
    length = struct.pack(whole.order + "I", len(body) + 12)
    return record[:4] + length + bytes(body) + length


def lying_records(noise: Random, whole: Pieces) -> Pieces:
    """The lengths in the heads of records and blocks."""
    if not whole.records:
        return words_overwritten(noise, whole)
    index = noise.randrange(len(whole.records))
    record = bytearray(whole.records[index])
    place = noise.choice((8, 12) if whole.kind == "pcap" else (4, 8, 12, 20, 24, len(record) - 4))
    if 0 <= place <= len(record) - 4:
        here = struct.unpack_from(whole.order + "I", record, place)[0]
        value = noise.choice((*_ODD, here + 1, here - 1, here + 4, here * 2, 262_144, 262_145, 1 << 27)) & 0xFFFFFFFF
        struct.pack_into(whole.order + "I", record, place, value)
    return _with(whole, index, bytes(record))


def absurd_times(noise: Random, whole: Pieces) -> Pieces:
    odd = (0, 1, 999_999, 1_000_000, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF)
    chosen = range(len(whole.records)) if noise.random() < 0.3 else [noise.randrange(len(whole.records)) for _ in range(3) if whole.records]
    changed = list(whole.records)
    for index in chosen:
        record = bytearray(changed[index])
        at = 0 if whole.kind == "pcap" else 12
        if len(record) >= at + 8 and (whole.kind == "pcap" or whole.packet(index) == 28):
            struct.pack_into(whole.order + "II", record, at, noise.choice((noise.choice(odd), noise.getrandbits(32))), noise.choice(odd))
            changed[index] = bytes(record)
    return replace(whole, records=tuple(changed))


def reordered(noise: Random, whole: Pieces) -> Pieces:
    records = list(whole.records)
    for _ in range(noise.choice((1, 5, 50))):
        if len(records) > 1:
            one, other = noise.randrange(len(records)), noise.randrange(len(records))
            records[one], records[other] = records[other], records[one]
    return replace(whole, records=tuple(records))


def repeated(noise: Random, whole: Pieces) -> Pieces:
    if not whole.records:
        return whole
    index, times = noise.randrange(len(whole.records)), noise.choice((2, 3, 30, 300))
    return _with(whole, index, *[whole.records[index]] * min(times, max(2, LARGEST // (len(whole.records[index]) or 1))))


def removed(noise: Random, whole: Pieces) -> Pieces:
    share = noise.choice((0.1, 0.5, 0.9))
    return replace(whole, records=tuple(record for record in whole.records if noise.random() > share))


def turned_half_way(noise: Random, whole: Pieces) -> Pieces:
    """From the middle on, the heads of the records are in the other byte order."""
    middle = noise.randrange(len(whole.records)) if whole.records else 0
    other = {"<": ">", ">": "<"}[whole.order]
    size = 16 if whole.kind == "pcap" else 8
    turned = []
    for record in whole.records[middle:]:
        count = min(size, len(record)) // 4
        turned.append(struct.pack(f"{other}{count}I", *struct.unpack_from(f"{whole.order}{count}I", record)) + record[count * 4 :])
    return replace(whole, records=(*whole.records[:middle], *turned))


def spliced(noise: Random, whole: Pieces, sources: Sequence[tuple[str, Pieces]] = ()) -> Pieces:
    """The begin of one file, the end of another: with its file header, or without."""
    _, other = noise.choice(sources or [("", whole)])
    kept = noise.randrange(len(whole.records) + 1)
    tail = other.records[noise.randrange(len(other.records) + 1) :]
    return replace(whole, records=(*whole.records[:kept], *([other.start] if noise.random() < 0.3 else []), *tail))


def sections_again(noise: Random, whole: Pieces) -> Pieces:
    """File headers, section headers and interface descriptions where none belong, or by the thousand."""
    if whole.kind != "pcapng":
        index = noise.randrange(len(whole.records) + 1)
        return replace(whole, records=(*whole.records[:index], whole.start, *whole.records[index:]))
    kinds = (_SECTION, _INTERFACE)
    heads = [one for one in whole.records if len(one) >= 12 and struct.unpack_from(whole.order + "I", one)[0] in kinds]
    if not heads:
        return whole
    index, times = noise.randrange(len(whole.records) + 1), noise.choice((1, 1, 2, 1000, 5000))
    return replace(whole, records=(*whole.records[:index], *[noise.choice(heads)] * times, *whole.records[index:]))


def lying_options(noise: Random, whole: Pieces) -> Pieces:
    """Options of blocks with lengths that are wrong; resolutions and offsets of time that lead nowhere."""
    if whole.kind != "pcapng":
        return words_overwritten(noise, whole)
    option = noise.choice((
        struct.pack(whole.order + "HHBxxx", 9, 1, noise.choice((0, 1, 9, 18, 19, 20, 0x7F, 0x80, 0xBF, 0xC0, 0xFF))),
        struct.pack(whole.order + "HHQ", 14, 8, noise.choice((1, 1 << 62, (1 << 63) - 1, 1 << 63, (1 << 64) - 1))),
        struct.pack(whole.order + "HHI", noise.randrange(20), noise.choice((1, 3, 5, 0x7FFF, 0xFFFF)), 0),
        struct.pack(whole.order + "HH", noise.randrange(1, 20), 0) * 3000,
    ))  # fmt: skip
    changed = list(whole.records)
    for index, record in enumerate(changed):
        if len(record) >= 20 and struct.unpack_from(whole.order + "I", record)[0] == _INTERFACE:
            body = record[8:16] + option + struct.pack(whole.order + "HH", 0, 0) * noise.randrange(2)
            length = struct.pack(whole.order + "I", len(body) + 12)
            changed[index] = record[:4] + length + body + length
    return replace(whole, records=tuple(changed))


# --- packets -----------------------------------------------------------------------------------------------------------------------


def _repacked(noise: Random, whole: Pieces, change: Callable[[bytes], bytes], share: float = 0.0) -> Pieces:
    """Change some packets, and frame them rightly; `share` of all, or one to five."""
    if not whole.records:
        return whole
    chosen = [noise.randrange(len(whole.records)) for _ in range(noise.choice((1, 2, 5)))]
    chosen += [index for index in range(len(whole.records)) if noise.random() < share]
    changed = list(whole.records)
    for index in dict.fromkeys(chosen):
        place = whole.packet(index)
        if place and len(changed[index]) >= place:
            size = struct.unpack_from(whole.order + "I", changed[index], 8 if whole.kind == "pcap" else min(20, len(changed[index]) - 4))[0]
            packet = changed[index][place : place + size] if place != 12 else changed[index][place:-4]
            changed[index] = _framed(whole, changed[index], place, change(packet)[:60_000])
    return replace(whole, records=tuple(changed))


def _network(packet: bytes) -> tuple[int, int]:
    """Version and place of the IP header behind Ethernet and its tags; 0 where there is none."""
    at = 12
    while packet[at : at + 2] in (b"\x81\x00", b"\x88\xa8"):
        at += 4
    version = {b"\x08\x00": 4, b"\x86\xdd": 6}.get(packet[at : at + 2], 0)
    return (version, at + 2) if len(packet) >= at + 2 + (20 if version == 4 else 40) else (0, at + 2)


def _transport(packet: bytes) -> tuple[int, int]:
    version, at = _network(packet)
    if version == 4:
        return packet[at + 9], at + (packet[at] & 15) * 4
    return (packet[at + 6], at + 40) if version else (0, len(packet))


def lying_network(noise: Random, whole: Pieces) -> Pieces:
    """IPv4's header and total length and fragments; IPv6's payload length and next header."""

    def change(packet: bytes) -> bytes:
        version, at = _network(packet)
        data = bytearray(packet)
        if version == 4:
            which = noise.randrange(4)
            if which == 0:
                data[at] = noise.randrange(256)
            elif which == 3:
                data[at + 9] = noise.randrange(256)
            else:
                struct.pack_into(">H", data, at + (2, 2, 6)[which], noise.choice(_ODD) & 0xFFFF)
        elif version == 6 and noise.random() < 0.6:
            struct.pack_into(">H", data, at + 4, noise.choice(_ODD) & 0xFFFF)
        elif version == 6:
            data[at + 6] = noise.choice((0, 43, 44, 51, 59, 60, 135, noise.randrange(256)))
        return bytes(data)

    return _repacked(noise, whole, change, noise.choice((0, 0, 0.5)))


def lying_transport(noise: Random, whole: Pieces) -> Pieces:
    """TCP's data offset, flags, window, sequence numbers and options; UDP's length."""

    def change(packet: bytes) -> bytes:
        protocol, at = _transport(packet)
        data = bytearray(packet)
        if protocol == 6 and len(data) >= at + 20:
            which = noise.randrange(5)
            if which == 0:
                data[at + 12] = noise.choice((0, 0x10, 0x40, 0x50, 0xF0, noise.randrange(256)))
            elif which == 1:
                data[at + 13] = noise.randrange(256)
            elif which == 2:
                struct.pack_into(">I", data, at + noise.choice((4, 8)), noise.choice((*_ODD, noise.getrandbits(32))))
            elif which == 3:
                struct.pack_into(">H", data, at + 14, noise.choice((0, 1, 0xFFFF)))
            else:
                data[at + 20 : at + 24] = noise.choice((b"\2\0\0\0", b"\3\xff\0\0", b"\5\2\5\2", b"\0\0\2\4"))
        elif protocol == 17 and len(data) >= at + 8:
            struct.pack_into(">H", data, at + 4, noise.choice(_ODD) & 0xFFFF)
        return bytes(data)

    return _repacked(noise, whole, change, noise.choice((0, 0.2, 0.9)))


def lying_application(noise: Random, whole: Pieces) -> Pieces:
    """Lengths and counts of RPC (record marks, strings, lists), BGP (messages, attributes, prefixes) and neighbour discovery (options)."""

    def change(packet: bytes) -> bytes:
        protocol, at = _transport(packet)
        data = bytearray(packet)
        if protocol == 6 and len(data) > at + 13:
            at += (data[at + 12] >> 4) * 4
        elif protocol == 17:
            at += 8
        if len(data) < at + 12:
            return packet
        if protocol == 58:
            data[min(at + noise.choice((8, 16, 24, 25)), len(data) - 1)] = noise.choice((0, 1, 2, 0x7F, 0xFF))
        elif bytes(data[at : at + 16]) == b"\xff" * 16 and len(data) >= at + 23:
            place = noise.choice((16, 17, 18, 19, 20, 21, 22, noise.randrange(19, len(data) - at)))
            data[at + place] = noise.choice((0, 1, 4, 33, 129, 0xFF, noise.randrange(256)))
        else:
            place = at + noise.randrange(0, max(1, (len(data) - at) // 4)) * 4
            if place + 4 <= len(data):
                struct.pack_into(">I", data, place, noise.choice((*_ODD, 0x80000004, 0x00000010, len(data))))
        return bytes(data)

    return _repacked(noise, whole, change, noise.choice((0, 0.2, 0.9)))


def nested(noise: Random, whole: Pieces) -> Pieces:
    """VLAN tags in VLAN tags, packets in packets, extension headers without end, labels without the last."""

    def change(packet: bytes) -> bytes:
        version, at = _network(packet)
        deep = noise.choice((1, 2, 8, 9, 40, 300))
        which = noise.randrange(4)
        if which == 0 or not version:
            tag = noise.choice((b"\x81\x00", b"\x88\xa8", b"\x91\x00")) + struct.pack(">H", noise.randrange(4096))
            return packet[:12] + tag * deep + packet[12:]
        if which == 1 and version == 4:
            size = noise.choice((20, len(packet) & 0xFFFF))
            outer = struct.pack(">BBHHHBBH8s", 0x45, 0, size, 0, 0, 64, 4, 0, packet[at + 12 : at + 20])
            return packet[:at] + outer * deep + packet[at:]
        if which == 2 and version == 6:
            kind = noise.choice((0, 60, 43, 44))
            return packet[: at + 6] + bytes((kind,)) + packet[at + 7 : at + 40] + bytes((kind, 0, 0, 1, 0, 0, 0, 0)) * deep + packet[at + 40 :]
        return packet[: at - 2] + b"\x88\x47" + struct.pack(">I", noise.choice((0x000010FF, 0x000011FF))) * deep + packet[at:]

    return _repacked(noise, whole, change)


def many_ends(noise: Random, whole: Pieces) -> Pieces:
    """Addresses and ports at random in the same packets: as many flows as packets."""

    def change(packet: bytes) -> bytes:
        version, at = _network(packet)
        _, port = _transport(packet)
        data = bytearray(packet)
        if version and len(data) >= port + 4:
            data[port : port + 4] = noise.choice((noise.randbytes(4), data[port + 2 : port + 4] + data[port : port + 2], b"\0\0\0\0"))
            data[at + (15 if version == 4 else 23)] = noise.randrange(256)
        return bytes(data)

    return _repacked(noise, whole, change, 0.8)


def other_link(noise: Random, whole: Pieces) -> Pieces:
    """The same packets on another link type."""
    links = (0, 9, 12, 101, 104, 108, 113, 127, 228, 229, 249, 276, noise.randrange(1 << 16))
    if whole.kind == "pcap":
        return replace(whole, start=whole.start[:20] + struct.pack(whole.order + "I", noise.choice(links)))
    changed = [
        record[:8] + struct.pack(whole.order + "H", noise.choice(links)) + record[10:]
        if len(record) >= 20 and struct.unpack_from(whole.order + "I", record)[0] == _INTERFACE
        else record
        for record in whole.records
    ]
    return replace(whole, records=tuple(changed))


def compressed(noise: Random, whole: Pieces) -> Pieces:
    """gzip or zstd: whole, cut short, damaged, twice, with something behind it, or of what is far larger inflated."""
    import zstandard

    content = whole.whole()
    if noise.random() < 0.02:
        content += bytes(24 << 20)
    squeezed = noise.choice((gzip.compress, zstandard.ZstdCompressor().compress))(content)
    which = noise.randrange(5)
    if which == 0:
        squeezed = squeezed[: noise.randrange(1, len(squeezed))]
    elif which == 1:
        data = bytearray(squeezed)
        for _ in range(noise.choice((1, 4))):
            data[noise.randrange(len(data))] ^= 1 << noise.randrange(8)
        squeezed = bytes(data)
    elif which == 2:
        squeezed = gzip.compress(squeezed)
    elif which == 3:
        squeezed += noise.choice((bytes(512), squeezed, noise.randbytes(60)))
    return Pieces("other", whole.order, 0, squeezed, ())


MUTATIONS: tuple[Callable[..., Pieces], ...] = (
    flipped, overwritten, words_overwritten, cut_file, cut_records, lying_records, absurd_times, reordered, repeated, removed, turned_half_way,
    spliced, sections_again, lying_options, lying_network, lying_network, lying_transport, lying_transport, lying_application, lying_application,
    lying_application, nested, nested, many_ends, other_link,
)  # fmt: skip
