"""Flows as the index would give them, written down."""

from __future__ import annotations

from dataclasses import replace

from tshoot.packets.flows import Flow, FlowIndex, Side, ZeroWindow

SECOND = 1_000_000_000
BEGIN = 1_700_000_000 * SECOND
CLIENT, SERVER, OTHER = "192.0.2.1", "198.51.100.2", "198.51.100.3"


def side(first: int, packets: int, at: float = 0.0, until: float | None = None, **counts: object) -> Side:
    """`packets` from frame `first` on, from second `at` to second `until`."""
    last_ns = BEGIN + round((at if until is None else until) * SECOND)
    made = Side(packets=packets, first=first, last=first + packets - 1, first_ns=BEGIN + round(at * SECOND), last_ns=last_ns)
    return replace(made, **counts)  # type: ignore[arg-type]


def flow(client: Side, server: Side, *, to: str = SERVER, port: int = 443, source: int = 40000, by: str = CLIENT, protocol: str = "tcp") -> Flow:
    opened = bool(client.syns or server.syn_acks)
    return Flow(protocol, by, source, to, port, opened, client, server)


def tried(first: int, syns: int, at: float, until: float, **where: object) -> Flow:
    """SYNs that nobody answers."""
    frames = tuple(range(first, first + syns))
    return flow(side(first, syns, at, until, syns=syns, segments=syns, syn_frames=frames), Side(), **where)  # type: ignore[arg-type]


def refused(first: int, at: float, syns: int = 1, **where: object) -> Flow:
    asked = side(first, syns, at, syns=syns, segments=syns, syn_frames=(first,))
    return flow(asked, side(first + 1, syns, at, resets=syns, reset_frames=(first + 1,)), **where)  # type: ignore[arg-type]


def served(first: int = 1, at: float = 0.0, **where: object) -> Flow:
    """A connection that comes up, in both directions."""
    asked = side(first, 4, at, syns=1, segments=2, payload=100, syn_frames=(first,))
    return flow(asked, side(first + 1, 3, at, syn_acks=1, segments=2, payload=900, syn_frames=(first + 1,)), **where)  # type: ignore[arg-type]


def stalled(*stalls: tuple[float, float], lasts: float = 100.0, payload: int = 5000) -> Flow:
    """The server's window closes from second to second; 0 as the end: never opened."""
    windows = tuple(
        ZeroWindow(10 + 2 * number, 11 + 2 * number if end else 0, BEGIN + round(begin * SECOND), BEGIN + round(end * SECOND) if end else 0)
        for number, (begin, end) in enumerate(stalls)
    )
    server = side(2, 100, 0.0, lasts, syn_acks=1, zero_windows=len(windows), zero_window_frames=windows)
    return flow(side(1, 100, 0.0, lasts, syns=1, payload=payload), server)


def lossy(sent: int, again: int, copies: int = 0, **where: object) -> Flow:
    """A client that sends `sent` segments, `again` of them repetitions, beside its SYN."""
    frames = tuple(range(10, 10 + min(again + copies, 16)))
    client = side(
        1,
        sent + copies + 1,
        0.0,
        5.0,
        syns=1,
        segments=sent + copies + 1,
        retransmissions=again + copies,
        copies=copies,
        retransmission_frames=frames,
    )
    return flow(client, side(2, 10, 0.0, 5.0, syn_acks=1, segments=1), **where)  # type: ignore[arg-type]


def index(*flows: Flow, **more: object) -> FlowIndex:
    packets = sum(one.packets for one in flows)
    return FlowIndex(packets=packets, flows=tuple(sorted(flows, key=lambda one: one.first)), **more)  # type: ignore[arg-type]
