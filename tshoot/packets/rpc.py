"""ONC RPC calls and replies in decoded frames (RFC 5531), each reply with the call it answers.

A frame may carry several messages: the layers come in order, each `rpc` followed by its body. A reply is
matched to its call by transaction id, addresses and ports; where the call was not among the frames, the
program and procedure that tshark worked out stand in. At most `_REMEMBERED` unanswered calls are kept.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from tshoot.packets.frames import Frame, Layer

PORTMAP, NFS, MOUNT = 100000, 100003, 100005
_BODIES = frozenset({"portmap", "mount", "nfs"})
_REMEMBERED = 10_000


@dataclass(frozen=True, slots=True)
class Ends:
    """Who asks whom. `transport` is "tcp" or "udp"."""

    client: str
    client_port: int
    server: str
    server_port: int
    transport: str


@dataclass(frozen=True, slots=True)
class Call:
    ends: Ends
    xid: int
    program: int
    version: int
    procedure: int
    frame: int
    time: float
    body: Layer | None


@dataclass(frozen=True, slots=True)
class Exchange:
    """A reply and what it answers. `call_frame` is 0, and `call` None, where the call was not captured."""

    ends: Ends
    xid: int
    program: int
    version: int
    procedure: int
    frame: int
    time: float
    header: Layer
    body: Layer | None
    call: Call | None
    call_frame: int

    @property
    def executed(self) -> bool:
        """MSG_ACCEPTED and SUCCESS: the procedure ran, whatever it then said."""
        return self.header.number("rpc.replystat") == 0 and self.header.number("rpc.state_accept") == 0

    def result(self, field: str) -> int | None:
        return self.body.number(field) if self.body else None

    def argument(self, field: str) -> str:
        """The first value of `field` in the call, empty where the call was not captured."""
        return self.call.body.first(field) if self.call and self.call.body else ""


def addresses(frame: Frame) -> tuple[str, str]:
    """Source and destination of the innermost IP header; empty without one."""
    for layer in reversed(frame.layers):
        if layer.name in ("ip", "ipv6"):
            return layer.first(f"{layer.name}.src"), layer.first(f"{layer.name}.dst")
    return "", ""


class RpcReader:
    """Frames in their order go in, calls and exchanges come out."""

    def __init__(self) -> None:
        self._waiting: dict[tuple[Ends, int], Call] = {}

    def read(self, frame: Frame) -> Iterator[Call | Exchange]:
        transport = next((layer for layer in reversed(frame.layers) if layer.name in ("tcp", "udp")), None)
        if transport is None:
            return
        source, destination = addresses(frame)
        ports = transport.number(f"{transport.name}.srcport") or 0, transport.number(f"{transport.name}.dstport") or 0
        there = Ends(source, ports[0], destination, ports[1], transport.name)
        back = Ends(destination, ports[1], source, ports[0], transport.name)
        for header, body in _messages(frame):
            kind = header.number("rpc.msgtyp")
            if kind == 0:
                yield self._call(there, frame, header, body)
            elif kind == 1:
                yield self._exchange(back, frame, header, body)

    def _call(self, ends: Ends, frame: Frame, header: Layer, body: Layer | None) -> Call:
        call = Call(ends, header.number("rpc.xid") or 0, *_target(header), frame.number, frame.time, body)
        self._waiting.setdefault((ends, call.xid), call)
        if len(self._waiting) > _REMEMBERED:
            del self._waiting[next(iter(self._waiting))]
        return call

    def _exchange(self, ends: Ends, frame: Frame, header: Layer, body: Layer | None) -> Exchange:
        xid = header.number("rpc.xid") or 0
        call = self._waiting.pop((ends, xid), None)
        target = (call.program, call.version, call.procedure) if call else _target(header)
        call_frame = call.frame if call else header.number("rpc.repframe") or 0
        return Exchange(ends, xid, *target, frame.number, frame.time, header, body, call, call_frame)


def _messages(frame: Frame) -> Iterator[tuple[Layer, Layer | None]]:
    header: Layer | None = None
    for layer in frame.layers:
        if header is not None and layer.name in _BODIES:
            yield header, layer
            header = None
        elif layer.name == "rpc" and "rpc.msgtyp" in layer.fields:
            if header is not None:
                yield header, None
            header = layer
    if header is not None:
        yield header, None


def _target(header: Layer) -> tuple[int, int, int]:
    """Program, version and procedure. PROG_MISMATCH's low and high have names of their own."""
    return header.number("rpc.program") or 0, header.number("rpc.programversion") or 0, header.number("rpc.procedure") or 0
