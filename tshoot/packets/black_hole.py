"""A path that swallows large packets without a word (RFC 2923): the sender repeats one large segment for ever.

The proof needs no ICMP: the same segment is sent again and again with growing pauses, so nothing of it was ever
acknowledged, while all that the connection sent before it, acknowledged and therefore arrived, is less than one
such segment. A receiver that died looks the same once large segments had passed: then there is no finding.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from tshoot.model.findings import FieldValue, Finding
from tshoot.packets.frames import Frame, Layer

CAUSE = "path.mtu-mismatch"
LARGE = 1000  # bytes of TCP payload: smaller ones fit through any link
REPEATS = 4
LASTS = 3.0  # seconds from the first repetition to the last
_SET = {"1", "True"}  # how tshark writes a flag, depending on its version
DISPLAY_FILTER = f"(tcp.analysis.retransmission and tcp.len >= {LARGE})"


@dataclass
class _Segment:
    source: str
    destination: str
    source_port: int
    destination_port: int
    length: int
    frames: list[int] = field(default_factory=list)
    times: list[float] = field(default_factory=list)


class BlackHoles:
    """Is shown frames in order; `findings` at the end."""

    def __init__(self) -> None:
        self._segments: dict[tuple[str, str, str], _Segment] = {}
        self._clients: dict[str, str] = {}  # TCP stream -> who opened it, where its SYN is among the frames

    def look(self, frame: Frame) -> None:
        tcp = frame.get("tcp")
        network = next((layer for layer in reversed(frame.layers) if layer.name in {"ip", "ipv6"}), None)
        if tcp is None or network is None:
            return
        source = network.first(f"{network.name}.src")
        if tcp.first("tcp.flags.syn") in _SET and tcp.first("tcp.flags.ack") not in _SET:
            self._clients.setdefault(tcp.first("tcp.stream"), source)
        if "tcp.analysis.retransmission" not in tcp.fields:
            return
        length, sequence = tcp.number("tcp.len") or 0, tcp.number("tcp.seq") or 0
        if length < LARGE or sequence - 1 >= length:  # a segment of that size has arrived before
            return
        key = tcp.first("tcp.stream"), source, tcp.first("tcp.seq")
        segment = self._segments.setdefault(key, _segment(tcp, network, length))
        segment.frames.append(frame.number)
        segment.times.append(frame.time)

    def findings(self, title: str) -> Iterator[Finding]:
        for (stream, _, _), segment in self._segments.items():
            if len(segment.frames) >= REPEATS and segment.times[-1] - segment.times[0] >= LASTS:
                yield _finding(segment, title, self._clients.get(stream))


def _segment(tcp: Layer, network: Layer, length: int) -> _Segment:
    source, destination = network.first(f"{network.name}.src"), network.first(f"{network.name}.dst")
    return _Segment(source, destination, tcp.number("tcp.srcport") or 0, tcp.number("tcp.dstport") or 0, length)


def _finding(segment: _Segment, title: str, client: str | None) -> Finding:
    seconds = segment.times[-1] - segment.times[0]
    explanation = (
        f"{segment.source} sent a segment of {segment.length} bytes to {segment.destination} {len(segment.frames) + 1} times, "
        f"for {seconds:.0f} s after the first repetition, without an acknowledgement; all that arrived before it was smaller, and no ICMP says why."
    )
    evidence: Sequence[FieldValue] = [FieldValue(frame, "tcp.len", str(segment.length)) for frame in segment.frames[:10]]
    return Finding(
        cause=CAUSE,
        title=title,
        severity="fault",
        confidence="medium",
        frames=tuple(segment.frames),
        evidence=tuple(evidence),
        explanation=explanation,
        display_filter=f"tcp.analysis.retransmission && ip.addr == {segment.source} && ip.addr == {segment.destination}".replace(
            "ip.addr", "ipv6.addr" if ":" in segment.source else "ip.addr"
        ),
        facts={**_ends(segment, client), "size": segment.length},
    )


def _ends(segment: _Segment, client: str | None) -> dict[str, str | int]:
    """Client, server and its port; where no SYN told, the server is taken to listen on the lower port."""
    from_client = segment.source == client if client else segment.source_port > segment.destination_port
    if from_client:
        return {"client": segment.source, "server": segment.destination, "port": segment.destination_port}
    return {"client": segment.destination, "server": segment.source, "port": segment.source_port}
