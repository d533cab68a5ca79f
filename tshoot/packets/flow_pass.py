"""The pass that fills a flow index: takes batches in the order of the file, gives the index at the end."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from tshoot.packets.batches import Ints
from tshoot.packets.flow_keys import Grouping, group
from tshoot.packets.flow_table import Flows, FlowTable
from tshoot.packets.flows import FLOWS_KEPT, FlowIndex
from tshoot.packets.headers import TCP, UDP, Headers
from tshoot.packets.icmp_errors import IcmpErrors
from tshoot.packets.macs import Macs
from tshoot.packets.segments import ACK, FIN, RST, SYN, Segments, analyse, segments
from tshoot.packets.time_bins import TimeBins

_MSS, _END, _NOTHING = 2, 0, 1


class FlowPass:
    def __init__(self, limit: int = FLOWS_KEPT) -> None:
        self.table = FlowTable(limit)
        self._packets, self._unread = 0, 0
        self.renumbered = False  # before the last batch the table was folded: its sides have other numbers
        self._waiting: set[int] = set()  # flows whose handshake lacks its last part
        self._errors, self._macs, self._bins = IcmpErrors(), Macs(), TimeBins()

    def take(self, headers: Headers) -> Segments:
        """Add a batch; gives its TCP segments, for whoever wants to look into them too."""
        self.table.noted.clear()
        self.renumbered = self._fold()
        self._packets += len(headers)
        self._unread += int(np.count_nonzero(headers.unread))
        grouping = group(headers)
        flow = self._flows(headers, grouping)
        narrow = np.cumsum(np.concatenate(([0], flow[1:] != flow[:-1]))) * 2 + grouping.direction if len(flow) else flow
        order = np.argsort(narrow.astype(np.uint16) if not len(narrow) or narrow[-1] < 65000 else narrow, kind="stable")
        row, side = grouping.chosen[order], (2 * flow + grouping.direction)[order]
        if len(row):
            self._count(headers, row, side)
        found = segments(headers, row, side)
        self._handshakes(found)
        analyse(found, self.table)
        self._errors.take(headers)
        self._macs.take(headers, row, side)
        self._bins.take(headers.batch, found, self._errors.times)
        return found

    @property
    def noted(self) -> list[int]:
        """Frames of the last batch that the index names."""
        return [*self.table.noted, *self._errors.noted]

    def index(self, remark: str = "", check: Callable[[], None] = lambda: None) -> FlowIndex:
        """`check` is called often by whoever goes through the flows, and may raise."""
        rest = self.table.rest()
        folded = f"{rest.flows} quiet flows of {rest.flows + self.table.count} are known by their sums alone" if rest.flows else ""
        return FlowIndex(
            packets=self._packets,
            flows=Flows(self.table, check),
            rest=rest,
            unread=self._unread,
            icmp_errors=tuple(self._errors.errors),
            icmp_counts=self._errors.counts(),
            macs=self._macs.seen(),
            timeline=self._bins.timeline(),
            remark="; ".join(part for part in (remark, folded, self._macs.remark) if part),
        )

    def _flows(self, headers: Headers, grouping: Grouping) -> Ints:
        """The flow of each position: a SYN with another sequence number than the last opens a new one."""
        table, keys = self.table, [key.tobytes() for key in grouping.keys]
        numbers = [table.flow_of(key) for key in keys]
        begins = grouping.starts
        if turns := self._turns(headers, grouping, keys, numbers):
            begins = np.concatenate((begins, [place for place, _ in turns]))
            numbers += [number for _, number in turns]
            order = np.argsort(begins, kind="stable")
            begins = begins[order]
            return np.repeat(np.array(numbers, np.int64)[order], np.diff(begins, append=len(grouping.chosen)))
        return np.repeat(np.array(numbers, np.int64), np.diff(begins, append=len(grouping.chosen)))

    def _turns(self, headers: Headers, grouping: Grouping, keys: list[bytes], numbers: list[int]) -> list[tuple[int, int]]:
        """Positions where another connection of the same endpoints begins, and its number."""
        at = grouping.chosen
        tcp = np.flatnonzero(headers.has(TCP)[at] & (headers.transport[at] + 16 <= headers.end[at]))
        flags = headers.batch.data[headers.transport[at[tcp]] + 13]
        opening = tcp[flags & (SYN | ACK | RST) == SYN]
        if not len(opening):
            return []
        sequence, _ = headers.number(headers.transport[at[opening]] + 4, 4, at[opening])
        group_of = np.searchsorted(grouping.starts, opening, side="right") - 1
        base = self.table.column["base"]
        bases: dict[int, int] = {}
        turns: list[tuple[int, int]] = []
        latest: dict[int, int] = {}
        for place, whose, number in zip(opening.tolist(), group_of.tolist(), sequence.tolist(), strict=True):
            flow = latest.get(whose, numbers[whose])
            side = 2 * flow + int(grouping.direction[place])
            known = bases.get(side, int(base[side]) if side < len(base) else -1)
            if known >= 0 and known != number:
                flow = latest[whose] = self.table.new(keys[whose])
                turns.append((place, flow))
                side = 2 * flow + int(grouping.direction[place])
                base = self.table.column["base"]
            bases[side] = number
        return turns

    def _count(self, headers: Headers, row: Ints, side: Ints) -> None:
        column, batch = self.table.column, headers.batch
        starts = np.flatnonzero(np.concatenate(([True], side[1:] != side[:-1])))
        ends = np.append(starts[1:], len(side)) - 1
        sides = side[starts]
        column["packets"][sides] += ends - starts + 1
        column["bytes"][sides] += np.add.reduceat(batch.wire[row], starts)
        fresh = column["first"][sides] == 0
        column["first"][sides[fresh]] = batch.first + row[starts[fresh]]
        column["first_ns"][sides[fresh]] = batch.times[row[starts[fresh]]]
        column["last"][sides] = batch.first + row[ends]
        column["last_ns"][sides] = batch.times[row[ends]]
        udp = np.flatnonzero(headers.has(UDP)[row] & (headers.transport[row] + 8 <= headers.end[row]))
        if len(udp):
            length, _ = headers.number(headers.transport[row[udp]] + 4, 2, row[udp])
            np.add.at(column["payload"], side[udp], np.maximum(length - 8, 0))

    def _handshakes(self, found: Segments) -> None:
        table = self.table
        special = np.flatnonzero(found.flags & (SYN | RST) != 0)
        for at in special[np.argsort(found.row[special], kind="stable")].tolist():
            side, flags = int(found.side[at]), int(found.flags[at])
            if flags & SYN:
                self._syn(found, at, side, answers=bool(flags & ACK))
            else:
                table.remember(table.note(side).resets, int(found.frame[at]))
        for flow in list(self._waiting):
            side = 2 * flow + int(table.opener[flow])
            begin, end = np.searchsorted(found.side, (side, side + 1)) if _ascending(found.side) else _span(found.side, side)
            part = np.arange(begin, end)
            done = part[(found.flags[part] & (SYN | ACK | RST | FIN) == ACK) & (found.time[part] >= table.answered[flow])]
            if len(done):
                table.rtt[flow] = max(1, int(found.time[done[0]]) - int(table.asked[flow]))
                self._waiting.discard(flow)

    def _syn(self, found: Segments, at: int, side: int, *, answers: bool) -> None:
        table, flow, time = self.table, side >> 1, int(found.time[at])
        column = table.column
        column["syn_acks" if answers else "syns"][side] += 1
        table.remember(table.note(side).syns, int(found.frame[at]))
        if column["base"][side] < 0:
            column["base"][side] = found.sequence[at]
        column["mss"][side] = column["mss"][side] or _mss(found, at)
        if not answers:
            if table.opener[flow] < 0:
                table.opener[flow], table.asked[flow] = side & 1, time
            return
        if table.opener[flow] < 0:
            table.opener[flow] = 1 - (side & 1)
        elif table.asked[flow] and not table.answered[flow] and len(self._waiting) < table.limit:
            table.answered[flow] = time
            self._waiting.add(flow)

    def _fold(self) -> bool:
        if self.table.count <= self.table.limit:
            return False
        self.table.fold()
        self._waiting.clear()
        return True


def _ascending(side: Ints) -> bool:
    return bool((side[1:] >= side[:-1]).all())


def _span(side: Ints, wanted: int) -> tuple[int, int]:
    there = np.flatnonzero(side == wanted)
    return (int(there[0]), int(there[-1]) + 1) if len(there) else (0, 0)


def _mss(found: Segments, at: int) -> int:
    """The maximum segment size option of a SYN (RFC 9293 section 3.2), 0 without one."""
    headers, row = found.headers, int(found.row[at])
    place = int(headers.transport[row]) + 20
    options = bytes(headers.batch.data[place : min(int(found.data[at]), int(headers.end[row]))])
    step = 0
    while step + 1 < len(options) and options[step] != _END:
        if options[step] == _NOTHING:
            step += 1
            continue
        if options[step] == _MSS and options[step + 1] == 4 and step + 4 <= len(options):
            return int.from_bytes(options[step + 2 : step + 4])
        step += max(2, options[step + 1])
    return 0
