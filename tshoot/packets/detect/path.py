"""What routers, firewalls and hosts on the path report by ICMP and ICMPv6 (RFC 792, 1191, 1812, 4443, 8201).

A report says that one packet was dropped, not that something is broken: a single Packet Too Big is Path MTU
Discovery at work, a port unreachable answers a traceroute, a DNS client that has gone, a port scan. So only
a flow that keeps failing is a fault: the same report again, a second or more after the first (a burst within
one round trip is one event).

Each report quotes the packet it is about: tshark's fields of the quoted packet stand in the ICMP layer itself.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

from tshoot.model.findings import FieldValue, Finding, Severity
from tshoot.packets import black_hole
from tshoot.packets.flows import FlowIndex
from tshoot.packets.frames import Detection, Frame, Layer

_KEEPS_FAILING = 1.0  # seconds between the first and the last report
_TRACEROUTE = range(33434, 33690)
_PROTOCOLS = {"1": "icmp", "6": "tcp", "17": "udp", "58": "icmpv6"}
_ECHO = {"icmp", "icmpv6"}
_CAUSES = {  # layer, type, code -> cause, what the report says
    ("icmp", 3, 4): ("path.mtu-mismatch", "fragmentation needed, but forbidden"),
    ("icmpv6", 2, 0): ("path.mtu-mismatch", "packet too big"),
    ("icmp", 3, 9): ("path.filtered", "network administratively prohibited"),
    ("icmp", 3, 10): ("path.filtered", "host administratively prohibited"),
    ("icmp", 3, 13): ("path.filtered", "communication administratively prohibited"),
    ("icmpv6", 1, 1): ("path.filtered", "communication administratively prohibited"),
    ("icmpv6", 1, 5): ("path.filtered", "source address failed a policy"),
    ("icmpv6", 1, 6): ("path.filtered", "the route rejects it"),
    ("icmp", 3, 0): ("path.unreachable", "network unreachable"),
    ("icmp", 3, 1): ("path.unreachable", "host unreachable"),
    ("icmp", 3, 6): ("path.unreachable", "network unknown"),
    ("icmp", 3, 7): ("path.unreachable", "host unknown"),
    ("icmp", 3, 11): ("path.unreachable", "network unreachable for this type of service"),
    ("icmp", 3, 12): ("path.unreachable", "host unreachable for this type of service"),
    ("icmpv6", 1, 0): ("path.unreachable", "no route to the destination"),
    ("icmpv6", 1, 3): ("path.unreachable", "address unreachable"),
}
_TITLES = {
    "path.mtu-mismatch": "Packets are too big for the path",
    "path.filtered": "Traffic is rejected by a filter on the path",
    "path.unreachable": "The destination cannot be reached",
}


@dataclass(frozen=True, slots=True)
class _Flow:
    """The flow that was quoted, and who reported it. Ports are "" where the quotation holds none."""

    cause: str
    says: str
    reporter: str
    protocol: str
    source: str
    destination: str
    port: str

    def __str__(self) -> str:
        port = f" port {self.port}" if self.port else ""
        return f"{self.protocol} from {self.source} to {self.destination}{port}"


@dataclass(frozen=True, slots=True)
class _Report:
    frame: int
    time: float
    layer: str
    type: int
    code: int
    mtu: int | None


class PathDetector:
    family = "path"
    causes: ClassVar[Mapping[str, str]] = {
        "path.mtu-mismatch": "ICMP fragmentation needed or ICMPv6 Packet Too Big, with the MTU; a fault where it is repeated for one flow "
        "a second or more after the first; once, or in one burst, it is healthy Path MTU Discovery. Or no report at all: one large segment "
        "sent again and again, where only smaller ones had arrived; a peer that died after large ones had passed is left out",
        "path.filtered": "ICMP administratively prohibited; a fault for a TCP connection, or where repeated; traceroute is left out",
        "path.unreachable": "ICMP network or host unreachable; a fault where repeated for one flow; port unreachable is no fault of the path",
    }
    seen: ClassVar[Mapping[str, str]] = {
        "path.icmp-error": "ICMP reports of undelivered packets",
    }
    explains: ClassVar[Mapping[str, tuple[str, ...]]] = {}
    capture_filter = "icmp or icmp6"
    display_filter = "icmp.type == 3 or icmpv6.type == 1 or icmpv6.type == 2"
    decode_as: Sequence[str] = ()

    def detect(self, frames: Iterable[Frame]) -> Detection:
        flows: dict[_Flow, list[_Report]] = {}
        seen = 0
        for frame in frames:
            before: Layer | None = None
            for layer in frame.layers:
                if layer.name in {"ip", "ipv6"}:
                    before = layer
                elif before is not None and (code := _error(layer)):
                    seen += 1
                    if code in _CAUSES:
                        flows.setdefault(_flow(code, before, layer), []).append(_report(frame, code, layer))
        findings = [_finding(flow, reports) for flow, reports in flows.items() if flow.source]
        return Detection(tuple(findings), {"path.icmp-error": seen})

    def judge_flows(self, index: FlowIndex) -> Detection:
        """Segments that vanish without any report are found by the flow index."""
        return Detection(tuple(black_hole.findings(index, _TITLES[black_hole.CAUSE])))


def _error(layer: Layer) -> tuple[str, int, int] | None:
    """Name, type and code of an ICMP error, None for anything else."""
    if layer.name not in _ECHO:
        return None
    kind, code = layer.number(f"{layer.name}.type"), layer.number(f"{layer.name}.code")
    errors = {3} if layer.name == "icmp" else {1, 2}
    return (layer.name, kind, code) if kind in errors and kind is not None and code is not None else None


def _flow(code: tuple[str, int, int], outer: Layer, report: Layer) -> _Flow:
    cause, says = _CAUSES[code]
    network = "ip" if report.name == "icmp" else "ipv6"
    number = report.first("ip.proto" if network == "ip" else "ipv6.nxt")
    protocol = _PROTOCOLS.get(number, f"protocol {number}")
    return _Flow(
        cause=cause,
        says=says,
        reporter=outer.first(f"{outer.name}.src"),
        protocol=protocol,
        source=report.first(f"{network}.src"),
        destination=report.first(f"{network}.dst"),
        port=report.first(f"{protocol}.dstport") if protocol in {"tcp", "udp"} else "",
    )


def _report(frame: Frame, code: tuple[str, int, int], layer: Layer) -> _Report:
    name, kind, number = code
    return _Report(frame.number, frame.time, name, kind, number, layer.number(f"{name}.mtu"))


def _finding(flow: _Flow, reports: Sequence[_Report]) -> Finding:
    severity = _severity(flow, reports)
    first = reports[0]
    facts: dict[str, str | int] = {"reporter": flow.reporter, "client": flow.source, "server": flow.destination, "protocol": flow.protocol}
    evidence = [FieldValue(first.frame, f"{first.layer}.type", str(first.type)), FieldValue(first.frame, f"{first.layer}.code", str(first.code))]
    if flow.port:
        facts["port"] = int(flow.port)
    if flow.cause == "path.mtu-mismatch" and first.mtu is not None:
        facts["mtu"] = first.mtu
        evidence.append(FieldValue(first.frame, f"{first.layer}.mtu", str(first.mtu)))
    return Finding(
        cause=flow.cause,
        title=_TITLES[flow.cause],
        severity=severity,
        confidence="high" if severity == "fault" else "medium",
        frames=tuple(dict.fromkeys(report.frame for report in reports)),
        evidence=tuple(evidence),
        explanation=_explanation(flow, reports, severity),
        display_filter=f"{first.layer}.type == {first.type} and {first.layer}.code == {first.code}",
        facts=facts,
    )


def _severity(flow: _Flow, reports: Sequence[_Report]) -> Severity:
    if flow.protocol == "udp" and flow.port and int(flow.port) in _TRACEROUTE:
        return "note"
    if flow.cause == "path.filtered" and flow.protocol == "tcp":
        return "fault"
    if flow.protocol in _ECHO:  # somebody's test, no service
        return "warning"
    # A smaller MTU than before is progress: the sender did adapt.
    times = [report.time for report in reports if (report.mtu or 0) >= (reports[0].mtu or 0)]
    return "fault" if max(times) - min(times) >= _KEEPS_FAILING else "warning"


def _explanation(flow: _Flow, reports: Sequence[_Report], severity: Severity) -> str:
    times = "once" if len(reports) == 1 else f"{len(reports)} times in {reports[-1].time - reports[0].time:.1f} s"
    mtu = f" (MTU {reports[0].mtu})" if flow.cause == "path.mtu-mismatch" and reports[0].mtu is not None else ""
    text = f"{flow.reporter} reports {times} of {flow}: {flow.says}{mtu}."
    if severity == "fault":
        return text
    if flow.cause == "path.mtu-mismatch":
        return f"{text} That is how Path MTU Discovery works; it is a fault only if the flow goes on failing."
    return f"{text} That alone does not show that the flow goes on failing."


DETECTOR = PathDetector()
