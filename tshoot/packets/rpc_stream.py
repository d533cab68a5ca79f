"""One direction of RPC over TCP, followed from message to message through the segments that carry it.

Segments without a message's begin cost nothing: the length in the record mark says where the next message begins,
and a search finds the segment. After a gap, the next segment that begins like a message is where it goes on.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import numpy as np

from tshoot.packets.batches import Ints, Mask, rows
from tshoot.packets.headers import Headers
from tshoot.packets.rpc_messages import LONGEST_HEAD, Head, head
from tshoot.packets.segments import Segments

_CHAIN = 2_000  # messages


@dataclass(slots=True, eq=False)
class Held:
    """Frames whose fate is open: `old` rows of earlier batches, `now` positions in this one's segments. `chain`: what tshark needs besides."""

    old: list[Ints] = field(default_factory=list)
    now: list[Ints] = field(default_factory=list)
    chain: Held | None = None
    count: int = 0  # rows in `old`

    def earlier(self) -> Iterator[Ints]:
        yield from self.old
        if self.chain:
            yield from self.chain.old

    def present(self) -> Iterator[Ints]:
        yield from self.now
        if self.chain:
            yield from self.chain.now

    def settle(self, located: Callable[[Ints], Ints]) -> None:
        """The batch ends: positions become rows."""
        if self.now:
            self.old.append(located(np.concatenate(self.now)))
            self.count += len(self.old[-1])
            self.now = []


Judge = Callable[[int, Head, Held], bool]


@dataclass(slots=True)
class Stream:
    """Where the direction stands: the message it is in, by the sequence numbers of its begin and end (None: not known)."""

    begin: int = 0
    end: int | None = None
    keep: bool = False
    blind: bool = False  # a message began that could not be read
    frames: Held = field(default_factory=Held)  # of that message
    chain: Held = field(default_factory=Held)  # segments in which messages began, since one began with a segment

    def follow(self, headers: Headers, found: Segments, part: Ints, judge: Judge, led: list[Held]) -> Ints:
        """Walk through the segments `part`, all with data and of this direction; gives those that must be kept.

        What is wanted because it leads to a message that is kept is appended to `led`.
        """
        return _Walk(self, headers, found, part, judge, led).kept()


class _Walk:
    def __init__(self, stream: Stream, headers: Headers, found: Segments, part: Ints, judge: Judge, led: list[Held]) -> None:
        self._stream, self._headers, self._found, self._part, self._judge, self._led = stream, headers, found, part, judge, led
        self._side = int(found.side[part[0]])
        self._origin = int(found.sequence[part[0]])
        self._begins = self._relative(found.sequence[part])
        self._ends = self._begins + found.length[part]
        self._keep = np.zeros(len(part), np.bool_)

    def _relative(self, sequence: Ints) -> Ints:
        return ((sequence - self._origin + 0x80000000) & 0xFFFFFFFF) - 0x80000000

    def kept(self) -> Ints:
        breaks = np.flatnonzero(self._begins[1:] != self._ends[:-1]) + 1
        self._looks = np.flatnonzero(_like_a_message(self._headers, self._found, self._part))
        for begin, end in zip([0, *breaks.tolist()], [*breaks.tolist(), len(self._part)], strict=True):
            self._run(begin, end)
        return self._part[self._keep]

    def _run(self, at: int, end: int) -> None:
        """Segments `at` to `end` follow each other without a gap."""
        stream, begins, ends = self._stream, self._begins, self._ends
        place = int(begins[at])
        target = int(self._relative(np.array([stream.end]))[0]) if stream.end is not None else None
        start = int(self._relative(np.array([stream.begin]))[0])
        if target is None or not start <= place <= target:
            target = None
        while at < end:
            if target is None:
                like = self._next_like(at, end)
                self._keep[at:like] |= stream.blind
                stream.blind &= like == end
                at = like
                if at == end:
                    break
                target = int(begins[at])
            elif target > begins[at]:  # else the message has ended with the segment before
                until = at + int(np.searchsorted(ends[at:end], target))
                self._hold(at, min(until + 1, end))
                if until == end:
                    break
                at = until + 1 if ends[until] == target else until
                if at == end:
                    break
            target = self._message(at, end, target - int(begins[at]))
            if target is None:
                at += 1
        stream.end = None if target is None else (target + self._origin) & 0xFFFFFFFF

    def _next_like(self, at: int, end: int) -> int:
        found = int(np.searchsorted(self._looks, at))
        return min(int(self._looks[found]), end) if found < len(self._looks) else end

    def _message(self, at: int, end: int, offset: int) -> int | None:
        """Take note of the message that begins at `offset` in segment `at`; where it ends, None where it is none."""
        stream, place = self._stream, int(self._begins[at]) + offset
        text, whole = self._text(at, end, offset)
        message = head(text)
        if message is None:
            self._keep[at] |= not whole or offset > 0
            if offset:  # cut off, or not what was expected: rather too many, until a message begins with a segment
                stream.blind = True
                self._led.append(stream.chain)
            return None
        if not offset:
            stream.chain = Held()
        one = self._part[at : at + 1]
        if stream.chain.count <= _CHAIN:
            stream.chain.now.append(one)
        stream.frames = Held(chain=stream.chain if offset else None)
        stream.keep = self._judge(self._side, message, stream.frames)
        stream.begin = (place + self._origin) & 0xFFFFFFFF
        self._hold(at, at + 1)
        if stream.keep and offset:
            self._led.append(stream.chain)  # what leads to a message that begins within a segment
        return place + message.length

    def _hold(self, at: int, end: int) -> None:
        if self._stream.keep:
            self._keep[at:end] = True
        else:
            self._stream.frames.now.append(self._part[at:end])

    def _text(self, at: int, end: int, offset: int) -> tuple[bytes, bool]:
        """What was captured of the message's begin, and whether that is all that a head can need."""
        text, needed = b"", LONGEST_HEAD
        while at < end and len(text) < needed:
            position = int(self._part[at])
            data, limit = int(self._found.data[position]), int(self._headers.end[self._found.row[position]])
            length = int(self._found.length[position])
            captured = bytes(self._headers.batch.data[data + offset : min(data + length, limit, data + offset + needed)])
            text += captured
            if len(captured) < min(length - offset, needed):
                return text, False
            at, offset = at + 1, 0
        return text, True


def _like_a_message(headers: Headers, found: Segments, part: Ints) -> Mask:
    """Segments that begin like a call or a reply (see `rpc_messages.head`), or of which too little was captured to say."""
    place, limit = found.data[part], headers.end[found.row[part]]
    there = (place + 16 <= limit) & (found.length[part] >= 28)
    words = rows(headers.batch.data, np.where(there, place, 0), 16).view(">u4")
    kind, first = words[:, 2], words[:, 3]
    marked = words[:, 0] >> 31 == 1
    begins: Mask = marked & (((kind == 0) & (first == 2)) | ((kind == 1) & (first <= 1))) & there
    return begins | (place + np.minimum(found.length[part], 16) > limit)
