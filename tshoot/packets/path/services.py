"""Who tried to open what, and what became of it: one pass over the flow index, for all that judge attempts.

A service is a client, a server and a port. An attempt is a connection whose SYN was captured; it was opened (any
SYN-ACK, or a server that speaks at all without a RST), refused (RST to the SYN) or silent (nothing came back, and the
client sent nothing but SYNs: a client that goes on was answered where this capture did not look).
"""

from __future__ import annotations

from dataclasses import dataclass, field

from tshoot.packets.flows import Flow, FlowIndex

FRAMES_KEPT = 30
TUNNELS = {"4", "41", "47", "50", "94", "97", "98", "115", "137"}


@dataclass(slots=True)
class Tried:
    """Attempts of one outcome: `syns` counts repetitions, times are nanoseconds from the first SYN to the last packet of the clients."""

    connections: int = 0
    syns: int = 0
    first_ns: int = 0
    last_ns: int = 0
    syn_frames: list[int] = field(default_factory=list)
    answers: list[int] = field(default_factory=list)

    def add(self, flow: Flow) -> None:
        side = flow.from_client
        self.first_ns = side.first_ns if not self.connections else min(self.first_ns, side.first_ns)
        self.last_ns = max(self.last_ns, side.last_ns)
        self.connections += 1
        self.syns += side.syns
        self.syn_frames += side.syn_frames[: FRAMES_KEPT - len(self.syn_frames)]
        self.answers += flow.from_server.reset_frames[: FRAMES_KEPT - len(self.answers)]

    @property
    def seconds(self) -> float:
        return (self.last_ns - self.first_ns) / 1e9


@dataclass(slots=True)
class Service:
    client: str
    server: str
    port: int
    silent: Tried = field(default_factory=Tried)
    refused: Tried = field(default_factory=Tried)
    opened: int = 0
    opened_ns: int = 0  # when it was last opened


@dataclass(slots=True)
class Talk:
    """`answered` are hosts to which somebody answered, `spoke` all that sent anything at all, `heard` pairs that spoke to each other."""

    services: dict[tuple[str, str, int], Service] = field(default_factory=dict)
    spoke: set[str] = field(default_factory=set)
    answered: set[str] = field(default_factory=set)
    heard: set[tuple[str, str]] = field(default_factory=set)
    reached: dict[tuple[str, int], set[str]] = field(default_factory=dict)  # client, port -> servers that opened it
    first_ns: int = 0
    tried: int = 0  # connections whose SYN was captured
    tunnels: bool = False


def talk_of(index: FlowIndex) -> Talk:
    talk = Talk()
    for flow in index.flows:
        start = min(side.first_ns for side in (flow.from_client, flow.from_server) if side.packets)
        talk.first_ns = min(talk.first_ns, start) if talk.first_ns else start
        _speakers(talk, flow)
        talk.tunnels |= flow.protocol in TUNNELS
        if flow.protocol == "tcp":
            talk.tried += bool(flow.from_client.syns)
            _attempt(talk, flow)
    return talk


def _speakers(talk: Talk, flow: Flow) -> None:
    if flow.from_client.packets:
        talk.spoke.add(flow.client)
    if flow.from_server.packets:
        talk.spoke.add(flow.server)
    if not flow.one_way:
        talk.answered.update((flow.client, flow.server))
        talk.heard.update(((flow.client, flow.server), (flow.server, flow.client)))


def _attempt(talk: Talk, flow: Flow) -> None:
    asked, answer = flow.from_client, flow.from_server
    if not asked.syns:
        if not flow.one_way and answer.packets > answer.resets:  # a connection that was there before the capture
            _opened(talk, flow)
        return
    if flow.refused and answer.packets == answer.resets:
        _service(talk, flow).refused.add(flow)
    elif answer.packets:
        _opened(talk, flow)
    elif asked.packets == asked.syns + asked.resets:
        _service(talk, flow).silent.add(flow)


def _opened(talk: Talk, flow: Flow) -> None:
    service = _service(talk, flow)
    service.opened += 1
    service.opened_ns = max(service.opened_ns, flow.from_server.first_ns)
    talk.reached.setdefault((flow.client, flow.server_port), set()).add(flow.server)


def _service(talk: Talk, flow: Flow) -> Service:
    key = (flow.client, flow.server, flow.server_port)
    found = talk.services.get(key)
    if found is None:
        found = talk.services[key] = Service(*key)
    return found
