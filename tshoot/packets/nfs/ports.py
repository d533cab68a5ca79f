"""Do the three ports open? SYNs and UDP calls to portmapper, mountd and nfsd, and what came back.

- filtered: sent at least twice over at least 2 s, and never answered;
- refused: RST straight after the SYN, or ICMP port unreachable from the server itself;
- prohibited: ICMP unreachable from another device, or one that says "administratively prohibited".

A SYN that is lost once and answered when repeated is healthy; so is RST at the end of a connection. What
succeeds later at the same service turns the finding into a warning. Which port is mountd's the portmapper
says (`directory.py`); 635 and 20048 are judged without its word, with low confidence.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from tshoot.model.findings import FieldValue, Finding
from tshoot.packets.frames import Frame, Layer
from tshoot.packets.nfs.directory import Directory
from tshoot.packets.nfs.proof import finding
from tshoot.packets.proof import MOST, between, frame_list
from tshoot.packets.rpc import MOUNT, NFS, PORTMAP, Call, Exchange, addresses

_CAUSES = {"portmapper": "nfs.portmapper-unreachable", "mountd": "nfs.mountd-blocked", "nfsd": "nfs.nfsd-blocked"}
_PROGRAMS = {PORTMAP: "portmapper", MOUNT: "mountd", NFS: "nfsd"}
_LABELS = {"portmapper": "111", "mountd": "mountd", "nfsd": "2049"}
_SHORTEST = 2.0  # seconds of silence, with a repetition, before it is called filtered
_APART = 0.5  # a repetition comes later than a frame that was captured twice
_REMEMBERED = 10_000
_NEEDLESS_FRAGMENTATION = 4  # ICMP 3/4 is the path's MTU, not a closed port

_Service = tuple[str, str, int, str]  # client, server, port, transport


@dataclass(slots=True)
class _Attempt:
    """One SYN or call and its repetitions."""

    service: _Service
    role: str
    frames: list[tuple[int, float]] = field(default_factory=list)


@dataclass(slots=True)
class _Rejected:
    how: str
    said: str
    role: str
    last: float
    decisive: list[FieldValue] = field(default_factory=list)
    attempts: list[FieldValue] = field(default_factory=list)


class Ports:
    """Fed with every frame, call and exchange, in their order."""

    def __init__(self, directory: Directory, seen: Counter[str]) -> None:
        self._directory, self._seen = directory, seen
        self._open: dict[tuple[str, int, str, int, int], _Attempt] = {}  # client, port, server, port, xid or -1 for a SYN
        self._rejected: dict[_Service, _Rejected] = {}
        self._answered: dict[tuple[str, str, str], float] = {}  # client, server, role
        self._end = 0.0

    def frame(self, frame: Frame) -> None:
        self._end = max(self._end, frame.time)
        error = frame.get("icmp") or frame.get("icmpv6")
        tcp = frame.get("tcp")
        if error:
            self._icmp(frame, error)
        elif tcp:
            self._segment(frame, tcp)

    def call(self, call: Call) -> None:
        role = _PROGRAMS.get(call.program, "")
        if call.ends.transport != "udp" or not role:
            return
        ends = call.ends
        service = ends.client, ends.server, ends.server_port, "udp"
        self._tried((ends.client, ends.client_port, ends.server, ends.server_port, call.xid), service, role, call.frame, call.time)

    def exchange(self, exchange: Exchange) -> None:
        ends = exchange.ends
        self._open.pop((ends.client, ends.client_port, ends.server, ends.server_port, exchange.xid), None)
        role = _PROGRAMS.get(exchange.program, "")
        if role:
            self._answer(ends.client, ends.server, role, exchange.time)

    def _segment(self, frame: Frame, tcp: Layer) -> None:
        source, destination = addresses(frame)
        ports = tcp.number("tcp.srcport") or 0, tcp.number("tcp.dstport") or 0
        syn, ack, rst = (tcp.number(f"tcp.flags.{name}") == 1 for name in ("syn", "ack", "reset"))
        if syn and not ack:
            role = self._directory.role(destination, ports[1])
            if role:
                key = source, ports[0], destination, ports[1], -1
                self._tried(key, (source, destination, ports[1], "tcp"), role, frame.number, frame.time)
            return
        key = destination, ports[1], source, ports[0], -1
        if rst and key in self._open:
            self._reject(self._open.pop(key), "refused", "answered with RST", FieldValue(frame.number, "tcp.flags.reset", "1"), frame.time)
        elif syn:
            self._opened(key, frame.time)
        elif not rst:  # a client that goes on has been answered, even where the answer was not captured
            self._open.pop((source, ports[0], destination, ports[1], -1), None)

    def _opened(self, key: tuple[str, int, str, int, int], moment: float) -> None:
        role = self._directory.role(key[2], key[3]).rstrip("?")
        self._open.pop(key, None)
        if role:
            self._seen[f"nfs.tcp-open-{_LABELS[role]}"] += 1
            self._answer(key[0], key[2], role, moment)

    def _tried(self, key: tuple[str, int, str, int, int], service: _Service, role: str, frame: int, moment: float) -> None:
        attempt = self._open.get(key)
        if attempt is None:
            if len(self._open) >= _REMEMBERED:
                del self._open[next(iter(self._open))]
            attempt = self._open[key] = _Attempt(service, role)
            if service[3] == "tcp":
                self._seen[f"nfs.tcp-tried-{_LABELS[role.rstrip('?')]}"] += 1
        attempt.frames.append((frame, moment))
        del attempt.frames[MOST:-1]

    def _answer(self, client: str, server: str, role: str, moment: float) -> None:
        if len(self._answered) < _REMEMBERED or (client, server, role) in self._answered:
            self._answered[client, server, role] = moment

    def _icmp(self, frame: Frame, error: Layer) -> None:
        key = _quoted(error)
        code = error.number(f"{error.name}.code")
        if key is None or code is None or error.number(f"{error.name}.type") != (3 if error.name == "icmp" else 1):
            return
        attempt = self._open.get((*key, -1)) or next((found for full, found in self._open.items() if full[:4] == key), None)
        if attempt is None or (error.name == "icmp" and code == _NEEDLESS_FRAGMENTATION):
            return
        sender = addresses(frame)[0]
        port_unreachable = code == (3 if error.name == "icmp" else 4)
        how = "refused" if port_unreachable and sender == attempt.service[1] else "prohibited"
        said = f"answered by {sender} with ICMP{'v6' if error.name == 'icmpv6' else ''} unreachable, {_CODES.get((error.name, code), f'code {code}')}"
        # The attempt stays open: each repetition may bring its own error.
        self._reject(attempt, how, said, FieldValue(frame.number, f"{error.name}.code", str(code)), frame.time)

    def _reject(self, attempt: _Attempt, how: str, said: str, decisive: FieldValue, moment: float) -> None:
        if len(self._rejected) >= _REMEMBERED and attempt.service not in self._rejected:
            return
        rejected = self._rejected.setdefault(attempt.service, _Rejected(how, said, attempt.role, moment))
        rejected.last = moment
        if len(rejected.decisive) < MOST:
            rejected.decisive.append(decisive)
            rejected.attempts.append(_tried_field(attempt.service, attempt.frames[-1][0]))

    def findings(self) -> list[Finding]:
        silent: dict[_Service, _Rejected] = {}
        sent: dict[_Service, list[tuple[int, float]]] = {}
        for attempt in self._open.values():
            repeated = attempt.service[3] == "tcp" or len(attempt.frames) > 1  # a call alone may have an answer that was not decoded
            if repeated and attempt.service not in self._rejected:
                sent.setdefault(attempt.service, []).extend(attempt.frames)
                silent.setdefault(attempt.service, _Rejected("filtered", "never answered", attempt.role, 0.0))
        for service, tries in sent.items():
            answered = self._last_answer(service, silent[service].role)
            frames = sorted([item for item in tries if item[1] >= answered] or tries)
            silent[service].last = frames[-1][1]
            silent[service].decisive = [_tried_field(service, number) for number, _ in frames[:MOST]]
            if frames[-1][1] - frames[0][1] < _APART or self._end - frames[0][1] < _SHORTEST:
                del silent[service]
        return [self._finding(service, rejected) for service, rejected in (self._rejected | silent).items()]

    def _last_answer(self, service: _Service, role: str) -> float:
        return self._answered.get((service[0], service[1], role.rstrip("?")), 0.0)

    def _finding(self, service: _Service, rejected: _Rejected) -> Finding:
        client, server, port, transport = service
        role = rejected.role.rstrip("?")
        said = self._directory.said(server, port)
        mended = self._last_answer(service, rejected.role) > rejected.last
        what = f"{'SYN' if transport == 'tcp' else 'call'} to {server} port {port}/{transport} ({role})"
        frames = frame_list(item.frame for item in rejected.decisive)
        explanation = f"{client} sent a {what}; it was {rejected.said} in {frames}: {rejected.how}."
        if rejected.how == "filtered":
            explanation = f"{client} sent its {what} {len(rejected.decisive)} times ({frames}) and was never answered: filtered."
        if said:
            explanation += f" The portmapper named that port in frame {said.frame}."
        elif rejected.role == "mountd?":
            explanation += " That the port is mountd's is assumed: the portmapper's answer is not in the capture."
        if mended:
            explanation += " Later it answered: the fault has been mended meanwhile."
        return finding(
            _CAUSES[role],
            explanation,
            rejected.decisive,
            [*rejected.attempts, *([said] if said else [])],
            show=between(client, server, f"{transport}.port == {port}"),
            severity="warning" if mended else "fault",
            confidence="low" if rejected.role == "mountd?" else "high",
            facts={"client": client, "server": server, "port": port, "protocol": transport, "how": rejected.how, "service": role},
        )


_CODES = {
    ("icmp", 0): "network unreachable (3/0)",
    ("icmp", 1): "host unreachable (3/1)",
    ("icmp", 3): "port unreachable (3/3)",
    ("icmp", 9): "network administratively prohibited (3/9)",
    ("icmp", 10): "host administratively prohibited (3/10)",
    ("icmp", 13): "communication administratively prohibited (3/13)",
    ("icmpv6", 0): "no route (1/0)",
    ("icmpv6", 1): "administratively prohibited (1/1)",
    ("icmpv6", 3): "address unreachable (1/3)",
    ("icmpv6", 4): "port unreachable (1/4)",
    ("icmpv6", 5): "source address failed policy (1/5)",
    ("icmpv6", 6): "route rejected (1/6)",
}


def _tried_field(service: _Service, frame: int) -> FieldValue:
    return FieldValue(frame, "tcp.flags.syn", "1") if service[3] == "tcp" else FieldValue(frame, "udp.dstport", str(service[2]))


def _quoted(error: Layer) -> tuple[str, int, str, int] | None:
    """Client, port, server, port of the packet that an ICMP error quotes."""
    for transport in ("tcp", "udp"):
        ports = error.number(f"{transport}.srcport"), error.number(f"{transport}.dstport")
        if ports[0] is not None and ports[1] is not None:
            family = "ip" if error.name == "icmp" else "ipv6"
            return error.first(f"{family}.src"), ports[0], error.first(f"{family}.dst"), ports[1]
    return None
