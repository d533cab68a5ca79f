"""TCP connections that carry BGP: who opened with what, whether the session came up, how it ended.

A session is up once both sides have sent a KEEPALIVE or an UPDATE (RFC 4271 §8.2.2); where one side alone was
captured, once it has sent an UPDATE; where the capture holds no OPEN, from its first message: it began before.
Only the first end of a connection counts: what follows a NOTIFICATION (another one, FIN, RST) is its aftermath.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from tshoot.packets.bgp.messages import KEEPALIVE, NOTIFICATION, OPEN, ROUTE_REFRESH, UPDATE, Message, Segment
from tshoot.packets.bgp.notifications import Notice, notice

_REMEMBERED = 2_000
_AS_TRANS = 23456


@dataclass(frozen=True, slots=True)
class Opened:
    """What one OPEN says; `restart` is the graceful restart time in seconds, None without the capability (RFC 4724)."""

    frame: int
    time: float
    number: int | None  # the AS, of four octets where it is told (RFC 6793)
    hold: int | None
    restart: int | None


@dataclass(frozen=True, slots=True)
class Ended:
    """How a connection ended: by `notice`, or by `what` (FIN, RST). `silent` is for how long the other side had said nothing, seconds."""

    frame: int
    time: float
    sender: str
    receiver: str
    what: str
    notice: Notice | None = None
    up: bool = False
    silent: float | None = None
    silent_since: int | None = None


@dataclass(slots=True)
class Connection:
    """One TCP connection; `up` is when its session was seen to be established, None where it was not."""

    stream: str
    ends: tuple[str, str]
    began: float
    first: int
    opens: dict[str, Opened] = field(default_factory=dict)
    spoke: dict[str, int] = field(default_factory=dict)  # sender -> messages other than OPEN and NOTIFICATION
    last: dict[str, tuple[int, float]] = field(default_factory=dict)  # sender -> its latest message
    up: float | None = None
    ended: Ended | None = None

    @property
    def pair(self) -> tuple[str, str]:
        return (min(self.ends), max(self.ends))

    @property
    def quiet_since(self) -> float:
        return max((time for _, time in self.last.values()), default=self.began)

    @property
    def hold(self) -> int | None:
        """The hold time that the two agreed on: the smaller (RFC 4271 §4.2); None unless both OPENs were captured."""
        told = [opened.hold for opened in self.opens.values() if opened.hold is not None]
        return min(told) if len(told) == 2 else None

    @property
    def internal(self) -> bool | None:
        """Whether both ends are of one AS; None unless both OPENs were captured."""
        told = [opened.number for opened in self.opens.values() if opened.number is not None]
        return told[0] == told[1] if len(told) == 2 else None


class Connections:
    """Is shown messages and segments in order; keeps at most 2,000 connections."""

    def __init__(self) -> None:
        self._all: dict[str, Connection] = {}
        self._past: list[Connection] = []

    def every(self) -> list[Connection]:
        """All connections, by their first frame."""
        return sorted([*self._past, *self._all.values()], key=lambda connection: connection.first)

    def message(self, message: Message) -> Connection | None:
        """Take note of a message; its connection, None where there are too many."""
        connection = self._all.get(message.stream)
        if connection is None:
            connection = self._new(message)
            if connection is None:
                return None
        if message.kind == OPEN:
            connection.opens.setdefault(message.sender, _opened(message))
        elif message.kind == NOTIFICATION:
            self._noticed(connection, message)
        elif message.kind in (KEEPALIVE, UPDATE, ROUTE_REFRESH):
            connection.spoke[message.sender] = connection.spoke.get(message.sender, 0) + 1
            if connection.up is None and _came_up(connection, message):
                connection.up = message.time
        if not message.again:
            connection.last[message.sender] = message.frame, message.time
        return connection

    def segment(self, segment: Segment) -> None:
        connection = self._all.get(segment.stream)
        if segment.what == "SYN" and connection is not None and connection.ended is not None:
            self._past.append(self._all.pop(segment.stream))  # the same ports again
        elif segment.what in ("FIN", "RST") and connection is not None and connection.ended is None:
            up = connection.up is not None
            connection.ended = Ended(segment.frame, segment.time, segment.sender, segment.receiver, segment.what, up=up)

    def _new(self, message: Message) -> Connection | None:
        if len(self._all) + len(self._past) >= _REMEMBERED:
            return None
        connection = Connection(message.stream, (message.sender, message.receiver), message.time, message.frame)
        self._all[message.stream] = connection
        return connection

    @staticmethod
    def _noticed(connection: Connection, message: Message) -> None:
        said = notice(message.layer)
        if connection.ended is not None or said is None:
            return
        frame, time = connection.last.get(message.receiver, (None, None))
        connection.ended = Ended(
            message.frame,
            message.time,
            message.sender,
            message.receiver,
            "NOTIFICATION",
            said,
            up=connection.up is not None or not connection.opens,
            silent=None if time is None else message.time - time,
            silent_since=frame,
        )


def _came_up(connection: Connection, message: Message) -> bool:
    return not connection.opens or message.kind != KEEPALIVE or len(connection.spoke) == 2


def _opened(message: Message) -> Opened:
    layer = message.layer
    number = layer.number("bgp.cap.4as")
    if number is None or number == _AS_TRANS:
        number = layer.number("bgp.open.myas")
    restart = layer.number("bgp.cap.gr.timers.restart_time")
    return Opened(message.frame, message.time, number, layer.number("bgp.open.holdtime"), restart)
