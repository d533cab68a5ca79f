"""BGP messages (RFC 4271 §4) one by one, with who sent them to whom: several in one segment are kept apart.

tshark gives each message a layer of its own; a message that spans segments stands in the frame that completes it.
Addresses are those of the IP header nearest to the message, so an outer tunnel is passed over.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from tshoot.packets.frames import Frame, Layer

OPEN, UPDATE, NOTIFICATION, KEEPALIVE, ROUTE_REFRESH = 1, 2, 3, 4, 5
PORT = "179"
SET = frozenset({"1", "True"})  # how tshark writes a flag, depending on its version


@dataclass(frozen=True, slots=True)
class Message:
    """`stream` names the TCP connection within the file; `hops` is the TTL or hop limit that is left, None where it is not told."""

    frame: int
    time: float
    stream: str
    sender: str
    receiver: str
    hops: int | None
    again: bool  # tshark takes the segment for a retransmission
    kind: int
    layer: Layer


@dataclass(frozen=True, slots=True)
class Segment:
    """A TCP segment without a message that opens or closes something: `what` is SYN, SYN-ACK, FIN or RST."""

    frame: int
    time: float
    stream: str
    sender: str
    receiver: str
    what: str
    port: bool  # one of its ports is BGP's


def read(frame: Frame) -> Iterator[Message | Segment]:
    """The BGP messages of a frame in order, and after them the flag by which its segment opens or closes a connection."""
    network: Layer | None = None
    tcp: Layer | None = None
    for layer in frame.layers:
        if layer.name in {"ip", "ipv6"}:
            network, tcp = layer, None
        elif layer.name == "tcp":
            tcp = layer
        elif layer.name == "bgp" and network is not None and tcp is not None:
            kind = layer.number("bgp.type")
            if kind is not None:
                yield _message(frame, network, tcp, kind, layer)
    if network is not None and tcp is not None and not frame.get("bgp") and (notified := _unread(tcp)):
        yield _message(frame, network, tcp, NOTIFICATION, notified)
    if network is not None and tcp is not None and (what := _flag(tcp)):
        sender, receiver = _ends(network)
        port = PORT in (tcp.first("tcp.srcport"), tcp.first("tcp.dstport"))
        yield Segment(frame.number, frame.time, _stream(network, tcp), sender, receiver, what, port)


def _unread(tcp: Layer) -> Layer | None:
    """A NOTIFICATION that tshark takes for something else: one of its heuristics claims some short ones for a start of its own protocol."""
    data = tcp.first("tcp.payload").split(":")
    if PORT not in (tcp.first("tcp.srcport"), tcp.first("tcp.dstport")) or len(data) < 21 or data[:16] != ["ff"] * 16 or data[18] != "03":
        return None
    try:
        code, subcode = str(int(data[19], 16)), str(int(data[20], 16))
    except ValueError:
        return None
    minor = {"1": "", "2": "_open", "3": "_update", "4": "_expired", "5": "_state", "6": "_cease"}.get(code, "_unknown")
    fields = {"bgp.type": ("3",), "bgp.notify.major_error": (code,), f"bgp.notify.minor_error{minor}": (subcode,)}
    return Layer("bgp", {**fields, "bgp.notify.minor_data": (":".join(data[21:]),)})


def _message(frame: Frame, network: Layer, tcp: Layer, kind: int, layer: Layer) -> Message:
    sender, receiver = _ends(network)
    hops = network.number("ip.ttl" if network.name == "ip" else "ipv6.hlim")
    again = "tcp.analysis.retransmission" in tcp.fields or "tcp.analysis.spurious_retransmission" in tcp.fields
    return Message(frame.number, frame.time, _stream(network, tcp), sender, receiver, hops, again, kind, layer)


def _ends(network: Layer) -> tuple[str, str]:
    return network.first(f"{network.name}.src"), network.first(f"{network.name}.dst")


def _stream(network: Layer, tcp: Layer) -> str:
    stream = tcp.first("tcp.stream")
    if stream:
        return stream
    source, destination = _ends(network)
    return " ".join(sorted((f"{source} {tcp.first('tcp.srcport')}", f"{destination} {tcp.first('tcp.dstport')}")))


def _flag(tcp: Layer) -> str:
    if tcp.first("tcp.flags.syn") in SET:
        return "SYN-ACK" if tcp.first("tcp.flags.ack") in SET else "SYN"
    if tcp.first("tcp.flags.reset") in SET:
        return "RST"
    return "FIN" if tcp.first("tcp.flags.fin") in SET else ""
