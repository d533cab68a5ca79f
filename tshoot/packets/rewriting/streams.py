"""TCP streams put together again, so that messages that span segments are rewritten as a whole, and every segment is cut from the result.

Streams of BGP and ONC RPC alone are kept, told by their ports or by how a segment begins; of all others the bytes are zeroed. What does not
fit in memory is zeroed, too. After a gap reading goes on where the last message ends, or at a segment that begins a message.
"""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass, field
from typing import NamedTuple

from tshoot.packets.rewriting.bgp import HEADER, MARKER, bgp_length, rewrite_bgp
from tshoot.packets.rewriting.disguise import Disguise
from tshoot.packets.rewriting.rpc import LONGEST, Procedure, looks_like_rpc, procedure_of, rewrite_rpc

MOST_BYTES = 256 << 20  # of all streams together
_PORTS = frozenset({111, 179, 635, 2049, 4045, 20048})
_MOST_FRAGMENTS = 4096  # of one RPC record


class Flow(NamedTuple):
    """One direction: packed addresses and ports."""

    source: bytes
    destination: bytes
    source_port: int
    destination_port: int

    @property
    def answered(self) -> Flow:
        return Flow(self.destination, self.source, self.destination_port, self.source_port)


@dataclass(slots=True)
class _Stream:
    """One direction of one connection: pieces by their place, then whole runs without a gap."""

    first: int  # sequence number of place 0
    start: int | None = None  # sequence number of its SYN
    pieces: list[tuple[int, bytes]] = field(default_factory=list)
    wanted: bool = False
    runs: list[tuple[int, bytearray, list[int]]] = field(default_factory=list)
    written: list[tuple[int, bytearray]] = field(default_factory=list)


class Streams:
    """First `add` every segment, then `finish`, then `take` each again."""

    def __init__(self, disguise: Disguise) -> None:
        self._disguise = disguise
        self._streams: dict[Flow, list[_Stream]] = {}
        self._turn: dict[Flow, int] = {}
        self._calls: dict[Flow, dict[bytes, Procedure]] = {}
        self._held = 0

    def note_call(self, flow: Flow, message: bytes) -> None:
        """Remember what an RPC call calls, for its reply."""
        procedure = procedure_of(message)
        if procedure:
            self._calls.setdefault(flow, {})[message[:4]] = procedure

    def calls_of_reply(self, flow: Flow) -> dict[bytes, Procedure]:
        return self._calls.get(flow.answered, {})

    def add(self, flow: Flow, sequence: int, *, syn: bool, payload: bytes) -> None:
        stream = self._current(flow, sequence, syn)
        if not payload or self._held + len(payload) > MOST_BYTES:
            return
        stream.wanted = stream.wanted or bool(_PORTS & {flow.source_port, flow.destination_port}) or _begins(payload)
        if stream.wanted:
            stream.pieces.append((_distance(stream.first, sequence), payload))
            self._held += len(payload)

    def _current(self, flow: Flow, sequence: int, syn: bool) -> _Stream:
        known = self._streams.setdefault(flow, [])
        if not known or (syn and known[-1].start != sequence and (known[-1].start is not None or known[-1].pieces)):
            known.append(_Stream((sequence + syn) & 0xFFFFFFFF))
        if syn:
            known[-1].start = sequence
            if not known[-1].pieces:
                known[-1].first = (sequence + 1) & 0xFFFFFFFF
        return known[-1]

    def finish(self) -> None:
        """All segments were added: put together, read the calls, rewrite."""
        for streams in self._streams.values():
            for stream in streams:
                _assemble(stream)
        for flow, streams in self._streams.items():
            for stream in streams:
                for _, message in _rpc_messages(stream):
                    self.note_call(flow, message)
        for flow, streams in self._streams.items():
            for stream in streams:
                self._rewrite(flow, stream)

    def _rewrite(self, flow: Flow, stream: _Stream) -> None:
        outs = [(place, bytearray(len(run))) for place, run, _ in stream.runs]
        calls = self.calls_of_reply(flow)
        for (place, run, starts), (_, out) in zip(stream.runs, outs, strict=True):
            _bgp(run, starts, out, self._disguise)
            stream.written.append((place, out))
        for spans, message in _rpc_messages(stream):
            rewritten, at = rewrite_rpc(message, self._disguise, calls), 0
            for index, where, size, kind in spans:
                out = outs[index][1]
                if kind == "mark":
                    out[where : where + size] = stream.runs[index][1][where : where + size]
                else:
                    out[where : where + size] = rewritten[at : at + size]
                    at += size
        stream.runs.clear()

    def take(self, flow: Flow, sequence: int, *, syn: bool, size: int) -> bytes:
        """The rewritten bytes of a segment; call it for every segment in the order of `add`."""
        known = self._streams.get(flow, [])
        turn = self._turn.get(flow, 0)
        if syn:
            turn = next((index for index in range(turn, len(known)) if known[index].start == sequence), turn)
            self._turn[flow] = turn
        if not size or turn >= len(known):
            return bytes(size)
        stream = known[turn]
        place = _distance(stream.first, sequence)
        index = bisect_right(stream.written, place, key=lambda item: item[0]) - 1
        if index < 0:
            return bytes(size)
        start, out = stream.written[index]
        return bytes(out[place - start : place - start + size]).ljust(size, b"\0")


def _distance(first: int, sequence: int) -> int:
    """How far `sequence` lies behind `first`, also before it, across the wrap at 2^32."""
    return (sequence - first + 0x80000000 & 0xFFFFFFFF) - 0x80000000


def _begins(payload: bytes) -> bool:
    return payload[:16] == MARKER or (len(payload) >= 16 and bool(payload[0] & 0x80) and looks_like_rpc(payload[4:20]))


def _assemble(stream: _Stream) -> None:
    """Runs without a gap, each with the places where its segments begin; of what was sent twice the first counts."""
    stream.pieces.sort(key=lambda piece: piece[0])
    for place, data in stream.pieces:
        if stream.runs and place <= stream.runs[-1][0] + len(stream.runs[-1][1]):
            start, run, starts = stream.runs[-1]
            starts.append(place - start)
            run += data[start + len(run) - place :] if start + len(run) > place else data
        else:
            stream.runs.append((place, bytearray(data), [0]))
    stream.pieces.clear()


def _bgp(run: bytearray, starts: list[int], out: bytearray, disguise: Disguise) -> None:
    at = run.find(MARKER)
    while at >= 0:
        length = bgp_length(bytes(run[at : at + HEADER]))
        if not length:
            at = run.find(MARKER, at + 1)
            continue
        out[at : at + length] = rewrite_bgp(bytes(run[at : at + length]), disguise)
        at = run.find(MARKER, at + length)


_Span = tuple[int, int, int, str]  # run, place in it, size, "mark" or "body"


def _rpc_messages(stream: _Stream) -> list[tuple[list[_Span], bytes]]:
    """The records of RPC over TCP (RFC 5531, section 11), put together from their fragments, and where their bytes lie."""
    found: list[tuple[list[_Span], bytes]] = []
    due = -1  # where in the stream the next record begins, by the length of the last
    for index, (place, run, starts) in enumerate(stream.runs):
        candidates = sorted({*starts, due - place} if 0 <= due - place < len(run) else set(starts))
        at = _next_record(run, candidates, 0)
        while at is not None:
            spans, end = _record(run, index, at)
            message = b"".join(bytes(run[where : where + size]) for _, where, size, kind in spans if kind == "body")
            found.append((spans, message))
            due = place + end
            at = end if _is_record(run, end) else _next_record(run, candidates, end)
    return found


def _next_record(run: bytearray, candidates: list[int], since: int) -> int | None:
    return next((at for at in candidates if at >= since and _is_record(run, at)), None)


def _is_record(run: bytearray, at: int) -> bool:
    size = int.from_bytes(run[at : at + 4], "big") & 0x7FFFFFFF
    return len(run) >= at + 16 and 8 <= size <= LONGEST and looks_like_rpc(bytes(run[at + 4 : at + 20]))


def _record(run: bytearray, index: int, at: int) -> tuple[list[_Span], int]:
    """The spans of the record at `at`, and where it ends (perhaps behind the run)."""
    spans: list[_Span] = []
    for _ in range(_MOST_FRAGMENTS):
        mark = int.from_bytes(run[at : at + 4], "big")
        size, there = mark & 0x7FFFFFFF, len(run) - at - 4
        if there < 0 or size > LONGEST:
            break
        spans += [(index, at, 4, "mark"), (index, at + 4, max(0, min(size, there)), "body")]
        at += 4 + size
        if mark & 0x80000000:
            break
    return spans, at
