"""Loss and closed windows: each threshold at its edge, what is not loss, and time that grows with the capture alone."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
from capture_samples import ether, layers, pcap, work_of
from flow_samples import OTHER, flow, index, lossy, side, stalled
from scapy.layers.inet import IP, TCP
from scapy.layers.inet6 import IPv6

from tshoot.cancel import CancelToken
from tshoot.errors import CaptureFileError
from tshoot.packets import flows
from tshoot.packets.analysis import analyze_capture
from tshoot.packets.container import inspect
from tshoot.packets.detect import detectors
from tshoot.packets.detect.tcp import DETECTOR
from tshoot.packets.flows import Flow, FlowIndex

CAPTURES = Path(__file__).parents[3] / "fixtures" / "captures"


def told(*found: Flow) -> list[tuple[str, str]]:
    return [(finding.cause, finding.severity) for finding in DETECTOR.judge_flows(index(*found)).findings]


@pytest.mark.parametrize(
    ("sent", "again", "severity"),
    [
        (200, 10, "fault"), (50, 10, "fault"), (49, 10, "warning"), (201, 10, "warning"), (100, 9, "warning"), (100, 3, "warning"), (101, 3, ""),
        (10, 3, "warning"), (10, 2, ""), (400, 11, ""),
    ],
)  # fmt: skip
def test_loss_needs_a_share_and_enough_segments_to_be_one(sent: int, again: int, severity: str) -> None:
    assert told(lossy(sent, again)) == ([("tcp.retransmissions", severity)] if severity else [])


def test_loss_is_summed_over_the_connections_of_two_hosts_and_of_no_others() -> None:
    small = [lossy(25, 5, source=40000 + number) for number in range(2)]
    assert told(*small) == [("tcp.retransmissions", "fault")]
    assert told(small[0], lossy(25, 5, to=OTHER)) == [("tcp.retransmissions", "warning")] * 2


def test_copies_and_syns_are_no_loss() -> None:
    assert told(lossy(100, 0, copies=100)) == []
    asked = side(1, 8, 0, 9, syns=8, segments=8, retransmissions=7, syn_frames=tuple(range(1, 9)), retransmission_frames=tuple(range(2, 9)))
    assert told(flow(asked, side(9, 1, 9, syn_acks=1, segments=1))) == []


@pytest.mark.parametrize(
    ("stalls", "lasts", "severity"),
    [
        ([(1, 6.0)], 1000, "fault"), ([(1, 5.9)], 1000, "warning"), ([(1, 2.5), (4, 5.5)], 15, "fault"), ([(1, 2.5), (4, 5.5)], 15.1, "warning"),
        ([(1, 1.5), (4, 4.5)], 30, "warning"), ([(1, 1.5)], 30, ""), ([(n, n + 0.49) for n in range(12)], 13, ""), ([(4, 0)], 9, "fault"), ([(9, 0)], 9, ""),
    ],
)  # fmt: skip
def test_a_closed_window_counts_by_its_time(stalls: list[tuple[float, float]], lasts: float, severity: str) -> None:
    assert told(stalled(*stalls, lasts=lasts)) == ([("tcp.zero-window", severity)] if severity else [])


def test_nobody_waits_where_nothing_was_sent() -> None:
    assert told(stalled((1, 60), payload=0)) == []


def of(tmp_path: Path, packets: list[bytes], step: float) -> FlowIndex:
    path = tmp_path / "c.pcap"
    path.write_bytes(pcap(packets, step=step))
    with inspect(path, CancelToken()) as container:
        return flows.index(container, CancelToken())


def sent(seq: int, number: int, *, six: bool = False, ttl: int = 64) -> object:
    network = IPv6(src="2001:db8::1", dst="2001:db8::2", hlim=ttl) if six else IP(src="192.0.2.1", dst="192.0.2.2", id=number, ttl=ttl)
    return ether() / network / TCP(sport=40000, dport=80, flags="A", seq=seq, ack=1) / bytes(100)


@pytest.mark.parametrize(
    ("step", "number", "six", "copies"),
    [(0.0029, 7, False, 1), (0.0031, 7, False, 0), (0.0009, 8, False, 0), (0.0009, 7, True, 1), (0.0011, 7, True, 0)],
)
def test_the_same_packet_again_at_once_is_a_copy(tmp_path: Path, step: float, number: int, six: bool, copies: int) -> None:
    [found] = of(tmp_path, layers(sent(1000, 7, six=six), sent(1000, number, six=six, ttl=63)), step).tcp()
    assert (found.from_client.retransmissions, found.from_client.copies) == (1, copies)


@pytest.mark.parametrize(("between", "copies"), [(7, 8), (8, 0)])
def test_copies_are_looked_for_eight_segments_back(tmp_path: Path, between: int, copies: int) -> None:
    burst = [sent(1000 + 100 * number, number + 1) for number in range(between + 1)]
    [found] = of(tmp_path, layers(*burst, *burst), 0.0001).tcp()
    assert found.from_client.copies == copies


def test_data_that_was_acknowledged_and_not_captured_is_counted(tmp_path: Path) -> None:
    back = ether() / IP(src="192.0.2.2", dst="192.0.2.1") / TCP(sport=80, dport=40000, flags="A", seq=1, ack=1500)
    [found] = of(tmp_path, layers(sent(1000, 1), sent(1200, 2), sent(1400, 3), back), 0.1).tcp()
    assert found.from_client.unseen == 2
    [found] = of(tmp_path, layers(sent(1000, 1), sent(1200, 2), sent(1100, 3), back), 0.1).tcp()
    assert found.from_client.unseen == 0


def test_it_works_where_tshark_is_missing(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    analysis = analyze_capture(CAPTURES / "tcp.zero-window" / "reader-hangs.pcap", families=["tcp"], cancel=CancelToken())
    assert (analysis.verdict.cause, analysis.partial) == ("tcp.zero-window", False)
    assert analyze_capture(CAPTURES / "healthy" / "tcp-wireless.pcap", families=["tcp"], cancel=CancelToken()).verdict.kind == "healthy"


def test_mutated_captures_never_end_a_detector(tmp_path: Path) -> None:
    noise, path = random.Random(5), tmp_path / "mutated.pcap"
    sources = [file.read_bytes() for file in sorted(CAPTURES.glob("path.*/*.pcap")) + sorted(CAPTURES.glob("tcp.*/*.pcap"))]
    judged = [detector for detector in detectors(["path", "tcp"]) if hasattr(detector, "judge_flows")]
    for _ in range(150):
        data = bytearray(noise.choice(sources))
        for _ in range(noise.randint(1, 80)):
            data[noise.randrange(24, len(data))] = noise.choice((0, 0xFF, noise.randrange(256)))
        path.write_bytes(data[: noise.randrange(len(data) // 2, len(data) + 1)])
        try:
            with inspect(path, CancelToken()) as container:
                found = flows.index(container, CancelToken())
        except CaptureFileError:
            continue
        for detector in judged:
            for finding in detector.judge_flows(found).findings:  # type: ignore[attr-defined]
                assert all(1 <= frame <= found.packets for frame in finding.frames)
                assert finding.explanation
                assert finding.display_filter


def work(count: int) -> int:
    many = index(*(lossy(60, 10, source=number, by=f"10.{number >> 16}.{number >> 8 & 255}.{number & 255}") for number in range(count)))
    return work_of(lambda: [detector.judge_flows(many) for detector in detectors(["path", "tcp"])])  # type: ignore[attr-defined]


def test_work_grows_with_the_flows_and_no_faster() -> None:
    assert work(8_000) < 12 * work(1_000)  # a square law would need 64
