"""Resets that somebody else sent in the name of an end: a device on the way that ends a connection (RFC 3360).

Proof: the RST's TTL (hop limit) differs by `HOPS` or more from that of all else which the same end sends in this connection, and that end
goes on after it, as one does that has sent no RST. An end's own RST may carry another TTL than its data (some systems do so, load
balancers do), so the TTL alone is no proof; packets that were overtaken by the own RST have the TTL of the others.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from tshoot.model.findings import FieldValue, Finding
from tshoot.packets.flows import FlowIndex, Side
from tshoot.packets.frames import Frame, Layer
from tshoot.packets.proof import MOST, finding, frame_list

CAUSE = "path.reset-injected"
HOPS = 2
FLOWS_ASKED = 50
ENDS_KEPT = 20_000


@dataclass(slots=True)
class _End:
    """What one end of one connection sent, of the decoded frames."""

    sender: str
    receiver: str
    client: bool
    port: int
    hops_field: str
    resets: list[tuple[int, int]] = field(default_factory=list)  # frame, TTL
    others: list[tuple[int, int]] = field(default_factory=list)


def wanted(index: FlowIndex) -> Iterable[int]:
    """Frames to decode: resets after which the same end went on, and its SYNs to compare with."""
    asked = 0
    for flow in index.tcp():
        for side in (flow.from_client, flow.from_server):
            if side.reset_frames and _goes_on(side):
                asked += 1
                if asked > FLOWS_ASKED:
                    return
                yield from (*side.reset_frames[:4], *side.syn_frames[:4], *side.retransmission_frames[:4], side.last)


def _goes_on(side: Side) -> bool:
    first = side.reset_frames[0]
    return side.last > side.reset_frames[-1] or any(frame > first for frame in (*side.syn_frames, *side.retransmission_frames))


class Resets:
    """Fed with every frame in order."""

    def __init__(self) -> None:
        self._ends: dict[tuple[str, str, str, str], _End] = {}

    def frame(self, frame: Frame) -> None:
        network: Layer | None = None
        for layer in frame.layers:
            if layer.name in ("ip", "ipv6"):
                network = layer
            elif layer.name == "tcp" and network is not None:
                self._segment(frame, network, layer)
                return

    def _segment(self, frame: Frame, network: Layer, tcp: Layer) -> None:
        name = "ip.ttl" if network.name == "ip" else "ipv6.hlim"
        hops = network.number(name)
        source, destination = network.first(f"{network.name}.src"), network.first(f"{network.name}.dst")
        ports = tcp.number("tcp.srcport"), tcp.number("tcp.dstport")
        if hops is None or ports[0] is None or ports[1] is None:
            return
        key = tcp.first("tcp.stream"), source, destination, str(ports[0])
        end = self._ends.get(key)
        if end is None:
            if len(self._ends) >= ENDS_KEPT:
                return
            client = ports[0] > ports[1]
            end = self._ends[key] = _End(source, destination, client, min(ports[0], ports[1]), name)
        kept = end.resets if tcp.number("tcp.flags.reset") == 1 else end.others
        if len(kept) < MOST:
            kept.append((frame.number, hops))

    def findings(self) -> list[Finding]:
        return [_finding(end, forged) for end in self._ends.values() if (forged := _forged(end))]


def _forged(end: _End) -> list[tuple[int, int]]:
    usual = {hops for _, hops in end.others}
    if not usual or max(usual) - min(usual) >= HOPS:
        return []
    last = end.others[-1][0]
    return [(frame, hops) for frame, hops in end.resets if frame < last and min(abs(hops - other) for other in usual) >= HOPS]


def _finding(end: _End, forged: list[tuple[int, int]]) -> Finding:
    client, server = (end.sender, end.receiver) if end.client else (end.receiver, end.sender)
    after = next((frame, hops) for frame, hops in end.others if frame > forged[0][0])
    what = "TTL" if end.hops_field == "ip.ttl" else "hop limit"
    text = (
        f"The RST in {frame_list(frame for frame, _ in forged)} bears the address of {end.sender} but a {what} of {forged[0][1]}, where all else "
        f"that {end.sender} sends in this connection (port {end.port}) has {after[1]}; and {end.sender} goes on after it (frame {after[0]}). "
        f"Another device sent it."
    )
    address = "ipv6.addr" if end.hops_field == "ipv6.hlim" else "ip.addr"
    return finding(
        CAUSE,
        "A device on the path resets connections in the name of an end",
        text,
        [value for frame, hops in forged for value in (FieldValue(frame, "tcp.flags.reset", "1"), FieldValue(frame, end.hops_field, str(hops)))],
        [FieldValue(frame, end.hops_field, str(hops)) for frame, hops in (after, *(reset for reset in end.resets if reset not in forged))],
        show=f"tcp && {address} == {end.sender} && {address} == {end.receiver} && tcp.port == {end.port}",
        facts={"client": client, "server": server, "port": end.port, "claimed": end.sender, "ttl": forged[0][1], "usual_ttl": after[1]},
        confidence="medium",
    )
