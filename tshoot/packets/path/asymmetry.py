"""Answers that go another way: connections of which this capture shows one direction, and whose other end must have answered.

Proven by the one side alone: a client that sends more than SYNs was answered; a server that sends more than SYN-ACKs was heard.
Worse: SYNs and SYN-ACKs are repeated side by side, so what the server sends past this point never arrives (a stateful
firewall on the way back that never saw the SYN, or no route back).

Left out: a capture of one direction (of neither host any connection is two-way; `artefacts` says so), connections that began before the capture,
tunnels and unread frames in which the answers may hide, spoofed SYNs and the SYN-ACKs that these cause (nobody goes on).
Seeing one direction only is a warning: ways may differ, and do with several links between two routers.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from tshoot.model.findings import FieldValue, Finding
from tshoot.packets.flows import Flow, FlowIndex
from tshoot.packets.path.services import Talk
from tshoot.packets.proof import MOST, finding

CAUSE = "path.asymmetric"
REPEATED, REPEATED_SECONDS = 3, 2.5
BEGINS_NS = 1_000_000_000  # a connection that is first seen within this time of the capture's begin may be older
UNREAD_SHARE = 0.01
_TITLE = "The two directions of a connection take different ways"


def findings(index: FlowIndex, talk: Talk) -> list[Finding]:
    """One finding a pair of hosts."""
    halves: dict[tuple[str, str], list[Flow]] = {}
    lost: dict[tuple[str, str], list[Flow]] = {}
    two_way: Counter[str] = Counter()  # connections of a host that are seen in both directions
    for flow in index.tcp():
        if not flow.one_way:
            two_way.update((flow.client, flow.server))
        if half(flow, talk.first_ns):
            halves.setdefault((flow.client, flow.server), []).append(flow)
        elif _lost(flow):
            lost.setdefault((flow.client, flow.server), []).append(flow)
    found = [_never_arrives(flows) for flows in lost.values()]
    hidden = talk.tunnels or index.unread > UNREAD_SHARE * index.packets
    if not hidden:
        both = {pair: max(two_way[host] for host in pair) for pair in halves}
        found += [_half_seen(flows, both[pair]) for pair, flows in halves.items() if both[pair]]
    return sorted(found, key=lambda one: one.frames)


def half(flow: Flow, begin_ns: int) -> bool:
    """Whether one end alone was captured of a connection that both ends must have taken part in."""
    asked, answer = flow.from_client, flow.from_server
    if flow.one_way and asked.syns:
        return asked.packets > asked.syns + asked.resets
    return bool(flow.one_way and answer.syn_acks and answer.packets > answer.syn_acks + answer.resets and answer.first_ns - begin_ns >= BEGINS_NS)


def _lost(flow: Flow) -> bool:
    asked, answer = flow.from_client, flow.from_server
    waits = asked.syns >= REPEATED and answer.syn_acks >= REPEATED and asked.packets == asked.syns
    return waits and asked.last_ns - asked.first_ns >= REPEATED_SECONDS * 1e9


def _half_seen(flows: Sequence[Flow], two_way: int) -> Finding:
    first = flows[0]
    seen, missing = (first.client, first.server) if first.from_client.packets else (first.server, first.client)
    packets = sum(flow.packets for flow in flows)
    text = (
        f"Of {_count(flows)} between {first.client} and {first.server} port {first.server_port} only what {seen} sends passes here "
        f"({packets} packets); it goes on as somebody does who is answered, so the packets of {missing} take another way. "
        f"Both directions are seen of {_count([first] * two_way)} of one of the two in this capture. By itself that is no fault; a stateful "
        f"firewall or a NAT that sees one direction alone ends such connections."
    )
    return _told(flows, text, list(_begins(flows)), "warning")


def _never_arrives(flows: Sequence[Flow]) -> Finding:
    first = flows[0]
    asked = sum(flow.from_client.syns for flow in flows)
    answered = sum(flow.from_server.syn_acks for flow in flows)
    seconds = (max(flow.from_client.last_ns for flow in flows) - first.from_client.first_ns) / 1e9
    text = (
        f"{first.client} repeats its SYN to {first.server} port {first.server_port} ({asked} SYNs in {seconds:.1f} s) although "
        f"{first.server} answers each time ({answered} SYN-ACKs pass here) and no ACK follows: "
        f"what {first.server} sends does not arrive at {first.client}, so the way back is not the way there, or is closed."
    )
    return _told(flows, text, list(_begins(flows)), "fault")


def _told(flows: Sequence[Flow], text: str, evidence: Sequence[FieldValue], severity: str) -> Finding:
    first = flows[0]
    address = "ipv6.addr" if ":" in first.client else "ip.addr"
    return finding(
        CAUSE,
        _TITLE,
        text,
        evidence[:MOST],
        show=f"tcp && {address} == {first.client} && {address} == {first.server}",
        facts={"client": first.client, "server": first.server, "port": first.server_port, "connections": len(flows)},
        severity="fault" if severity == "fault" else "warning",
        confidence="medium",
    )


def _begins(flows: Sequence[Flow]) -> Iterator[FieldValue]:
    for flow in flows:
        for side, ack in ((flow.from_client, "0"), (flow.from_server, "1")):
            for frame in side.syn_frames[:4]:
                yield FieldValue(frame, "tcp.flags.syn", "1")
                yield FieldValue(frame, "tcp.flags.ack", ack)


def _count(flows: Sequence[Flow]) -> str:
    return "one connection" if len(flows) == 1 else f"{len(flows)} connections"
