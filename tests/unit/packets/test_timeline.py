"""The timeline: every packet in one bin, whatever the order and width of times; absurd times apart; errors where tshark sees them."""

from __future__ import annotations

import struct
from pathlib import Path

import numpy as np
import pytest
from capture_samples import ether, layers, pcap
from scapy.layers.inet import ICMP, IP, TCP, UDP

from tshoot.cancel import CancelToken
from tshoot.packets.batches import Batch
from tshoot.packets.container import inspect
from tshoot.packets.flows import index
from tshoot.packets.segments import Segments
from tshoot.packets.time_bins import BINS, TimeBins
from tshoot.packets.timeline import ROWS, Timeline

SECOND = 1_000_000_000
YEAR = 366 * 86_400 * SECOND
START = 1_700_000_000 * SECOND
NONE = np.zeros(0, np.int64)


def taken(*batches: list[int], errors: list[int] | None = None) -> Timeline:
    bins, first = TimeBins(), 1
    for times in batches:
        count = len(times)
        zeros = np.zeros(count, np.int64)
        batch = Batch(first, 0, np.zeros(1, np.uint8), zeros, zeros, zeros + 60, zeros + 100, np.array(times, np.int64), zeros + 1)
        nothing = Segments(None, *([NONE] * 10))  # type: ignore[arg-type]
        bins.take(batch, nothing, np.array(errors or [], np.int64))
        first += count
    found = bins.timeline()
    assert found is not None
    return found


def test_all_packets_are_counted_where_they_are_whatever_the_order() -> None:
    times = np.random.default_rng(7).integers(START, START + 3600 * SECOND, 50_000)
    for parts in ([times], np.split(times, 10), np.split(np.sort(times)[::-1], 5)):
        found = taken(*[part.tolist() for part in parts])
        assert sum(found.packets) == 50_000
        assert sum(found.bytes) == 5_000_000
        assert BINS // 2 <= len(found.packets) <= BINS
        place = (times - found.begin_ns) // found.bin_ns
        assert found.packets == tuple(np.bincount(place, minlength=len(found.packets)).tolist())


def test_the_first_packet_is_where_wireshark_counts_from() -> None:
    found = taken([START + 5, START], [START + SECOND])
    assert found.first_ns == START + 5
    assert found.begin_ns <= START


@pytest.mark.parametrize("far", [0, -(1 << 61), 1 << 62, START + 2 * YEAR])
def test_absurd_times_squeeze_nothing(far: int) -> None:
    usual = [START + at * SECOND for at in range(100)]
    found = taken([*usual, far], [far, *usual])
    assert found.outside == 2
    assert sum(found.packets) == 200
    assert found.span_ns < 200 * SECOND


def test_one_moment_is_one_bin() -> None:
    found = taken([START] * 9)
    assert found.packets == (9,)


def test_errors_outside_the_bins_are_not_misplaced() -> None:
    assert sum(taken([START, START + SECOND], errors=[0, START]).icmp_errors) == 1


def test_rows_hold_what_the_flow_index_counts(tmp_path: Path) -> None:
    there, back = IP(src="192.0.2.1", dst="192.0.2.2"), IP(src="192.0.2.2", dst="192.0.2.1")
    data = there / TCP(sport=5, dport=6, flags="A", seq=100) / (b"x" * 50)
    packets = layers(
        ether() / data,
        ether() / data,
        ether() / data,
        ether() / back / TCP(sport=6, dport=5, flags="A", window=0),
        ether() / back / TCP(sport=6, dport=5, flags="R", window=0),
        ether() / back / ICMP(type=3, code=1) / IP(src="192.0.2.1", dst="192.0.2.9") / UDP(dport=53),
    )
    path = tmp_path / "c.pcap"
    path.write_bytes(pcap(packets, step=1.0))
    with inspect(path, CancelToken()) as container:
        found = index(container, CancelToken()).timeline
    assert found is not None
    assert {row: sum(getattr(found, row)) for row in ROWS} == {
        "packets": 6,
        "bytes": sum(map(len, packets)),
        "retransmissions": 2,
        "zero_windows": 1,
        "resets": 1,
        "icmp_errors": 1,
    }
    again = [begin for begin, count in enumerate(found.retransmissions) if count]
    assert [round(((found.begin_ns + bin_ * found.bin_ns) - START) / SECOND) for bin_ in again] == [1, 2]


def test_frames_without_packets_have_no_time(tmp_path: Path) -> None:
    custom = struct.pack("<IIII", 0xBAD, 16, 1, 16)
    section = struct.pack("<IIIHHqI", 0x0A0D0D0A, 28, 0x1A2B3C4D, 1, 0, -1, 28)
    path = tmp_path / "c.pcapng"
    path.write_bytes(section + custom)
    with inspect(path, CancelToken()) as container:
        assert index(container, CancelToken()).timeline is None
