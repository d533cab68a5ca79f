"""TCP in a batch: the segments of every direction in their order, and what each does to its sequence numbers.

The rules are those of tshark's sequence analysis (packet-tcp.c), whose words are used: `next` is the highest
sequence number that a direction has reached. Differences of sequence numbers are taken modulo 2^32, seen from
where the direction stood when the batch began.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tshoot.packets.batches import Bytes, Ints, Mask, rows
from tshoot.packets.flow_table import COPY_REACH, FlowTable
from tshoot.packets.flows import FRAMES_A_LIST, LARGE
from tshoot.packets.headers import TCP, Headers

FIN, SYN, RST, ACK = 1, 2, 4, 16
_OVERTAKEN_NS = 3_000_000
_FAST_NS, _DUPLICATES = 20_000_000, 2
_COPY_NS = 3_000_000  # a mirror port shows a packet and its copy within this time
_APART = 1 << 34  # between the numbers of two directions


@dataclass(slots=True)
class Segments:
    """Rows of `headers` with a TCP header, ordered by direction (`side`: row of the table), within it as in the file."""

    headers: Headers
    row: Ints
    side: Ints
    frame: Ints
    time: Ints
    sequence: Ints
    acknowledged: Ints
    flags: Ints
    window: Ints
    length: Ints
    data: Ints  # place of the payload
    again: Mask | None = None  # which are retransmissions: known once they were analysed

    def __len__(self) -> int:
        return len(self.row)


def segments(headers: Headers, row: Ints, side: Ints) -> Segments:
    """Of the packets `row`, which are ordered by `side`, those of TCP whose header was captured."""
    there = headers.has(TCP)[row] & (headers.transport[row] + 16 <= headers.end[row])
    row, side = row[there], side[there]
    batch, fixed = headers.batch, headers.fixed[row]
    head = rows(batch.data, headers.transport[row], 16)
    numbers = np.ascontiguousarray(head[:, 4:12]).view(">u4").astype(np.int64)
    offset = (head[:, 12] >> 4).astype(np.int64) * 4
    network, transport = headers.network[row], headers.transport[row]
    on_wire = batch.wire[row] - (network - batch.starts[row])
    total = np.where(headers.version[row] == 4, _two(fixed, 2), _two(fixed, 4) + 40)
    total = np.where((total == 0) | (total == 40) & (headers.version[row] == 6) | (total > on_wire), on_wire, total)  # offloaded, or a lie
    length = np.maximum(total - (transport - network) - offset, 0) * (offset >= 20)
    return Segments(
        headers,
        row,
        side,
        batch.first + row,
        batch.times[row],
        numbers[:, 0],
        numbers[:, 1],
        head[:, 13].astype(np.int64),
        _two(head, 14),
        length,
        transport + offset,
    )


def _two(columns: Bytes, at: int) -> Ints:
    return columns[:, at].astype(np.int64) << 8 | columns[:, at + 1]


def analyse(found: Segments, table: FlowTable) -> None:
    """Add the segments to the table: lengths, retransmissions, zero windows. Handshakes are known by then."""
    if not len(found):
        return
    starts = np.flatnonzero(np.concatenate(([True], found.side[1:] != found.side[:-1])))
    sides = found.side[starts]
    sizes = np.diff(starts, append=len(found))
    column = table.column
    carrying = (found.length > 0) | (found.flags & (SYN | FIN) != 0)
    column["payload"][sides] += np.add.reduceat(found.length, starts)
    column["largest"][sides] = np.maximum(column["largest"][sides], np.maximum.reduceat(found.length, starts))
    column["segments"][sides] += np.add.reduceat(carrying.astype(np.int64), starts)
    for name, flag in (("fins", FIN), ("resets", RST)):
        set_ = found.flags & flag != 0
        if set_.any():
            column[name][sides] += np.add.reduceat(set_.astype(np.int64), starts)
    probes = _probes(found, table, starts, sides)
    again = found.again = _retransmitted(found, table, starts, sizes, sides, carrying, probes)
    if again.any():
        column["retransmissions"][sides] += np.add.reduceat(again.astype(np.int64), starts)
        _note_retransmissions(found, table, np.flatnonzero(again))
    column["copies"][sides] += np.add.reduceat(_copies(found, np.flatnonzero(again), table, starts, sides), starts)
    _acknowledgements(found, table, starts, sides)
    _windows(found, table, starts, sides)


def _copies(found: Segments, again: Ints, table: FlowTable, starts: Ints, sides: Ints) -> Ints:
    """1 for each of the segments `again` that is the very packet seen a moment before, 0 for all else.

    The same packet has the same IPv4 identification. IPv6 has none, and some systems leave it 0: then it has a third of the time, which
    is less than it takes to miss an acknowledgement and send a packet anew, but on the fastest links.
    """
    said, identified = _digests(found)
    copies = np.zeros(len(found), np.int64)
    if len(again):
        which = np.searchsorted(starts, again, side="right") - 1
        limit = np.where(identified[again], _COPY_NS, _COPY_NS // 3)
        for step in range(1, COPY_REACH + 1):
            within = again - step >= starts[which]
            before = np.maximum(again - step, 0)
            place = np.clip(step - 1 - (again - starts[which]), 0, COPY_REACH - 1)
            known = np.where(within, said[before], table.tails[sides[which], place])
            apart = found.time[again] - np.where(within, found.time[before], table.tail_ns[sides[which], place])
            copies[again] |= (known == said[again]) & (apart >= 0) & (apart < limit)
    _remember_tails(found, said, table, starts, sides)
    return copies


def _digests(found: Segments) -> tuple[Ints, Mask]:
    """A number for what makes a packet that very packet, and whether its IPv4 identification is part of it."""
    fixed, row = found.headers.fixed, found.row
    identity = (fixed[row, 4].astype(np.int64) << 8 | fixed[row, 5]) * (found.headers.version[row] == 4)
    said = found.sequence * 0x9E3779B1 ^ found.acknowledged << 31
    said ^= (found.length << 40) + (found.flags << 32) + (found.window << 16) + identity
    return said, identity > 0


def _remember_tails(found: Segments, said: Ints, table: FlowTable, starts: Ints, sides: Ints) -> None:
    """The last segments of each direction, the latest first, for the batch to come."""
    ends = np.append(starts[1:], len(found)) - 1
    sizes = ends - starts + 1
    tails, times = table.tails[sides], table.tail_ns[sides]
    every = np.arange(len(sides))
    for place in range(COPY_REACH):
        at, old = np.maximum(ends - place, 0), np.clip(place - sizes, 0, COPY_REACH - 1)
        within = place < sizes
        table.tails[sides, place] = np.where(within, said[at], tails[every, old])
        table.tail_ns[sides, place] = np.where(within, found.time[at], times[every, old])


def _probes(found: Segments, table: FlowTable, starts: Ints, sides: Ints) -> Mask:
    """One byte, sent to a receiver whose window is closed: it does not count as sent (zero window probe)."""
    probing = np.zeros(len(found), np.bool_)
    zero = (found.window == 0) & (found.flags & (SYN | FIN | RST) == 0)
    if not zero.any() and not (table.column["zero_since"][sides ^ 1] >= 0).any():
        return probing
    place = {int(side): index for index, side in enumerate(sides)}
    bounds = np.append(starts, len(found))
    for at in np.flatnonzero(found.length == 1):
        other = int(found.side[at]) ^ 1
        window, index = int(table.column["window"][other]), place.get(other)
        if index is not None:
            before = np.searchsorted(found.row[bounds[index] : bounds[index + 1]], found.row[at]) - 1
            window = int(found.window[bounds[index] + before]) if before >= 0 else window
        probing[at] = window == 0
    return probing


def _retransmitted(found: Segments, table: FlowTable, starts: Ints, sizes: Ints, sides: Ints, carrying: Mask, probes: Mask) -> Mask:
    """Which segments begin below `next` and were neither a keep-alive nor only overtaken; moves `next` on."""
    reached = table.column["next"][sides]
    known = reached >= 0
    origin = np.where(known, reached, found.sequence[starts])
    whose = np.repeat(np.arange(len(starts)), sizes)
    begins = ((found.sequence - origin[whose] + 0x80000000) & 0xFFFFFFFF) - 0x80000000
    ends = begins + found.length + (found.flags & (SYN | FIN) != 0)
    lifted = (np.where(probes, np.int64(-(1 << 32)), ends) if probes.any() else ends) + whose * _APART
    floor = np.where(known, 0, np.int64(-(1 << 32)) + 1) + np.arange(len(starts)) * _APART
    highest = np.maximum(np.maximum.accumulate(lifted), floor[whose])
    before = np.empty_like(highest)
    before[1:] = highest[:-1]
    before[starts] = floor
    begins += whose * _APART
    was_known = before - whose * _APART > -(1 << 31) - 1
    below = carrying & was_known & (begins < before)
    raised = highest > before
    _move(found, table, starts, sizes, sides, origin, highest, raised, whose)
    gaps = was_known & (begins > before)
    if below.any() or gaps.any():
        at = np.flatnonzero(below)
        quiet = (found.length[at] <= 1) & (begins[at] == before[at] - 1) & (found.flags[at] & (SYN | FIN | RST) == 0)
        below[at[quiet]] = False
        at = at[~quiet]
        late = np.zeros(len(found), np.bool_)
        late[at] = _soon(found, table, at, starts, raised, whose, ends[at] + whose[at] * _APART != before[at])
        for index in np.flatnonzero(below | gaps).tolist():
            if gaps[index]:
                table.skipped(int(found.side[index]), int(found.sequence[index]), int(begins[index] - before[index]))
            else:
                fills = table.filled(int(found.side[index]), int(found.sequence[index]), int(found.length[index]))
                below[index] = not (fills and late[index]) or _asked_for(found, table, index, starts, sides)
    return below


def _move(found: Segments, table: FlowTable, starts: Ints, sizes: Ints, sides: Ints, origin: Ints, highest: Ints, raised: Mask, whose: Ints) -> None:
    last = starts + sizes - 1
    value = highest[last] - np.arange(len(starts)) * _APART
    moved = np.add.reduceat(raised.astype(np.int64), starts) > 0
    table.column["next"][sides[moved]] = (origin[moved] + value[moved]) & 0xFFFFFFFF
    latest = np.maximum.accumulate(np.where(raised, np.arange(len(found)), -1))[last]
    table.column["before_ns"][sides] = table.column["next_ns"][sides]
    table.column["next_ns"][sides[moved]] = found.time[latest[moved]]
    fresh = table.column["base"][sides] < 0
    table.column["base"][sides[fresh]] = (found.sequence[starts[fresh]] - (found.flags[starts[fresh]] & SYN == 0)) & 0xFFFFFFFF


def _soon(found: Segments, table: FlowTable, at: Ints, starts: Ints, raised: Mask, whose: Ints, elsewhere: Mask) -> Mask:
    """Which of the segments `at` came so soon after a later one that they may have been overtaken by it (out of order)."""
    latest = np.maximum.accumulate(np.where(raised, np.arange(len(found)), -1))
    previous = np.where(at > 0, latest[np.maximum(at - 1, 0)], -1)
    within = previous >= starts[whose[at]]
    since = np.where(within, found.time[np.maximum(previous, 0)], table.column["before_ns"][found.side[at]])
    rtt = table.rtt[found.side[at] >> 1]
    return elsewhere & (found.time[at] - since < np.where(rtt > 0, rtt, _OVERTAKEN_NS))


def _asked_for(found: Segments, table: FlowTable, at: int, starts: Ints, sides: Ints) -> bool:
    """Two or more duplicate acknowledgements asked for this very segment, the last of them a moment ago (fast retransmission)."""
    other = int(found.side[at]) ^ 1
    place = np.flatnonzero(sides == other)
    acknowledged, times, last = (int(table.column[name][other]) for name in ("ack", "duplicates", "ack_ns"))
    if len(place):
        begin = int(starts[place[0]])
        end = int(starts[place[0] + 1]) if place[0] + 1 < len(starts) else len(found)
        for index in range(begin, begin + int(np.searchsorted(found.row[begin:end], found.row[at]))):
            number = int(found.acknowledged[index])
            times = 0 if number != acknowledged else times + int(_repeats(found, index))
            acknowledged, last = number, int(found.time[index])
    return times >= _DUPLICATES and acknowledged == int(found.sequence[at]) and int(found.time[at]) - last < _FAST_NS


def _repeats(found: Segments, index: int) -> bool:
    return bool(found.length[index] == 0 and found.flags[index] & (SYN | FIN | RST | ACK) == ACK and found.window[index] > 0)


def _acknowledgements(found: Segments, table: FlowTable, starts: Ints, sides: Ints) -> None:
    """What each direction acknowledged last, how often it said so again, and when."""
    column = table.column
    ends = np.append(starts[1:], len(found)) - 1
    same = np.empty(len(found), np.bool_)
    same[1:] = found.acknowledged[1:] == found.acknowledged[:-1]
    same[starts] = found.acknowledged[starts] == column["ack"][sides]
    again = same & (found.length == 0) & (found.flags & (SYN | FIN | RST | ACK) == ACK) & (found.window > 0)
    total = np.cumsum(again)
    changed = np.maximum.accumulate(np.where(same, -1, np.arange(len(found))))[ends]
    within = changed >= starts
    before = np.where(within, total[np.maximum(changed, 0)], total[starts] - again[starts])
    column["duplicates"][sides] = total[ends] - before + np.where(within, 0, np.maximum(column["duplicates"][sides], 0))
    column["ack"][sides], column["ack_ns"][sides] = found.acknowledged[ends], found.time[ends]


def _note_retransmissions(found: Segments, table: FlowTable, again: Ints) -> None:
    counts: dict[int, int] = {}
    for at, side, length in zip(again.tolist(), found.side[again].tolist(), found.length[again].tolist(), strict=True):
        counts[side] = counts.get(side, 0) + 1
        if counts[side] > FRAMES_A_LIST and length < LARGE:
            continue
        notes = table.note(side)
        table.remember(notes.retransmissions, int(found.frame[at]))
        if length >= LARGE:
            sequence = int(found.sequence[at])
            before = (sequence - int(table.column["base"][side]) - 1) & 0xFFFFFFFF
            if before < length:  # else a segment of that size has arrived before
                table.remember_repeated(notes, sequence, length, before, int(found.frame[at]), int(found.time[at]))


def _windows(found: Segments, table: FlowTable, starts: Ints, sides: Ints) -> None:
    column = table.column
    ends = np.append(starts[1:], len(found)) - 1
    judged = found.flags & (SYN | FIN | RST) == 0
    zero = judged & (found.window == 0)
    column["window"][sides] = found.window[ends]
    since = column["zero_since"][sides]
    if not zero.any() and not (since >= 0).any():
        return
    column["zero_windows"][sides] += np.add.reduceat(zero.astype(np.int64), starts)
    concerned = np.flatnonzero((np.add.reduceat(zero.astype(np.int64), starts) > 0) | (since >= 0))
    for index in concerned.tolist():
        side, part = int(sides[index]), np.arange(starts[index], ends[index] + 1)
        part = part[judged[part]]
        state = np.concatenate(([since[index] >= 0], zero[part]))
        for turn in np.flatnonzero(state[1:] != state[:-1]).tolist():
            _turn(table, side, int(found.frame[part[turn]]), int(found.time[part[turn]]), closes=bool(state[turn + 1]))


def _turn(table: FlowTable, side: int, frame: int, time: int, *, closes: bool) -> None:
    """A window that closes or opens."""
    column, notes = table.column, table.note(side)
    if closes:
        column["zero_since"][side] = max(time, 0)
        if len(notes.zeros) < FRAMES_A_LIST:
            notes.zeros.append([frame, 0, time, 0])
            table.noted.append(frame)
        return
    column["zero_window_ns"][side] += max(0, time - int(column["zero_since"][side]))
    column["zero_since"][side] = -1
    if notes.zeros and not notes.zeros[-1][1]:
        notes.zeros[-1][1], notes.zeros[-1][3] = frame, time
        table.noted.append(frame)
