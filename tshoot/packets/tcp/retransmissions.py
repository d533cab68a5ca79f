"""Segments that are sent again: from one host to another, over all their connections.

Some loss is how TCP finds the speed of a path; a wireless link loses one or two in a hundred. So a fault needs a share and
enough segments to be one: `FAULT_SHARE` of at least `FAULT_SEGMENTS`, and `FAULT_COUNT` of them. From `WARNING_COUNT` and
`WARNING_SHARE` on it is a warning, however few were sent.

Not counted: keep-alives, window probes and segments that were only overtaken (the flow index leaves them out); SYNs and SYN-ACKs that
were repeated (whether somebody answers is the path's question); packets captured twice (a mirror port of two VLANs).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from tshoot.model.findings import FieldValue, Finding
from tshoot.packets.flows import Flow, FlowIndex, Side
from tshoot.packets.proof import MOST, finding

CAUSE = "tcp.retransmissions"
FAULT_COUNT, FAULT_SHARE, FAULT_SEGMENTS = 10, 0.05, 50
WARNING_COUNT, WARNING_SHARE = 3, 0.03
MOST_TOLD = 20


@dataclass(slots=True)
class _Loss:
    sender: str
    receiver: str
    port: int
    client: str
    segments: int = 0
    again: int = 0
    connections: int = 0
    first_ns: int = 0
    last_ns: int = 0
    frames: list[int] = field(default_factory=list)

    @property
    def share(self) -> float:
        return self.again / self.segments if self.segments else 0.0

    @property
    def severity(self) -> str:
        if self.again >= FAULT_COUNT and self.segments >= FAULT_SEGMENTS and self.share >= FAULT_SHARE:
            return "fault"
        return "warning" if self.again >= WARNING_COUNT and self.share >= WARNING_SHARE else ""


def findings(index: FlowIndex) -> list[Finding]:
    losses: dict[tuple[str, str], _Loss] = {}
    for flow in index.tcp():
        for sender, receiver, side in ((flow.client, flow.server, flow.from_client), (flow.server, flow.client, flow.from_server)):
            if side.segments:
                loss = losses.setdefault((sender, receiver), _Loss(sender, receiver, flow.server_port, flow.client))
                _add(loss, flow, side)
    told = sorted((loss for loss in losses.values() if loss.severity), key=lambda loss: (loss.severity != "fault", -loss.again))
    return sorted((_finding(loss) for loss in told[:MOST_TOLD]), key=lambda one: one.frames)


def data_segments(side: Side) -> tuple[int, int]:
    """Segments with data or FIN, and how many of them were sent before: without the handshake and without packets captured twice."""
    copies = side.copies
    repeated_syns = max(0, side.syns - 1) + max(0, side.syn_acks - 1)
    sent = max(0, side.segments - side.syns - side.syn_acks - copies)
    return sent, min(sent, max(0, side.retransmissions - repeated_syns - copies))


def _add(loss: _Loss, flow: Flow, side: Side) -> None:
    sent, again = data_segments(side)
    loss.segments += sent
    if not again:
        return
    if not loss.again:
        loss.port, loss.first_ns = flow.server_port, side.first_ns
    loss.again += again
    loss.connections += 1
    loss.first_ns, loss.last_ns = min(loss.first_ns, side.first_ns), max(loss.last_ns, side.last_ns)
    handshake = set(side.syn_frames)
    loss.frames += [frame for frame in side.retransmission_frames if frame not in handshake][: MOST - len(loss.frames)]


def _finding(loss: _Loss) -> Finding:
    fault = loss.severity == "fault"
    address = "ipv6" if ":" in loss.sender else "ip"
    where = "one connection" if loss.connections == 1 else f"{loss.connections} connections"
    text = (
        f"Of {loss.segments} segments from {loss.sender} to {loss.receiver}, {loss.again} were sent again "
        f"({loss.share:.0%}, in {where}, {(loss.last_ns - loss.first_ns) / 1e9:.1f} s): they, or their acknowledgements, are lost on the way."
    )
    if not fault and loss.segments < FAULT_SEGMENTS:
        text += f" {loss.segments} segments are few: one burst of loss while a connection finds its speed is normal."
    elif not fault:
        text += f" Up to {FAULT_SHARE:.0%} is found on busy and on wireless links."
    server = loss.receiver if loss.sender == loss.client else loss.sender
    return finding(
        CAUSE,
        "TCP segments are lost and sent again",
        text,
        _evidence(loss),
        show=f"tcp.analysis.retransmission && {address}.src == {loss.sender} && {address}.dst == {loss.receiver}",
        facts={
            "client": loss.client, "server": server, "sender": loss.sender, "receiver": loss.receiver, "port": loss.port,
            "retransmissions": loss.again, "segments": loss.segments, "percent": round(100 * loss.share),
        },
        severity="fault" if fault else "warning",
        confidence="high" if fault and loss.again >= 3 * FAULT_COUNT else "medium",
    )  # fmt: skip


def _evidence(loss: _Loss) -> Iterator[FieldValue]:
    for frame in loss.frames:
        yield FieldValue(frame, "tcp.analysis.retransmission", "1")
