"""Ports and hosts that stay silent, refuse or answer another way: each threshold at its edge, each look-alike beside it."""

from __future__ import annotations

from pathlib import Path

import pytest
from capture_samples import ether, layers, pcap, section
from flow_samples import CLIENT, OTHER, SERVER, flow, index, refused, served, side, tried
from scapy.layers.inet import ICMP, IP, TCP, UDP
from scapy.layers.inet6 import IPv6

from tshoot.cancel import CancelToken
from tshoot.packets.analysis import Analysis, analyze_capture
from tshoot.packets.detect.path import DETECTOR
from tshoot.packets.flows import Flow, IcmpError, Side

AROUND = served(1, port=80, to=OTHER)  # somebody answers this client
ALIVE = served(5, port=22)  # the server speaks


def told(*flows: Flow, **more: object) -> list[tuple[str, str]]:
    return [(finding.cause, finding.severity) for finding in DETECTOR.judge_flows(index(*flows, **more)).findings]


@pytest.mark.parametrize(
    ("flows", "expected"),
    [
        pytest.param([ALIVE, tried(20, 3, 1, 3.5)], [("path.filtered", "fault")], id="three-syns"),
        pytest.param([ALIVE, tried(20, 2, 1, 9)], [], id="two-syns-may-be-lost"),
        pytest.param([ALIVE, tried(20, 3, 1, 3.4)], [], id="three-syns-too-soon"),
        pytest.param([ALIVE, *(tried(20 + n, 1, n, n, source=50000 + n) for n in range(4))], [("path.filtered", "fault")], id="several-attempts"),
        pytest.param([AROUND, tried(20, 4, 1, 6)], [("path.unreachable", "fault")], id="host-silent"),
        pytest.param([AROUND, tried(20, 3, 1, 6)], [], id="host-silent-three-syns"),
        pytest.param([AROUND, tried(20, 4, 1, 5.9)], [], id="host-silent-too-soon"),
        pytest.param([tried(20, 9, 1, 60)], [], id="nobody-answers-this-client"),
        pytest.param([ALIVE, served(50, to=OTHER), tried(20, 4, 1, 9)], [("path.filtered", "warning")], id="next-address-serves"),
        pytest.param([ALIVE, served(50, at=20), tried(20, 4, 1, 9)], [("path.filtered", "warning")], id="opens-later"),
        pytest.param([ALIVE, *(tried(20 + 4 * n, 4, 1, 9, port=1000 + n) for n in range(10))], [("path.filtered", "fault")] * 10, id="ten-ports"),
        pytest.param([ALIVE, *(tried(20 + 4 * n, 4, 1, 9, port=1000 + n) for n in range(11))], [("path.filtered", "warning")], id="scan"),
        pytest.param([*(refused(20 + n, n, source=5000 + n) for n in range(3))], [("path.refused", "fault")], id="refused"),
        pytest.param([*(refused(20 + n, n * 0.9, source=5000 + n) for n in range(3))], [], id="refused-too-soon"),
        pytest.param([refused(20, 0), refused(24, 9, source=41000)], [], id="refused-twice"),
        pytest.param([refused(20, 0, syns=3)], [], id="refused-as-windows-tries"),
        pytest.param([*(refused(20 + n, n, source=5000 + n) for n in range(3)), served(90, at=9)], [("path.refused", "warning")], id="restarted"),
    ],
)
def test_attempts(flows: list[Flow], expected: list[tuple[str, str]]) -> None:
    assert told(*flows) == expected


def test_what_icmp_reports_is_told_by_its_report_alone() -> None:
    report = IcmpError(40, 0, 4, 3, 1, "192.0.2.254", CLIENT, protocol="tcp", source=CLIENT, destination=SERVER, destination_port=443)
    assert told(AROUND, tried(20, 4, 1, 9), icmp_errors=(report,)) == [("path.unreachable", "warning")]


HALF = flow(side(20, 9, 2, 3, syns=1, segments=4, payload=500, syn_frames=(20,)), Side())
ANSWER = side(30, 6, 2, 3, syn_acks=1, segments=4, payload=900, syn_frames=(30,))


@pytest.mark.parametrize(
    ("flows", "more", "expected"),
    [
        pytest.param([AROUND, HALF], {}, [("path.asymmetric", "warning")], id="client-goes-on"),
        pytest.param([AROUND, flow(Side(), ANSWER)], {}, [("path.asymmetric", "warning")], id="answer-without-question"),
        pytest.param([served(1, at=1.5), flow(Side(), ANSWER)], {}, [], id="begins-with-the-capture"),
        pytest.param([HALF], {}, [], id="nothing-two-way"),
        pytest.param([served(1, by="203.0.113.9", to="203.0.113.8"), HALF], {}, [], id="two-way-among-others"),
        pytest.param([AROUND, HALF], {"unread": 9}, [], id="unread-frames"),
        pytest.param([AROUND, HALF, flow(side(60, 3), Side(), protocol="47")], {}, [], id="tunnels"),
        pytest.param([AROUND, flow(side(20, 9, 2, 3, segments=4, payload=500), Side())], {}, [], id="older-than-the-capture"),
        pytest.param([AROUND, flow(Side(), side(30, 3, 2, 9, syn_acks=3))], {}, [], id="answers-to-spoofed-syns"),
    ],
)
def test_one_side_seen(flows: list[Flow], more: dict[str, object], expected: list[tuple[str, str]]) -> None:
    assert told(*flows, **more) == expected


@pytest.mark.parametrize(("syns", "answers", "seconds", "found"), [(3, 3, 2.5, True), (2, 3, 9, False), (3, 2, 9, False), (3, 3, 2.4, False)])
def test_answers_that_never_arrive(syns: int, answers: int, seconds: float, found: bool) -> None:
    asked = side(20, syns, 0, seconds, syns=syns, syn_frames=(20, 22, 24))
    answered = side(21, answers, 0, seconds, syn_acks=answers, syn_frames=(21, 23, 25))
    assert told(flow(asked, answered)) == [("path.asymmetric", "fault")] * found


def analysis(tmp_path: Path, packets: list[object], step: float = 0.5) -> Analysis:
    path = tmp_path / "c.pcap"
    path.write_bytes(pcap(layers(*packets), step=step))
    return analyze_capture(path, families=["path"], cancel=CancelToken())


def said(client: bool, flags: str, seq: int = 0, ack: int = 0, ttl: int = 60, data: bytes = b"", six: bool = False) -> object:
    ends = ("2001:db8::1", "2001:db8::2") if six else ("192.0.2.1", "192.0.2.2")
    source, destination = ends if client else ends[::-1]
    network = IPv6(src=source, dst=destination, hlim=ttl) if six else IP(src=source, dst=destination, ttl=ttl)
    ports = {"sport": 40000, "dport": 80} if client else {"sport": 80, "dport": 40000}
    return ether() / network / TCP(**ports, flags=flags, seq=seq, ack=ack) / data


def conversation(ttl: int, *, goes_on: bool = True, six: bool = False) -> list[object]:
    packets = [said(True, "S", 99, six=six), said(False, "SA", 499, 100, six=six), said(True, "PA", 100, 500, data=b"ask", six=six)]
    packets.append(said(False, "R", 500, 0, ttl, six=six))
    return [*packets, said(False, "PA", 500, 103, data=b"answer", six=six)] if goes_on else packets


@pytest.mark.parametrize("six", [False, True])
@pytest.mark.parametrize(("ttl", "goes_on", "found"), [(62, True, True), (58, True, True), (61, True, False), (60, True, False), (50, False, False)])
def test_resets_of_another(tmp_path: Path, ttl: int, goes_on: bool, found: bool, six: bool) -> None:
    findings = analysis(tmp_path, conversation(ttl, goes_on=goes_on, six=six)).findings
    assert [(one.cause, one.severity) for one in findings] == [("path.reset-injected", "fault")] * found
    if found:
        assert findings[0].frames == (4, 5)
        assert (findings[0].facts["ttl"], findings[0].facts["usual_ttl"]) == (ttl, 60)


def test_a_sender_whose_packets_come_over_several_ways_proves_nothing(tmp_path: Path) -> None:
    packets = [*conversation(64), said(False, "PA", 506, 103, 64, b"more")]
    assert not analysis(tmp_path, packets).findings


@pytest.mark.parametrize(
    ("times", "port", "by", "found"),
    [
        (3, 5353, "192.0.2.2", True),
        (2, 5353, "192.0.2.2", False),
        (3, 40001, "192.0.2.2", False),
        (3, 5353, "192.0.2.9", False),
        (3, 33440, "192.0.2.2", False),
    ],
)
def test_a_udp_port_that_is_asked_again_and_again_is_a_note(tmp_path: Path, times: int, port: int, by: str, found: bool) -> None:
    asked = IP(src="192.0.2.1", dst="192.0.2.2") / UDP(sport=4000, dport=port)
    findings = analysis(tmp_path, [ether() / IP(src=by, dst="192.0.2.1") / ICMP(type=3, code=3) / asked] * times, step=0.6).findings
    assert [(one.cause, one.severity) for one in findings] == [("path.refused", "note")] * found


def test_reports_are_found_without_tshark(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """And told once where there is one: the frames are the same."""
    asked = IP(src="192.0.2.1", dst="198.51.100.2") / TCP(sport=4000, dport=443, flags="S")
    packets = [ether() / IP(src="192.0.2.254", dst="192.0.2.1") / ICMP(type=3, code=13) / asked] * 3
    both = analysis(tmp_path, packets).findings
    monkeypatch.setenv("PATH", str(tmp_path))
    alone = analysis(tmp_path, packets)
    assert both == alone.findings
    assert [(one.cause, one.frames, one.facts["port"]) for one in both] == [("path.filtered", (1, 2, 3), 443)]


def test_an_unanswered_client_alone_is_not_decided_and_why_is_said(tmp_path: Path) -> None:
    verdict = analysis(tmp_path, [said(True, "S", 99)] * 4, step=2).verdict
    assert verdict.kind == "inconclusive"
    assert "no answer in the file at all" in verdict.reason


def test_connections_alone_are_no_health_unless_they_were_asked_for(tmp_path: Path) -> None:
    path = tmp_path / "c.pcapng"
    path.write_bytes(section(layers(*conversation(60)[:3])))
    assert analyze_capture(path, families=["tcp"], cancel=CancelToken()).verdict.kind == "healthy"
    verdict = analyze_capture(path, cancel=CancelToken()).verdict
    assert verdict.kind == "inconclusive"
    assert "TCP port 80" in verdict.reason
