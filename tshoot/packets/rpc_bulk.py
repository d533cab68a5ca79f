"""Which frames of NFS over TCP carry nothing but reads and writes that succeed: those need no decoding.

Each direction of a connection with port 2049 is followed from message to message by the lengths in the record
marks, also where a message begins in the midst of a segment. Of a READ or WRITE, call and reply with status 0 are
left out. Other calls that succeed are kept whole for the first `KEPT` of a connection; after that the first two of
a kind (procedure and file handle) and the last, so that what a detector concludes from a success stays
true. Everything else is kept: whatever fails, whatever is no call or reply of NFS, what is not answered.

Where a message that is kept begins within a segment, tshark finds it by the messages before it: so the segments in
which these begin are kept too, back to one that begins with a message. After a gap the next segment that begins
with a message is where it goes on; tshark does the same, so nothing that it would show is hidden. Segments that hold
neither data nor SYN, FIN or RST are left out.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import chain

import numpy as np

from tshoot.packets.batches import Ints, Mask
from tshoot.packets.headers import Headers
from tshoot.packets.rpc_messages import Head
from tshoot.packets.rpc_stream import Held, Stream
from tshoot.packets.segments import FIN, RST, SYN, Segments

PORT = 2049
KEPT = 200  # calls of a connection that are kept with their replies, whatever they are
_FIRST = 2
_KINDS = 2_000  # beyond, the file handle is no longer told apart
_WAITING, _FRAMES_WAITING, _UNANSWERED = 20_000, 100_000, 1_000

Located = Callable[[Headers, Ints], Ints]
_NONE = np.zeros((0, 6), np.int64)


@dataclass(slots=True)
class _Kind:
    """Calls that are alike, and succeeded."""

    times: int = 0
    last: tuple[Held, ...] = ()


@dataclass(slots=True)
class _Asked:
    """A call that waits for its reply. `kind` is None for a read or write."""

    kind: _Kind | None
    frames: Held


@dataclass(slots=True)
class RpcBulk:
    _streams: dict[int, Stream] = field(default_factory=dict)
    _asked: dict[tuple[int, int], _Asked] = field(default_factory=dict)  # flow, transaction id -> call
    _kept: dict[int, int] = field(default_factory=dict)  # flow -> calls kept so far
    _kinds: dict[tuple[object, ...], _Kind] = field(default_factory=dict)
    _wanted: list[Held] = field(default_factory=list)

    def take(self, headers: Headers, found: Segments, located: Located) -> tuple[Mask, list[Ints]]:
        """Which rows of `headers` may be left out, and frames of earlier batches that are wanted after all."""
        dull = np.zeros(len(headers), np.bool_)
        to_server = headers.destination_port[found.row] == PORT
        chosen = np.flatnonzero(to_server | (headers.source_port[found.row] == PORT))
        if not len(chosen):
            return dull, []
        data = chosen[found.length[chosen] > 0]
        keep = np.zeros(len(found), np.bool_)
        for asking in (True, False):  # the calls of a batch first: their replies need them
            for part in _by_side(found, data[to_server[data] == asking]):
                stream = self._streams.setdefault(int(found.side[part[0]]), Stream())
                keep[stream.follow(headers, found, part, self._judge, self._wanted)] = True
        earlier = self._decided(keep)
        for held in self._open():
            held.settle(lambda at: located(headers, found.row[at]))
        self._forget()
        quiet = chosen[~keep[chosen] & (found.flags[chosen] & (SYN | FIN | RST) == 0)]
        dull[found.row[quiet]] = True
        return dull, earlier

    def restart(self) -> None:
        """The flows have other numbers from here on: what waits is wanted, and every stream is found anew."""
        self._wanted += [asked.frames for asked in self._asked.values() if asked.kind is not None]
        self._wanted += [one for kind in self._kinds.values() for one in kind.last]
        for known in (self._streams, self._asked, self._kept, self._kinds):
            known.clear()

    def last(self) -> Ints:
        """At the end: the last of each kind, and calls without an answer."""
        held = [one for kind in self._kinds.values() for one in kind.last]
        held += [asked.frames for asked in self._asked.values() if asked.kind is not None][-_UNANSWERED:]
        parts = [part for one in held for part in one.earlier()]
        return np.concatenate(parts) if parts else _NONE

    def _open(self) -> Iterator[Held]:
        """All frames whose fate is not decided when a batch ends."""
        for held in chain(
            (asked.frames for asked in self._asked.values()),
            (one for kind in self._kinds.values() for one in kind.last),
            (stream.frames for stream in self._streams.values()),
            (stream.chain for stream in self._streams.values()),
        ):
            yield held
            if held.chain is not None:
                yield held.chain

    def _decided(self, keep: Mask) -> list[Ints]:
        earlier: list[Ints] = []
        for held in self._wanted:
            earlier += held.earlier()
            for at in held.present():
                keep[at] = True
        self._wanted.clear()
        return earlier

    def _judge(self, side: int, message: Head, frames: Held) -> bool:
        """Whether the message is kept; `frames` will hold its frames, for a later decision."""
        flow = side >> 1
        if message.call:
            return self._call(flow, message, frames)
        asked = self._asked.pop((flow, message.xid), None)
        if asked is None:
            return True
        if not message.succeeded:
            self._wanted.append(asked.frames)
            return True
        if asked.kind is None:
            return False
        asked.kind.times += 1
        if asked.kind.times <= _FIRST:
            self._wanted.append(asked.frames)
            return True
        asked.kind.last = asked.frames, frames
        return False

    def _call(self, flow: int, message: Head, frames: Held) -> bool:
        if message.bulk:
            self._wait(flow, message, _Asked(None, frames))
            return False
        if message.kind is None or self._kept.get(flow, 0) < KEPT:
            self._kept[flow] = self._kept.get(flow, 0) + 1
            return True
        kind: tuple[object, ...] = (flow, *message.kind)
        if kind not in self._kinds and len(self._kinds) >= _KINDS:
            kind = kind[:3]
        self._wait(flow, message, _Asked(self._kinds.setdefault(kind, _Kind()), frames))
        return False

    def _wait(self, flow: int, message: Head, asked: _Asked) -> None:
        self._asked[flow, message.xid] = asked

    def _forget(self) -> None:
        """The oldest calls, where too many wait, or with too many frames: those that are no bulk are wanted then."""
        frames = sum(asked.frames.count for asked in self._asked.values())
        while self._asked and (len(self._asked) > _WAITING or frames > _FRAMES_WAITING):
            oldest = self._asked.pop(next(iter(self._asked)))
            frames -= oldest.frames.count
            if oldest.kind is not None:
                self._wanted.append(oldest.frames)


def _by_side(found: Segments, data: Ints) -> Iterator[Ints]:
    sides = found.side[data]
    if len(data):
        yield from np.split(data, np.flatnonzero(sides[1:] != sides[:-1]) + 1)
