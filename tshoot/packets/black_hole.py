"""A path that swallows large packets without a word (RFC 2923): the sender repeats one large segment for ever.

The proof needs no ICMP: the same segment is sent again and again with growing pauses, so nothing of it was ever
acknowledged, while all that the connection sent before it, acknowledged and therefore arrived, is less than one
such segment. A receiver that died looks the same once large segments had passed: then there is no finding.
The flow index has seen all of it in the headers; nothing needs to be decoded.
"""

from __future__ import annotations

from collections.abc import Iterator

from tshoot.model.findings import FieldValue, Finding
from tshoot.packets.flows import Flow, FlowIndex, Repeated

CAUSE = "path.mtu-mismatch"
REPEATS = 4
LASTS = 3.0  # seconds from the first repetition to the last


def findings(index: FlowIndex, title: str) -> Iterator[Finding]:
    """One finding a segment that was repeated to no avail."""
    for flow in index.tcp():
        for repeated in flow.from_client.repeated:
            if _in_vain(repeated):
                yield _finding(flow, (flow.client, flow.server), repeated, title)
        for repeated in flow.from_server.repeated:
            if _in_vain(repeated):
                yield _finding(flow, (flow.server, flow.client), repeated, title)


def _in_vain(repeated: Repeated) -> bool:
    return repeated.times >= REPEATS and repeated.last_ns - repeated.first_ns >= LASTS * 1e9 and repeated.before < repeated.length


def _finding(flow: Flow, ends: tuple[str, str], repeated: Repeated, title: str) -> Finding:
    seconds = (repeated.last_ns - repeated.first_ns) / 1e9
    explanation = (
        f"{ends[0]} sent a segment of {repeated.length} bytes to {ends[1]} {repeated.times + 1} times, "
        f"for {seconds:.0f} s after the first repetition, without an acknowledgement; all that arrived before it was smaller, and no ICMP says why."
    )
    address = "ipv6.addr" if ":" in ends[0] else "ip.addr"
    return Finding(
        cause=CAUSE,
        title=title,
        severity="fault",
        confidence="medium",
        frames=repeated.frames,
        evidence=tuple(FieldValue(frame, "tcp.len", str(repeated.length)) for frame in repeated.frames[:10]),
        explanation=explanation,
        display_filter=f"tcp.analysis.retransmission && {address} == {ends[0]} && {address} == {ends[1]}",
        facts={"client": flow.client, "server": flow.server, "port": flow.server_port, "size": repeated.length},
    )
