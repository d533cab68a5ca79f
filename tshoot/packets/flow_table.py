"""The flows known so far, as columns: one row a direction, two rows a flow, the second for the higher endpoint.

Beyond `limit` flows, the half that is least worth keeping is folded into `rest`: first those without a
retransmission, reset, zero window or open question, the longest silent first. A folded flow that speaks
again is a new one, without its handshake.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, overload

import numpy as np

from tshoot.packets.batches import Ints, Mask
from tshoot.packets.flow_keys import named
from tshoot.packets.flows import FRAMES_A_LIST, REPEATS_A_SIDE, Flow, Repeated, Rest, Side, ZeroWindow

COUNTS = (
    "packets", "bytes", "payload", "first", "last", "first_ns", "last_ns", "syns", "syn_acks", "fins", "resets",
    "segments", "retransmissions", "zero_windows", "zero_window_ns", "largest", "mss", "copies",
)  # fmt: skip
STATE = ("base", "next", "next_ns", "before_ns", "zero_since", "window", "ack", "duplicates", "ack_ns")  # -1: not known
HOLES_A_SIDE = 32
_FIRST = COUNTS.index("first")
_TOGETHER = 1024  # flows made at once
_SILENT = Side()
COPY_REACH = 8  # a packet and its copy are no further apart within their direction
_SUMMED = ("packets", "bytes", "syns", "resets", "segments", "retransmissions", "zero_windows")


@dataclass(slots=True)
class Notes:
    """What one direction has that most have not: frames worth looking at."""

    syns: list[int] = field(default_factory=list)
    resets: list[int] = field(default_factory=list)
    retransmissions: list[int] = field(default_factory=list)
    zeros: list[list[int]] = field(default_factory=list)  # [begin, end, begin_ns, end_ns]
    repeated: dict[int, list[list[int]]] = field(default_factory=dict)  # sequence number -> [[length, before, times, first_ns, last_ns], frames]


class FlowTable:
    def __init__(self, limit: int) -> None:
        self.limit, self.count = limit, 0
        self.sums = np.zeros(len(_SUMMED) + 1, np.int64)
        self.column: dict[str, Ints] = {}
        self.opener: Ints = np.zeros(0, np.int64)  # direction that sent the first SYN, -1: not known
        self.rtt: Ints = np.zeros(0, np.int64)
        self.answered: Ints = np.zeros(0, np.int64)
        self.asked: Ints = np.zeros(0, np.int64)
        self.keys: list[bytes] = []
        self.current: dict[bytes, int] = {}
        self.notes: dict[int, Notes] = {}
        self.holes: dict[int, list[tuple[int, int]]] = {}  # side -> what it skipped: sequence number and length
        self.noted: list[int] = []  # frames that went into a list since it was last emptied
        self.tails: Ints = np.zeros((0, COPY_REACH), np.int64)  # the last segments of each direction (`segments._digests`), the latest first
        self.tail_ns: Ints = np.zeros((0, COPY_REACH), np.int64)
        self._grow(256)

    def _grow(self, room: int) -> None:
        def longer(old: Ints, size: int, fill: int) -> Ints:
            return np.concatenate((old, np.full(size - len(old), fill, np.int64)))

        for name in COUNTS + STATE:
            self.column[name] = longer(self.column.get(name, np.zeros(0, np.int64)), 2 * room, -1 if name in STATE else 0)
        more = np.full((2 * room - len(self.tails), COPY_REACH), -1, np.int64)
        self.tails, self.tail_ns = np.concatenate((self.tails, more)), np.concatenate((self.tail_ns, more))
        self.opener = longer(self.opener, room, -1)
        self.rtt, self.answered, self.asked = longer(self.rtt, room, 0), longer(self.answered, room, 0), longer(self.asked, room, 0)

    def flow_of(self, key: bytes) -> int:
        found = self.current.get(key)
        return self.new(key) if found is None else found

    def new(self, key: bytes) -> int:
        """The next flow of these endpoints."""
        number = self.count
        if number == len(self.opener):
            self._grow(2 * number)
        self.count += 1
        self.keys.append(key)
        self.current[key] = number
        return number

    def note(self, direction: int) -> Notes:
        found = self.notes.get(direction)
        if found is None:
            found = self.notes[direction] = Notes()
        return found

    def skipped(self, side: int, sequence: int, length: int) -> None:
        """`length` bytes before `sequence` were not seen (yet)."""
        holes = self.holes.setdefault(side, [])
        holes.append(((sequence - length) & 0xFFFFFFFF, length))
        del holes[:-HOLES_A_SIDE]

    def filled(self, side: int, sequence: int, length: int) -> bool:
        """Whether a segment begins with bytes that were not seen before; from now on they are."""
        for index, (begin, size) in enumerate(self.holes.get(side, ())):
            into = (sequence - begin) & 0xFFFFFFFF
            if into < size:
                rest = [(begin, into)] if into else []
                if into + length < size:
                    rest.append(((sequence + length) & 0xFFFFFFFF, size - into - length))
                self.holes[side][index : index + 1] = rest
                return True
        return False

    def unseen(self, side: int) -> int:
        """How many of the holes that are left the other end has acknowledged."""
        acknowledged = int(self.column["ack"][side ^ 1])
        holes = self.holes.get(side, ()) if acknowledged > 0 else ()
        return sum((acknowledged - begin - size) & 0xFFFFFFFF < 1 << 31 for begin, size in holes)

    def remember(self, frames: list[int], frame: int) -> None:
        """Add `frame` where the list has room."""
        if len(frames) < FRAMES_A_LIST:
            frames.append(frame)
            self.noted.append(frame)

    def remember_repeated(self, notes: Notes, sequence: int, length: int, before: int, frame: int, time: int) -> None:
        found = notes.repeated.get(sequence)
        if found is None:
            if len(notes.repeated) >= REPEATS_A_SIDE:
                return
            found = notes.repeated[sequence] = [[length, before, 0, time, time], []]
        found[0][2] += 1
        found[0][4] = time
        self.remember(found[1], frame)

    def fold(self) -> None:
        """Make room where there are more than `limit` flows."""
        if self.count <= self.limit:
            return
        worth = self._worth()
        last = self.column["last"].reshape(-1, 2)[: self.count].max(axis=1)
        order = np.lexsort((last, worth))
        gone = np.zeros(self.count, np.bool_)
        gone[order[: self.count - self.limit // 2]] = True
        both = np.repeat(gone, 2)
        self.sums += [int(gone.sum()), *(int(self.column[name][: 2 * self.count][both].sum()) for name in _SUMMED)]
        self._keep(~gone)

    def _worth(self) -> Mask:
        odd = sum(self.column[name] for name in ("retransmissions", "resets", "zero_windows"))
        open_question = self.column["syns"].reshape(-1, 2).sum(axis=1) > self.column["syn_acks"].reshape(-1, 2).sum(axis=1)
        found: Mask = (np.asarray(odd).reshape(-1, 2).sum(axis=1) > 0) | open_question
        return found[: self.count]

    def _keep(self, kept: Mask) -> None:
        numbers = np.flatnonzero(kept)
        place = {int(old): new for new, old in enumerate(numbers)}
        sides = np.stack((2 * numbers, 2 * numbers + 1), axis=1).ravel()
        self.column = {name: values[sides] for name, values in self.column.items()}
        self.tails, self.tail_ns = self.tails[sides], self.tail_ns[sides]
        self.opener, self.rtt = self.opener[numbers], self.rtt[numbers]
        self.answered, self.asked = self.answered[numbers], self.asked[numbers]
        self.keys = [self.keys[old] for old in numbers]
        self.current = {key: place[old] for key, old in self.current.items() if old in place}
        self.notes = {2 * place[side >> 1] + (side & 1): notes for side, notes in self.notes.items() if side >> 1 in place}
        self.holes = {2 * place[side >> 1] + (side & 1): holes for side, holes in self.holes.items() if side >> 1 in place}
        self.count = len(numbers)
        self._grow(max(256, 2 * self.count))

    def rest(self) -> Rest:
        flows, packets, total, syns, resets, segments, retransmissions, zeros = self.sums.tolist()
        return Rest(flows, packets, total, syns, resets, segments, retransmissions, zeros)


class Flows(Sequence[Flow]):
    """The flows of a finished table, in order of their first frame, made when they are asked for; `check` is called often and may raise."""

    def __init__(self, table: FlowTable, check: Callable[[], None] = lambda: None) -> None:
        self._table, self._check = table, check
        first = table.column["first"][: 2 * table.count].reshape(-1, 2)
        self._order = np.argsort(np.where(first == 0, np.iinfo(np.int64).max, first).min(axis=1), kind="stable") if table.count else np.zeros(0, int)

    def __len__(self) -> int:
        return self._table.count

    def __iter__(self) -> Iterator[Flow]:
        for at in range(0, len(self._order), _TOGETHER):
            self._check()
            yield from _flows(self._table, self._order[at : at + _TOGETHER])

    @overload
    def __getitem__(self, index: int) -> Flow: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[Flow]: ...
    def __getitem__(self, index: int | slice) -> Flow | Sequence[Flow]:
        if isinstance(index, slice):
            return _flows(self._table, self._order[index])
        return _flows(self._table, self._order[index].reshape(1))[0]


def _flows(table: FlowTable, numbers: Ints) -> list[Flow]:
    sides = np.stack((2 * numbers, 2 * numbers + 1), axis=1).ravel()
    rows = np.stack([table.column[name][sides] for name in COUNTS], axis=1).tolist()
    return [_flow(table, number, rows[2 * index], rows[2 * index + 1]) for index, number in enumerate(numbers.tolist())]


def _flow(table: FlowTable, number: int, *rows: list[int]) -> Flow:
    """`rows`: the `COUNTS` of either direction."""
    protocol, *ends = named(tuple(np.frombuffer(table.keys[number], np.uint64).tolist()))
    opener = int(table.opener[number])
    first = rows[0][_FIRST], rows[1][_FIRST]
    if opener >= 0:
        client = opener
    elif ends[0][1] != ends[1][1]:
        client = int(ends[1][1] > ends[0][1])
    else:
        client = int(first[0] == 0 or 0 < first[1] < first[0])
    (client_address, client_port), (server_address, server_port) = ends[client], ends[1 - client]
    answered, asked = int(table.answered[number]), int(table.asked[number])
    return Flow(
        protocol=protocol,
        client=client_address,
        client_port=client_port,
        server=server_address,
        server_port=server_port,
        opened=opener >= 0,
        from_client=_side(table, 2 * number + client, rows[client]),
        from_server=_side(table, 2 * number + 1 - client, rows[1 - client]),
        rtt_ns=int(table.rtt[number]),
        syn_ack_ns=answered - asked if answered and asked else 0,
    )


def _side(table: FlowTable, direction: int, row: list[int]) -> Side:
    notes = table.notes.get(direction)
    if not row[0] and notes is None:
        return _SILENT
    counts: dict[str, Any] = dict(zip(COUNTS, row, strict=True))
    if direction in table.holes:
        counts["unseen"] = table.unseen(direction)
    if notes is None:
        return Side(**counts)
    return Side(
        **counts,
        syn_frames=tuple(notes.syns),
        reset_frames=tuple(notes.resets),
        retransmission_frames=tuple(notes.retransmissions),
        zero_window_frames=tuple(ZeroWindow(*stall) for stall in notes.zeros),
        repeated=tuple(Repeated(said[0], said[1], said[2], tuple(frames), said[3], said[4]) for said, frames in notes.repeated.values()),
    )
