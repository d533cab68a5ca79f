"""What the receiver of a recursive route does next: falls silent at once, or goes on as before.

Where the route recurses the receiver loses its way to the sender the moment it installs it: nothing more of it arrives on
the session, until that dies or the route is dropped, which takes a walk of up to 60 s. So two KEEPALIVEs within the 30 s after the
UPDATE, a second or more apart, speak against it; silence from a second after the UPDATE to the end of the session speaks for it,
unless the other side fell silent even before.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from tshoot.packets.bgp.connections import Ended
from tshoot.packets.bgp.messages import KEEPALIVE, Message

GRACE = 1.0  # seconds: what was on its way when the UPDATE came
_WALK = 30.0
_LASTS = 3.0  # seconds of silence, at least
_REMEMBERED = 5_000
_KEPT = 16


@dataclass(slots=True)
class _Watch:
    since: float
    next_frame: int | None = None  # the receiver's first message after it
    alive: list[int] = field(default_factory=list)
    last: float = float("-inf")
    heard: list[tuple[int, bool]] = field(default_factory=list)  # the latest frames of either side: number, whether the receiver's


class Aftermath:
    """Is told of recursive UPDATEs, and shown all messages after them."""

    def __init__(self) -> None:
        self._watches: dict[tuple[str, str], _Watch] = {}

    def begins(self, message: Message) -> None:
        """`message` is an UPDATE with such a route; of one connection the first counts."""
        if len(self._watches) < _REMEMBERED:
            self._watches.setdefault((message.stream, message.receiver), _Watch(message.time))

    def message(self, message: Message) -> None:
        for side in (message.sender, message.receiver):
            if (other := self._watches.get((message.stream, side))) is not None and not message.again:
                other.heard = [*other.heard, (message.frame, side == message.sender)][-_KEPT:]
        watch = self._watches.get((message.stream, message.sender))
        if watch is None or message.time - watch.since < GRACE:
            return
        if watch.next_frame is None:
            watch.next_frame = message.frame
        soon = message.time - watch.since <= _WALK
        if message.kind == KEEPALIVE and not message.again and soon and message.time - watch.last >= GRACE:
            watch.alive.append(message.frame)
            watch.last = message.time

    def lives(self, streams: set[str], receiver: str) -> list[int]:
        """The frames of the KEEPALIVEs that show the receiver unharmed; empty where it is not shown."""
        return next((alive for stream in sorted(streams) if len(alive := self._alive(stream, receiver)) >= 2), [])

    def died(self, streams: set[str], receiver: str, dead: Mapping[str, Ended]) -> list[Ended]:
        """The ends of the sessions in which the receiver said nothing between the UPDATE and the end."""
        return [dead[stream] for stream in streams & dead.keys() if self._silent(stream, receiver, dead[stream])]

    def _alive(self, stream: str, receiver: str) -> list[int]:
        watch = self._watches.get((stream, receiver))
        return watch.alive if watch else []

    def _silent(self, stream: str, receiver: str, ended: Ended) -> bool:
        watch = self._watches.get((stream, receiver))
        if watch is None or ended.time - watch.since < _LASTS:
            return False
        before = [own for frame, own in watch.heard if frame < ended.frame]
        if before and before[-1]:  # it had the last word: the other side is the one that fell silent
            return False
        return watch.next_frame is None or watch.next_frame >= ended.frame
