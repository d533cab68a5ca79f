"""What ICMP and ICMPv6 reports prove (RFC 792, 1191, 1812, 4443, 8201).

A report says that one packet was dropped, not that something is broken: a single Packet Too Big is Path MTU
Discovery at work, a port unreachable answers a traceroute, a DNS client that has gone, a port scan. So only
a flow that keeps failing is a fault: the same report again, a second or more after the first (a burst within
one round trip is one event).

Each report quotes the packet it is about: tshark's fields of the quoted packet stand in the ICMP layer itself. The flow index holds the
same for reports outside of tunnels, also where nothing is decoded.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from tshoot.model.findings import FieldValue, Finding, Severity
from tshoot.packets.flows import IcmpError
from tshoot.packets.frames import Frame, Layer

MISMATCH, FILTERED, UNREACHABLE, REFUSED = "path.mtu-mismatch", "path.filtered", "path.unreachable", "path.refused"
KEEPS_FAILING = 1.0  # seconds between the first and the last report
REFUSALS, EPHEMERAL = 3, 32768  # a port above is a client's that has gone (a late answer), no service
_TRACEROUTE = range(33434, 33690)
_PROTOCOLS = {"1": "icmp", "6": "tcp", "17": "udp", "58": "icmpv6"}
_ECHO = {"icmp", "icmpv6"}
_LAYERS = {4: "icmp", 6: "icmpv6"}
_CAUSES = {  # layer, type, code -> cause, what the report says
    ("icmp", 3, 4): (MISMATCH, "fragmentation needed, but forbidden"),
    ("icmpv6", 2, 0): (MISMATCH, "packet too big"),
    ("icmp", 3, 9): (FILTERED, "network administratively prohibited"),
    ("icmp", 3, 10): (FILTERED, "host administratively prohibited"),
    ("icmp", 3, 13): (FILTERED, "communication administratively prohibited"),
    ("icmpv6", 1, 1): (FILTERED, "communication administratively prohibited"),
    ("icmpv6", 1, 5): (FILTERED, "source address failed a policy"),
    ("icmpv6", 1, 6): (FILTERED, "the route rejects it"),
    ("icmp", 3, 0): (UNREACHABLE, "network unreachable"),
    ("icmp", 3, 1): (UNREACHABLE, "host unreachable"),
    ("icmp", 3, 6): (UNREACHABLE, "network unknown"),
    ("icmp", 3, 7): (UNREACHABLE, "host unknown"),
    ("icmp", 3, 11): (UNREACHABLE, "network unreachable for this type of service"),
    ("icmp", 3, 12): (UNREACHABLE, "host unreachable for this type of service"),
    ("icmpv6", 1, 0): (UNREACHABLE, "no route to the destination"),
    ("icmpv6", 1, 3): (UNREACHABLE, "address unreachable"),
    ("icmp", 3, 3): (REFUSED, "port unreachable"),
    ("icmpv6", 1, 4): (REFUSED, "port unreachable"),
}
_TITLES = {
    MISMATCH: "Packets are too big for the path",
    FILTERED: "Traffic is rejected by a filter on the path",
    UNREACHABLE: "The destination cannot be reached",
    REFUSED: "Nothing listens on a UDP port",
}


@dataclass(frozen=True, slots=True)
class Reported:
    """The flow that was quoted, and who reported it. `port` is 0 where the quotation holds none."""

    cause: str
    says: str
    reporter: str
    protocol: str
    source: str
    destination: str
    port: int

    def __str__(self) -> str:
        port = f" port {self.port}" if self.port else ""
        return f"{self.protocol} from {self.source} to {self.destination}{port}"


@dataclass(frozen=True, slots=True)
class Report:
    """`mtu` is None where it is not told or does not matter."""

    frame: int
    time: float
    layer: str
    type: int
    code: int
    mtu: int | None


class Reports:
    """Fed with frames or with the errors of a flow index."""

    def __init__(self) -> None:
        self.seen = 0
        self._flows: dict[Reported, list[Report]] = {}

    def frame(self, frame: Frame) -> None:
        before: Layer | None = None
        for layer in frame.layers:
            if layer.name in {"ip", "ipv6"}:
                before = layer
            elif before is not None and (code := _error(layer)):
                self.seen += 1
                if code in _CAUSES:
                    name, kind, number = code
                    report = Report(frame.number, frame.time, name, kind, number, layer.number(f"{name}.mtu"))
                    self._flows.setdefault(_decoded(code, before, layer), []).append(report)

    def error(self, error: IcmpError) -> None:
        code = _LAYERS[error.version], error.type, error.code
        if code not in _CAUSES:
            return
        cause, says = _CAUSES[code]
        port = error.destination_port if error.protocol in {"tcp", "udp"} else 0
        flow = Reported(cause, says, error.reporter, _named(error.protocol), error.source, error.destination, port)
        mtu = error.mtu if cause == MISMATCH else None
        self._flows.setdefault(flow, []).append(Report(error.frame, error.time_ns / 1e9, *code, mtu))

    def findings(self) -> Iterator[Finding]:
        for flow, reports in self._flows.items():
            if flow.source and (flow.cause != REFUSED or _is_refusal(flow, reports)):
                yield _finding(flow, reports)


def destinations(errors: Iterable[IcmpError]) -> Iterator[tuple[str, int]]:
    """Addresses and ports (0: of any) of which some report says that they are filtered or unreachable."""
    for error in errors:
        cause, _ = _CAUSES.get((_LAYERS[error.version], error.type, error.code), ("", ""))
        if cause in (FILTERED, UNREACHABLE) and error.destination:
            yield error.destination, error.destination_port


def _error(layer: Layer) -> tuple[str, int, int] | None:
    """Name, type and code of an ICMP error, None for anything else."""
    if layer.name not in _ECHO:
        return None
    kind, code = layer.number(f"{layer.name}.type"), layer.number(f"{layer.name}.code")
    errors = {3} if layer.name == "icmp" else {1, 2}
    return (layer.name, kind, code) if kind in errors and kind is not None and code is not None else None


def _decoded(code: tuple[str, int, int], outer: Layer, report: Layer) -> Reported:
    cause, says = _CAUSES[code]
    network = "ip" if report.name == "icmp" else "ipv6"
    number = report.first("ip.proto" if network == "ip" else "ipv6.nxt")
    protocol = _PROTOCOLS.get(number, f"protocol {number}")
    return Reported(
        cause=cause,
        says=says,
        reporter=outer.first(f"{outer.name}.src"),
        protocol=protocol,
        source=report.first(f"{network}.src"),
        destination=report.first(f"{network}.dst"),
        port=(report.number(f"{protocol}.dstport") or 0) if protocol in {"tcp", "udp"} else 0,
    )


def _named(protocol: str) -> str:
    return f"protocol {protocol}" if protocol.isdigit() else protocol


def _is_refusal(flow: Reported, reports: Sequence[Report]) -> bool:
    """A UDP service that is asked again and again, and whose own host says that there is none."""
    lasts = reports[-1].time - reports[0].time >= KEEPS_FAILING and len(reports) >= REFUSALS
    served = 0 < flow.port < EPHEMERAL and flow.port not in _TRACEROUTE
    return flow.protocol == "udp" and flow.reporter == flow.destination and served and lasts


def _finding(flow: Reported, reports: Sequence[Report]) -> Finding:
    severity = _severity(flow, reports)
    first = reports[0]
    facts: dict[str, str | int] = {"reporter": flow.reporter, "client": flow.source, "server": flow.destination, "protocol": flow.protocol}
    evidence = [FieldValue(first.frame, f"{first.layer}.type", str(first.type)), FieldValue(first.frame, f"{first.layer}.code", str(first.code))]
    if flow.port:
        facts["port"] = flow.port
    if flow.cause == MISMATCH and first.mtu is not None:
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


def _severity(flow: Reported, reports: Sequence[Report]) -> Severity:
    if flow.cause == REFUSED or (flow.protocol == "udp" and flow.port in _TRACEROUTE):
        return "note"
    if flow.cause == FILTERED and flow.protocol == "tcp":
        return "fault"
    if flow.protocol in _ECHO:  # somebody's test, no service
        return "warning"
    # A smaller MTU than before is progress: the sender did adapt.
    times = [report.time for report in reports if (report.mtu or 0) >= (reports[0].mtu or 0)]
    return "fault" if max(times) - min(times) >= KEEPS_FAILING else "warning"


def _explanation(flow: Reported, reports: Sequence[Report], severity: Severity) -> str:
    times = "once" if len(reports) == 1 else f"{len(reports)} times in {reports[-1].time - reports[0].time:.1f} s"
    mtu = f" (MTU {reports[0].mtu})" if flow.cause == MISMATCH and reports[0].mtu is not None else ""
    text = f"{flow.reporter} reports {times} of {flow}: {flow.says}{mtu}."
    if severity == "fault":
        return text
    if flow.cause == REFUSED:
        return f"{text} The packets arrive; no program on {flow.destination} listens there."
    if flow.cause == MISMATCH:
        return f"{text} That is how Path MTU Discovery works; it is a fault only if the flow goes on failing."
    return f"{text} That alone does not show that the flow goes on failing."
