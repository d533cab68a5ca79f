"""What ICMP reports prove, and what they do not."""

from __future__ import annotations

from pathlib import Path

import pytest
from capture_samples import ether, layers, pcap, public
from scapy.layers.inet import ICMP, IP, TCP, UDP
from scapy.layers.inet6 import ICMPv6DestUnreach, ICMPv6PacketTooBig, IPv6

from tshoot.cancel import CancelToken
from tshoot.model.findings import Finding
from tshoot.packets.analysis import analyze_capture

BULK = IP(src="192.0.2.1", dst="198.51.100.2", flags="DF") / TCP(sport=40000, dport=2049)
SIX = IPv6(src="2001:db8::1", dst="2001:db8::2") / TCP(sport=40000, dport=443)
PROBE = IP(src="192.0.2.1", dst="198.51.100.2") / UDP(sport=50000, dport=33436)


def v4(code: int, quoted: object = BULK, mtu: int = 0, by: str = "192.0.2.254") -> object:
    return ether() / IP(src=by, dst="192.0.2.1") / ICMP(type=3, code=code, nexthopmtu=mtu) / quoted


def v6(report: object, quoted: object = SIX) -> object:
    return ether() / IPv6(src="2001:db8::fe", dst="2001:db8::1") / report / quoted


def found(tmp_path: Path, packets: list[object], step: float = 0.7) -> tuple[Finding, ...]:
    path = tmp_path / "c.pcap"
    path.write_bytes(pcap(layers(*packets), step=step))
    return analyze_capture(path, families=["path"], cancel=CancelToken()).findings


@pytest.mark.parametrize(
    ("packets", "step", "expected"),
    [
        pytest.param([v4(4, mtu=1400)], 0.7, [("path.mtu-mismatch", "warning")], id="mtu-once-is-discovery"),
        pytest.param([v4(4, mtu=1400)] * 9, 0.01, [("path.mtu-mismatch", "warning")], id="mtu-burst-is-discovery"),
        pytest.param([v4(4, mtu=1400)] * 3, 0.7, [("path.mtu-mismatch", "fault")], id="mtu-repeated"),
        pytest.param([v4(4, mtu=1500), v4(4, mtu=1400)], 2, [("path.mtu-mismatch", "warning")], id="mtu-two-hops-in-turn"),
        pytest.param([v4(4, mtu=1400, quoted=IP(src="192.0.2.1") / ICMP())] * 5, 1, [("path.mtu-mismatch", "warning")], id="mtu-of-a-ping"),
        pytest.param([v6(ICMPv6PacketTooBig(mtu=1280))] * 3, 0.7, [("path.mtu-mismatch", "fault")], id="too-big-repeated"),
        pytest.param([v4(13)], 0.7, [("path.filtered", "fault")], id="filtered-tcp"),
        pytest.param([v4(9), v4(10, by="192.0.2.253")], 0.7, [("path.filtered", "fault")] * 2, id="filtered-by-two"),
        pytest.param([v4(13, quoted=PROBE)] * 5, 0.7, [("path.filtered", "note")], id="filtered-traceroute"),
        pytest.param([v6(ICMPv6DestUnreach(code=1))], 0.7, [("path.filtered", "fault")], id="filtered-v6"),
        pytest.param([v4(1)], 0.7, [("path.unreachable", "warning")], id="unreachable-once"),
        pytest.param([v4(1)] * 3, 0.7, [("path.unreachable", "fault")], id="unreachable-repeated"),
        pytest.param([v6(ICMPv6DestUnreach(code=0))] * 3, 0.7, [("path.unreachable", "fault")], id="no-route-v6"),
        pytest.param([v4(3), v4(3, quoted=PROBE), v4(2), v6(ICMPv6DestUnreach(code=4))] * 4, 0.7, [], id="port-unreachable-is-healthy"),
    ],
)
def test_severity(tmp_path: Path, packets: list[object], step: float, expected: list[tuple[str, str]]) -> None:
    assert [(finding.cause, finding.severity) for finding in found(tmp_path, packets, step)] == expected


def test_a_finding_names_who_what_and_where(tmp_path: Path) -> None:
    (finding,) = found(tmp_path, [ether() / BULK, v4(4, mtu=1400), ether() / BULK, v4(4, mtu=1400)])
    assert finding.frames == (2, 4)
    assert finding.facts == {"reporter": "192.0.2.254", "client": "192.0.2.1", "server": "198.51.100.2", "protocol": "tcp", "port": 2049, "mtu": 1400}
    assert [(value.frame, value.field, value.value) for value in finding.evidence] == [
        (2, "icmp.type", "3"),
        (2, "icmp.code", "4"),
        (2, "icmp.mtu", "1400"),
    ]
    assert "192.0.2.254 reports 2 times" in finding.explanation


def test_reports_inside_a_tunnel() -> None:
    findings = analyze_capture(public("tunnel/6in4_tunnel_toobig.pcap"), families=["path"], cancel=CancelToken()).findings
    assert {(finding.cause, finding.frames) for finding in findings} == {("path.unreachable", (3,)), ("path.mtu-mismatch", (45,))}
    assert next(finding for finding in findings if finding.frames == (45,)).facts["mtu"] == 1460


def test_a_report_whose_quotation_is_cut_off_gives_nothing_and_breaks_nothing(tmp_path: Path) -> None:
    whole = bytes(v4(4, mtu=1400))  # type: ignore[call-overload]
    path = tmp_path / "c.pcap"
    path.write_bytes(pcap([whole[:length] for length in range(14, len(whole), 3)]))
    result = analyze_capture(path, families=["path"], cancel=CancelToken())
    assert not result.partial
    assert {finding.cause for finding in result.findings} <= {"path.mtu-mismatch"}
