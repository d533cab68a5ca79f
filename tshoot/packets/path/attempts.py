"""Connections that do not come up: nothing answers a port (filtered), RST does (refused), or the host never says a word (unreachable).

Each needs several attempts over a stated time. What is left out, because it looks the same and is sound:
- one SYN that is lost, or repeated once and answered; a closed port that is probed once or twice;
- a capture in which nobody ever answers this client: it may have seen one direction alone (`artefacts` says so).
What is told as a warning: a client that went on to another address and was served there (happy eyeballs), a service
that did answer at another time in the same capture, and more than `SCAN` services or hosts of one client (a scan).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from tshoot.model.findings import Confidence, FieldValue, Finding, Severity
from tshoot.packets.path.services import FRAMES_KEPT, Service, Talk, Tried
from tshoot.packets.proof import finding, times

FILTERED, REFUSED, UNREACHABLE = "path.filtered", "path.refused", "path.unreachable"
SILENT_SYNS, SILENT_SECONDS = 3, 2.5  # Linux: SYNs after 0, 1 and 3 s
HOST_SYNS, HOST_SECONDS = 4, 5.0
REFUSALS, REFUSED_SECONDS = 3, 2.0  # Windows tries a closed port three times within one second: that is one attempt
SCAN = 10
_TITLES = {
    FILTERED: "A port is filtered: its host answers, the port never does",
    REFUSED: "Connections to a port are refused",
    UNREACHABLE: "A host never answers",
}


@dataclass(slots=True)
class _Mute:
    """All silent attempts of one client at one host."""

    client: str
    server: str
    services: list[Service] = field(default_factory=list)

    def whole(self) -> Tried:
        parts = [service.silent for service in self.services]
        frames = sorted(frame for part in parts for frame in part.syn_frames)[:FRAMES_KEPT]
        first, last = min(part.first_ns for part in parts), max(part.last_ns for part in parts)
        return Tried(sum(part.connections for part in parts), sum(part.syns for part in parts), first, last, frames)


def findings(talk: Talk, reported: Iterable[tuple[str, int]] = ()) -> list[Finding]:
    """`reported` are server and port (0: all of the host) that an ICMP error names: they have a better proof already."""
    known = set(reported)
    services = [one for one in talk.services.values() if (one.server, one.port) not in known and (one.server, 0) not in known]
    found = [*_filtered(services, talk), *_unreachable(services, talk), *_refused(services, talk)]
    return sorted(found, key=lambda one: one.frames)


def unanswered(talk: Talk) -> list[Service]:
    """Services that a client tried and got no answer from, where nobody answered that client at all: what cannot be judged."""
    return [one for one in talk.services.values() if one.silent.connections and one.client not in talk.answered]


def _filtered(services: Sequence[Service], talk: Talk) -> Iterator[Finding]:
    chosen = [
        one
        for one in services
        if one.silent.syns >= SILENT_SYNS and one.silent.seconds >= SILENT_SECONDS and one.client in talk.answered and one.server in talk.spoke
    ]
    for group, scan in _groups(chosen):
        yield _scan(FILTERED, group, [one.silent for one in group]) if scan else _silent(group[0], talk)


def _silent(service: Service, talk: Talk) -> Finding:
    tried, elsewhere = service.silent, _elsewhere(service, talk)
    alive = "to the same client" if (service.client, service.server) in talk.heard else "to others"
    text = (
        f"{service.client} sent {tried.syns} SYNs to {service.server} port {service.port} in {tried.seconds:.1f} s "
        f"({_connections(tried)}), and nothing came back: neither SYN-ACK nor RST. The host is up: it speaks {alive} in this capture."
    )
    return _told(FILTERED, service, tried, text, elsewhere, "high" if alive == "to the same client" else "medium")


def _unreachable(services: Sequence[Service], talk: Talk) -> Iterator[Finding]:
    mutes: dict[tuple[str, str], _Mute] = {}
    for one in services:
        if one.silent.connections and one.server not in talk.spoke and one.client in talk.answered:
            mutes.setdefault((one.client, one.server), _Mute(one.client, one.server)).services.append(one)
    chosen = [one for one in mutes.values() if (whole := one.whole()).syns >= HOST_SYNS and whole.seconds >= HOST_SECONDS]
    by_client: dict[str, list[_Mute]] = {}
    for mute in chosen:
        by_client.setdefault(mute.client, []).append(mute)
    for group in by_client.values():
        if len(group) > SCAN:
            yield _scan(UNREACHABLE, [mute.services[0] for mute in group], [mute.whole() for mute in group])
        else:
            yield from (_mute(mute, talk) for mute in group)


def _mute(mute: _Mute, talk: Talk) -> Finding:
    tried = mute.whole()
    ports = sorted({service.port for service in mute.services})
    named = ", ".join(map(str, ports[:5])) + (f" and {len(ports) - 5} more" if len(ports) > 5 else "")
    elsewhere = [text for service in mute.services if (text := _elsewhere(service, talk))]
    text = (
        f"{mute.client} sent {tried.syns} SYNs to {mute.server} (port {named}) in {tried.seconds:.1f} s ({_connections(tried)}). Of {mute.server} "
        f"there is not one packet in this capture, while others answer {mute.client}."
    )
    mended = elsewhere[0] if len(elsewhere) == len(mute.services) else ""
    return _told(UNREACHABLE, mute.services[0], tried, text, mended, "medium")


def _refused(services: Sequence[Service], talk: Talk) -> Iterator[Finding]:
    chosen = [one for one in services if one.refused.connections >= REFUSALS and one.refused.seconds >= REFUSED_SECONDS]
    for group, scan in _groups(chosen):
        if scan:
            yield _scan(REFUSED, group, [one.refused for one in group])
            continue
        (service,) = group
        tried = service.refused
        text = (
            f"{service.server} answered {times(tried.connections)} in {tried.seconds:.1f} s with RST when {service.client} "
            f"tried to open port {service.port}: the packets arrive, and nothing accepts connections there."
        )
        yield _told(REFUSED, service, tried, text, _elsewhere(service, talk), "high")


def _groups(services: Sequence[Service]) -> Iterator[tuple[list[Service], bool]]:
    """One service at a time, or all those of a client that tries more than `SCAN`."""
    by_client: dict[str, list[Service]] = {}
    for service in services:
        by_client.setdefault(service.client, []).append(service)
    for group in by_client.values():
        if len(group) > SCAN:
            yield group, True
        else:
            yield from (([service], False) for service in group)


def _elsewhere(service: Service, talk: Talk) -> str:
    """Why it is no fault that lasts: in words, or empty."""
    if service.opened:
        after = service.opened_ns > max(service.silent.last_ns, service.refused.last_ns)
        return f"The same port was open to {service.client} {'later' if after else 'at another time'} in this capture."
    others = sorted(talk.reached.get((service.client, service.port), set()) - {service.server})
    return f"{service.client} was served on the same port by {others[0]}." if others else ""


def _told(cause: str, service: Service, tried: Tried, text: str, elsewhere: str, confidence: Confidence) -> Finding:
    severity: Severity = "warning" if elsewhere else "fault"
    address = "ipv6.addr" if ":" in service.server else "ip.addr"
    port = f" && tcp.port == {service.port}" if cause != UNREACHABLE else ""
    flags = "(tcp.flags.syn == 1 || tcp.flags.reset == 1)"
    return finding(
        cause,
        _TITLES[cause],
        " ".join(part for part in (text, elsewhere) if part),
        _evidence(tried),
        show=f"{flags} && {address} == {service.client} && {address} == {service.server}{port}",
        facts={
            "client": service.client, "server": service.server, "port": service.port, "attempts": tried.connections,
            "syns": tried.syns, "seconds": round(tried.seconds),
        },
        severity=severity,
        confidence=confidence,
    )  # fmt: skip


def _evidence(tried: Tried) -> Iterator[FieldValue]:
    for frame in tried.answers:
        yield FieldValue(frame, "tcp.flags.reset", "1")
    for frame in tried.syn_frames:
        yield FieldValue(frame, "tcp.flags.syn", "1")


def _connections(tried: Tried) -> str:
    return "one connection" if tried.connections == 1 else f"{tried.connections} connections"


def _scan(cause: str, group: Sequence[Service], tried: Sequence[Tried]) -> Finding:
    client = group[0].client
    hosts, ports = len({one.server for one in group}), len({one.port for one in group})
    frames = sorted({frame for one in tried for frame in (*one.syn_frames[:2], *one.answers[:1])})[:FRAMES_KEPT]
    what = {FILTERED: "stay silent", REFUSED: "refuse", UNREACHABLE: "never answer"}[cause]
    services = f"{len(group)} services ({hosts} hosts, {ports} ports)"
    text = f"{client} tried {services} that {what}: that looks like a scan, or a filter around {client} itself."
    address = "ipv6.addr" if ":" in client else "ip.addr"
    return finding(
        cause,
        _TITLES[cause],
        text,
        [FieldValue(frame, "tcp.flags.syn" if cause != REFUSED or frame not in _resets(tried) else "tcp.flags.reset", "1") for frame in frames],
        show=f"{address} == {client} && (tcp.flags.syn == 1 || tcp.flags.reset == 1)",
        facts={"client": client, "services": len(group)},
        severity="warning",
        confidence="low",
    )


def _resets(tried: Sequence[Tried]) -> set[int]:
    return {frame for one in tried for frame in one.answers}
