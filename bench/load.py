"""Large captures to measure with, written by templates: a gigabyte in seconds, the same bytes every time.

mixed    bulk TCP on 3260, 445, 2049 and 443 (four connections each, 1448 bytes a segment, every second acknowledged), and
         hidden in it one denied NFS mount, one neighbour advertisement whose frame came from another MAC address than
         it names, and one BGP announcement whose next hop lies within the prefix it announces
nfs      NFSv3 on 2049: READ calls and 32 KB replies, every tenth call a GETATTR
"""

from __future__ import annotations

import struct
from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

FIXTURE = Path(__file__).parents[1] / "fixtures/captures/nfs.mount-denied/over-tcp.pcap"
HEADER = struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 262144, 1)
RECORD = struct.Struct("<IIII")
DENIAL = 16  # the frame of the fixture that says why the mount fails
PORTS = (3260, 445, 2049, 443)
CLIENTS = 4
DATA = 1448
STARTED = 1_700_000_000
Matrix = npt.NDArray[np.uint8]


def tcp(source: tuple[int, int], destination: tuple[int, int], payload: bytes = b"", flags: int = 0x10, window: int = 501) -> bytes:
    """Ethernet, IPv4, TCP with a timestamp option; `source` and `destination` are the last byte of 198.18.0.0/24 and a port."""
    options = bytes.fromhex("0101080a0000000100000001")
    segment = struct.pack(">HHIIBBHHH", source[1], destination[1], 0, 1, 0x80, flags, window, 0, 0) + options + payload
    header = struct.pack(
        ">BBHHHBBH4s4s", 0x45, 0, 20 + len(segment), 1, 0x4000, 64, 6, 0, bytes((198, 18, 0, source[0])), bytes((198, 18, 0, destination[0]))
    )
    total = sum(struct.unpack(">10H", header))
    checksum = 0xFFFF ^ ((total & 0xFFFF) + (total >> 16))
    return _ether(source[0], destination[0]) + header[:10] + struct.pack(">H", checksum) + header[12:] + segment


def _ether(source: int, destination: int, kind: int = 0x0800) -> bytes:
    return bytes((2, 0, 0, 0, 0, destination, 2, 0, 0, 0, 0, source)) + struct.pack(">H", kind)


def record(frame: bytes, seconds: float = 0) -> bytes:
    return RECORD.pack(STARTED + int(seconds), int(seconds % 1 * 1e6), len(frame), len(frame)) + frame


def _put(rows: Matrix, at: int, values: npt.NDArray[np.int64], form: str) -> None:
    rows[:, at : at + 4] = values.astype(form).view(np.uint8).reshape(-1, 4)


class Sent(NamedTuple):
    """A frame of a round: its sender gets `step` bytes further with a whole round, `before` of them before this frame; the other end likewise."""

    frame: bytes
    step: int
    before: int
    other_step: int
    other_before: int
    xid_at: int = 0  # where the transaction id of an RPC message lies, which no two rounds share
    xid: int = 0


class Written(NamedTuple):
    """How many frames a capture has, and in which of them each hidden fault is proved."""

    frames: int
    hidden: dict[str, int]


class Bulk:
    """Rounds of many records with growing sequence numbers and times: `rounds(count)` gives the bytes of that many."""

    def __init__(self, frames: list[Sent]) -> None:
        self._sent = frames
        self._row = np.frombuffer(b"".join(record(sent.frame) for sent in frames), np.uint8)
        lengths = [RECORD.size + len(sent.frame) for sent in frames]
        self._places = [sum(lengths[:index]) for index in range(len(lengths))]
        self.length, self.frames, self._done = len(self._row), len(frames), 0

    def rounds(self, count: int) -> bytes:
        rows = np.repeat(self._row[None], count, axis=0)
        numbers = np.arange(self._done, self._done + count, dtype=np.int64)
        for index, (place, sent) in enumerate(zip(self._places, self._sent, strict=True)):
            ticks = (numbers * self.frames + index) * 12
            _put(rows, place, STARTED + ticks // 1_000_000, "<u4")
            _put(rows, place + 4, ticks % 1_000_000, "<u4")
            _put(rows, place + 16 + 38, (numbers * sent.step + sent.before + 1) & 0xFFFFFFFF, ">u4")
            _put(rows, place + 16 + 42, (numbers * sent.other_step + sent.other_before + 1) & 0xFFFFFFFF, ">u4")
            if sent.xid_at:
                _put(rows, place + 16 + sent.xid_at, numbers * 1000 + sent.xid, ">u4")
        self._done += count
        return rows.tobytes()


def mixed(path: Path, size: int) -> Written:
    """Write `size` bytes or a little more."""
    data, frames = bytes(range(256)) * 6, []
    for number in range(len(PORTS) * CLIENTS):
        client, server = (10 + number, 40000 + number), (200 + number % len(PORTS), PORTS[number % len(PORTS)])
        frames += [Sent(tcp(client, server, data[:DATA]), 2 * DATA, at, 0, 0) for at in (0, DATA)]
        frames.append(Sent(tcp(server, client), 0, 0, 2 * DATA, 2 * DATA))
    mount = _mount()
    frames_written, places = _write(path, size, Bulk(frames), [*mount, record(neighbor()), record(announcement())])
    faults = {"nfs.mount-denied": DENIAL - 1, "ndp.source-mac-rewritten": len(mount), "bgp.next-hop-in-own-prefix": len(mount) + 1}
    return Written(frames_written, {cause: places[index] for cause, index in faults.items()})


def nfs(path: Path, size: int) -> Written:
    """READ calls of 32 KB with their replies, and a GETATTR after every tenth."""
    client, server, reads = (10, 700), (200, 2049), 10
    handle = struct.pack(">I", 16) + b"handle of a file"
    calls = [_call(6, handle + struct.pack(">QI", 0, 32768))] * reads + [_call(1, handle)]
    attributes = struct.pack(">III", 1, 1, 0o100644) + bytes(76)
    read = struct.pack(">I", 0) + attributes + struct.pack(">III", 32768, 0, 32768) + bytes(32768)
    replies = [_reply(read)] * reads + [_reply(struct.pack(">I", 0) + attributes[4:])]
    asking, telling = sum(map(len, calls)), sum(map(len, replies))
    frames, asked, told = [], 0, 0
    for xid, (call, reply) in enumerate(zip(calls, replies, strict=True), start=1):
        frames.append(Sent(tcp(client, server, call, 0x18), asking, asked, telling, told, 70, xid))
        asked += len(call)
        for at in range(0, len(reply), DATA):
            part = reply[at : at + DATA]
            frames.append(Sent(tcp(server, client, part, 0x18), telling, told, asking, asked, 0 if at else 70, xid))
            told += len(part)
            if at // DATA % 2:
                frames.append(Sent(tcp(client, server), asking, asked, telling, told))
    return Written(_write(path, size, Bulk(frames), [])[0], {})


def _call(procedure: int, arguments: bytes) -> bytes:
    """NFSv3 with AUTH_SYS of no name, user 0."""
    return _message(struct.pack(">IIIIII", 0, 2, 100003, 3, procedure, 1) + struct.pack(">I", 24) + bytes(24) + bytes(8) + arguments)


def _reply(result: bytes) -> bytes:
    return _message(struct.pack(">IIIII", 1, 0, 0, 0, 0) + result)


def _message(body: bytes) -> bytes:
    return struct.pack(">II", 0x80000000 | len(body) + 4, 0) + body


def _mount() -> list[bytes]:
    content, records, place = FIXTURE.read_bytes(), [], 24
    while place < len(content):
        size = RECORD.size + RECORD.unpack_from(content, place)[2]
        records.append(content[place : place + size])
        place += size
    return records


def neighbor() -> bytes:
    """A neighbour advertisement (RFC 4861) for 2001:db8::1 that names 02:00:00:00:00:99, in a frame from 02:00:00:00:00:01."""
    one, all_nodes = bytes.fromhex("20010db8000000000000000000000001"), bytes.fromhex("ff020000000000000000000000000001")
    body = struct.pack(">BBHI", 136, 0, 0, 0x20000000) + one + bytes.fromhex("0201020000000099")
    total = sum(struct.unpack(f">{(len(body) + 40) // 2}H", one + all_nodes + struct.pack(">II", len(body), 58) + body))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    body = body[:2] + struct.pack(">H", 0xFFFF ^ total) + body[4:]
    return (
        bytes.fromhex("3333000000010200000000018 6dd".replace(" ", "")) + struct.pack(">IHBB", 6 << 28, len(body), 58, 255) + one + all_nodes + body
    )


def announcement() -> bytes:
    """A BGP UPDATE of 203.0.113.0/24 with next hop 203.0.113.7."""
    attributes = bytes.fromhex("40010100") + bytes.fromhex("4002040201fde9") + bytes.fromhex("400304") + bytes((203, 0, 113, 7))
    body = struct.pack(">HH", 0, len(attributes)) + attributes + bytes((24, 203, 0, 113))
    return tcp((5, 41000), (6, 179), b"\xff" * 16 + struct.pack(">HB", len(body) + 19, 2) + body, 0x18)


def _write(path: Path, size: int, bulk: Bulk, hidden: list[bytes]) -> tuple[int, list[int]]:
    """The number of frames, and those of the hidden records."""
    total = max(1, size // bulk.length)
    each, frames, places = max(1, total // (len(hidden) + 1)), 0, []
    with path.open("wb") as out:
        out.write(HEADER)
        for place in range(len(hidden) + 1):
            count = total - each * len(hidden) if place == len(hidden) else each
            while count > 0:
                part = min(count, max(1, (4 << 20) // bulk.length))
                out.write(bulk.rounds(part))
                count, frames = count - part, frames + part * bulk.frames
            if place < len(hidden):
                out.write(hidden[place])
                frames += 1
                places.append(frames)
    return frames, places
