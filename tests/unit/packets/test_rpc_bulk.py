"""What is left out of NFS never changes what the detector says: fixtures, public captures, and streams made to hide things."""

from __future__ import annotations

import random
import shutil
import struct
from collections.abc import Iterator
from pathlib import Path

import pytest
from capture_samples import PUBLIC, pcap, public_captures

from tests.thorough import sample
from tshoot.cancel import CancelToken
from tshoot.packets import batches, prefilter, rpc_bulk
from tshoot.packets.analysis import Analysis, analyze_capture
from tshoot.packets.container import inspect
from tshoot.packets.detect import detectors
from tshoot.packets.reading import Reading

FIXTURES = Path(__file__).parents[3] / "fixtures" / "captures"
OF_NFS = [*sorted(FIXTURES.glob("nfs.*/*.pcap")), *sorted(FIXTURES.glob("path.*/*.pcap"))[::9], *sorted(FIXTURES.glob("healthy/*.pcap"))[::6]]
CAPTURES = {path.parent.name + "/" + path.stem: path for path in OF_NFS}
PUBLIC_NFS = {row["file"]: PUBLIC / row["file"] for row in public_captures() if row["file"].startswith(("nfs/", "healthy_nfs/"))}

needs_tshark = pytest.mark.skipif(shutil.which("tshark") is None, reason="tshark is not installed")


def nfs(path: Path) -> Analysis:
    return analyze_capture(path, families=["nfs"], cancel=CancelToken())


@needs_tshark
@pytest.mark.parametrize(("kept", "piece"), [(0, 3000)], ids=["sampled from the first call on"])  # as shipped: tests of detectors
@pytest.mark.parametrize("name", [*sample(CAPTURES, 4), *sample(PUBLIC_NFS, 2)])
def test_the_verdict_is_the_same(name: str, kept: int, piece: int, monkeypatch: pytest.MonkeyPatch) -> None:
    path = {**CAPTURES, **PUBLIC_NFS}[name]
    monkeypatch.setattr(prefilter, "LARGE_PACKETS", 1 << 40)
    whole = nfs(path)
    monkeypatch.setattr(prefilter, "LARGE_PACKETS", 0)
    monkeypatch.setattr(rpc_bulk, "KEPT", kept)
    monkeypatch.setattr(batches, "PIECE", piece)
    narrowed = nfs(path)
    assert narrowed.verdict.kind == whole.verdict.kind
    assert narrowed.verdict.cause == whole.verdict.cause
    assert [(found.cause, found.severity, found.frames) for found in narrowed.findings] == [
        (found.cause, found.severity, found.frames) for found in whole.findings
    ]
    if kept:
        assert narrowed.seen == whole.seen
    else:
        assert {name for name, count in narrowed.seen.items() if count} == {name for name, count in whole.seen.items() if count}


# --- streams made here ---

HANDLE = struct.pack(">I", 8) + b"a handle"


def call(xid: int, procedure: int, more: bytes = b"") -> bytes:
    return message(xid, struct.pack(">IIIIII", 0, 2, 100003, 3, procedure, 0) + bytes(12) + HANDLE + more)


def reply(xid: int, status: int = 0, more: bytes = b"") -> bytes:
    return message(xid, struct.pack(">IIIIII", 1, 0, 0, 0, 0, status) + more)


def message(xid: int, body: bytes) -> bytes:
    return struct.pack(">II", 0x80000000 | len(body) + 4, xid) + body


def read_data(count: int) -> bytes:
    return struct.pack(">I", 0) + struct.pack(">III", count, 1, count) + bytes(count)


READ = struct.pack(">QI", 0, 4096)


def frame(payload: bytes, sequence: int, from_server: bool, flags: int = 0x18) -> bytes:
    ports = (2049, 700) if from_server else (700, 2049)
    segment = struct.pack(">HHIIBBHHH", *ports, sequence & 0xFFFFFFFF, 1, 0x50, flags, 500, 0, 0) + payload
    ends = (bytes((192, 0, 2, 2)), bytes((192, 0, 2, 1)))
    header = struct.pack(">BBHHHBBH", 0x45, 0, 20 + len(segment), 1, 0x4000, 64, 6, 0) + (ends[0] + ends[1] if from_server else ends[1] + ends[0])
    return bytes.fromhex("0200000000020200000000010800") + header + segment


class Talk:
    """Two directions; `ask` and `answer` append bytes as segments of at most `room` bytes, and give the numbers of the frames."""

    def __init__(self, start: int = 1000) -> None:
        self.packets: list[bytes] = []
        self._next = [start, start]

    def say(self, payload: bytes, from_server: bool = False, room: int = 1448) -> list[int]:
        numbers = []
        for at in range(0, len(payload), room):
            part = payload[at : at + room]
            self.packets.append(frame(part, self._next[from_server], from_server))
            self._next[from_server] += len(part)
            numbers.append(len(self.packets))
        return numbers

    def skip(self, count: int, from_server: bool = False) -> None:
        self._next[from_server] += count

    def reads(self, xids: range) -> None:
        for xid in xids:
            self.say(call(xid, 6, READ))
            self.say(reply(xid, 0, read_data(4096)), True)


@pytest.fixture
def kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[object]:
    """The numbers that are kept of a talk, the same for pieces of any size."""

    def numbers(talk: Talk) -> list[int]:
        path, cancel = tmp_path / "talk.pcap", CancelToken()
        path.write_bytes(pcap(talk.packets))
        found = []
        for piece in (8 << 20, 2000, 5000):
            monkeypatch.setattr(batches, "PIECE", piece)
            reading = Reading(detectors(["nfs"]), cancel)
            with inspect(path, cancel, reading.take):
                pass
            found.append(reading._selection.frames()[:, 0].tolist())
        assert found[0] == found[1] == found[2]
        return found[0]

    yield numbers


def test_reads_that_succeed_are_left_out(kept) -> None:
    talk = Talk()
    talk.reads(range(1, 40))
    assert kept(talk) == []
    asked = talk.say(call(50, 1))
    told = talk.say(reply(50, 0, bytes(84)), True)
    talk.reads(range(60, 70))
    assert kept(talk) == [*asked, *told]


def test_a_read_that_fails_is_kept_with_its_call(kept) -> None:
    talk = Talk()
    talk.reads(range(1, 9))
    wanted = talk.say(call(50, 6, READ)) + talk.say(reply(50, 70, bytes(4)), True)
    talk.reads(range(60, 70))
    assert kept(talk) == wanted


def test_a_write_of_many_segments_that_fails_is_kept_whole(kept) -> None:
    talk = Talk()
    for xid in range(1, 9):
        talk.say(call(xid, 7, struct.pack(">QIII", 0, 9000, 0, 9000) + bytes(9000)))
        talk.say(reply(xid, 0, bytes(100)), True)
    wanted = talk.say(call(50, 7, struct.pack(">QIII", 0, 9000, 0, 9000) + bytes(9000))) + talk.say(reply(50, 13, bytes(8)), True)
    talk.say(call(60, 7, struct.pack(">QIII", 0, 9000, 0, 9000) + bytes(9000)))
    assert kept(talk) == wanted


def test_a_message_that_begins_within_a_segment_is_kept_with_what_leads_to_it(kept) -> None:
    talk = Talk()
    for xid in (1, 2, 3):
        talk.say(call(xid, 6, READ))
    asked = talk.say(call(4, 3, b"\0\0\0\1f\0\0\0"))
    stream = b"".join(reply(xid, 0, read_data(4096)) for xid in (1, 2, 3)) + reply(4, 2, bytes(4))
    told = talk.say(stream, True)
    begins = {0, 4136 // 1448, 8272 // 1448, 12408 // 1448}
    assert kept(talk) == [*asked, *(told[index] for index in sorted(begins))]


@needs_tshark
def test_what_is_left_is_decoded_by_tshark(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(prefilter, "LARGE_PACKETS", 0)
    talk = Talk()
    for turn in range(3):
        xids = [turn * 10 + xid for xid in range(5)]
        for xid in xids:
            talk.say(call(xid, 6, READ) if xid % 10 < 4 else call(xid, 1))
        talk.say(b"".join(reply(xid, 0, read_data(4096)) for xid in xids[:-1]) + reply(xids[-1], 70), True)
    path = tmp_path / "talk.pcap"
    path.write_bytes(pcap(talk.packets))
    found = nfs(path)
    assert [(finding.cause, finding.severity) for finding in found.findings] == [("nfs.stale-handle", "fault")]
    assert found.seen["nfs.failed"] == 3


def test_after_a_gap_the_next_message_is_found(kept) -> None:
    talk = Talk(0xFFFFF000)  # sequence numbers wrap
    talk.reads(range(1, 4))
    talk.skip(5000, True)
    wanted = talk.say(reply(77, 13), True)
    talk.reads(range(90, 95))
    assert kept(talk) == wanted


def test_bytes_that_are_no_messages_are_left_out_and_odd_ones_kept(kept) -> None:
    talk = Talk()
    talk.say(bytes(20_000))
    talk.say(b"\xff" * 20_000, True)
    assert kept(talk) == []
    odd = talk.say(message(5, struct.pack(">IIIIII", 1, 1, 1, 5, 0, 0)), True)  # MSG_DENIED, AUTH_ERROR
    assert kept(talk) == odd


def test_handshakes_and_ends_are_kept_and_acknowledgements_are_not(kept) -> None:
    talk = Talk()
    talk.packets += [
        frame(b"", 1, False, 2),
        frame(b"", 1, True, 0x12),
        frame(b"", 2, False, 0x10),
        frame(b"", 2, False, 0x11),
        frame(b"", 2, True, 4),
    ]
    assert kept(talk) == [1, 2, 4, 5]


def test_successes_beyond_the_first_are_sampled_first_and_last(kept, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rpc_bulk, "KEPT", 3)
    talk, numbers = Talk(), []
    for xid in range(1, 60):
        numbers.append(talk.say(call(xid, 1)) + talk.say(reply(xid, 0, bytes(84)), True))
    failed = talk.say(call(90, 1)) + talk.say(reply(90, 70), True)
    expected = [*numbers[0], *numbers[1], *numbers[2], *numbers[3], *numbers[4], *numbers[58], *failed]
    assert kept(talk) == expected


def test_calls_that_are_not_answered_are_kept(kept, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rpc_bulk, "KEPT", 0)
    talk = Talk()
    talk.reads(range(1, 9))
    assert kept(talk) == []
    assert kept_after(talk, kept) == [len(talk.packets)]


def kept_after(talk: Talk, kept) -> list[int]:
    talk.say(call(99, 1))
    return kept(talk)


def test_snapped_replies_are_kept(tmp_path: Path) -> None:
    """Where the status was not captured, nothing says that it was a success."""
    talk = Talk()
    talk.reads(range(1, 9))
    data = pcap([])
    for packet in talk.packets:
        data += struct.pack("<IIII", 1, 0, min(len(packet), 80), len(packet)) + packet[:80]
    path, cancel = tmp_path / "snapped.pcap", CancelToken()
    path.write_bytes(data)
    reading = Reading(detectors(["nfs"]), cancel)
    with inspect(path, cancel, reading.take):
        pass
    numbers = reading._selection.frames()[:, 0].tolist()
    replies = [number for number, packet in enumerate(talk.packets, 1) if packet[34:36] == b"\x08\x01" and packet[62:66] == bytes((0, 0, 0, 1))]
    assert len(replies) == 8
    assert set(replies) <= set(numbers)


def test_mutated_streams_are_followed_to_their_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    noise, cancel, path = random.Random(5), CancelToken(), tmp_path / "mutated.pcap"
    monkeypatch.setattr(batches, "PIECE", 4000)
    talk = Talk()
    talk.reads(range(1, 9))
    talk.say(call(50, 1))
    talk.say(reply(50), True)
    for _ in range(150):
        packets = [bytearray(packet) for packet in talk.packets]
        for _ in range(noise.randint(1, 30)):
            packet = noise.choice(packets)
            packet[noise.randrange(14, min(len(packet), 90))] = noise.choice((0, 1, 0x80, 0xFF, noise.randrange(256)))
        noise.shuffle(packets) if noise.random() < 0.2 else None
        path.write_bytes(pcap([bytes(packet) for packet in packets]))
        reading = Reading(detectors(["nfs"]), cancel)
        with inspect(path, cancel, reading.take) as container:
            pass
        numbers = reading._selection.frames()[:, 0]
        assert ((numbers >= 1) & (numbers <= container.packets)).all()
        assert (numbers[1:] > numbers[:-1]).all()
