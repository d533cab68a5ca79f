"""How sessions end, and which of it is a fault: `bgp.session-reset` and `bgp.open-rejected`.

A NOTIFICATION, FIN or RST on a session that was up resets it; so does a new session between the same two that comes up
though no end of the old one was captured. A capture that begins or ends within a session shows neither.

No fault: the loser of a connection collision (6/7; RFC 4271 §6.8), and 6/5 to a second connection while another is up.
A warning: Administrative Shutdown and Reset, Other Configuration Change (an operator did it); Peer De-configured, a refused
OPEN, FIN or RST of a graceful restart (RFC 4724) once a session between the two came up later. De-configured for good is a
fault: one side still tries what the other no longer has.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from tshoot.model.findings import Confidence, FieldValue, Finding, Severity
from tshoot.packets.bgp import notifications as codes
from tshoot.packets.bgp.connections import Connection, Ended
from tshoot.packets.bgp.notifications import Notice
from tshoot.packets.bgp.proof import TITLES
from tshoot.packets.proof import MOST, between, finding, frame_list, times

RESET, REJECTED = "bgp.session-reset", "bgp.open-rejected"
_DEFAULT_RESTART = 120  # seconds
_BEFORE_UP = frozenset({codes.HEADER, codes.OPEN, codes.FSM, codes.CEASE})  # what answers an OPEN
_ONLY_WHEN_UP = frozenset({codes.TOO_MANY, codes.BFD_DOWN})
_WORST: Sequence[Severity] = ("fault", "warning", "note")


@dataclass(slots=True)
class Ending:
    """All ends of one kind between the same two. `connections` are those that ended so."""

    cause: str
    severity: Severity
    confidence: Confidence
    first: Ended
    connections: list[Connection] = field(default_factory=list)
    ends: list[Ended] = field(default_factory=list)

    @property
    def pair(self) -> tuple[str, str]:
        return self.connections[0].pair

    @property
    def keeps_dying(self) -> bool:
        """Whether it is what a broken way to the peer does to a session: the hold timer, or an end without a word."""
        silent = (codes.HOLD_TIMER, codes.SEND_HOLD_TIMER)
        return self.cause == RESET and (self.first.notice is None or self.first.notice.code in silent)


def endings(connections: Sequence[Connection]) -> list[Ending]:
    """What ended, by kind, in the order of the first."""
    pairs: dict[tuple[str, str], list[Connection]] = {}
    for connection in connections:
        pairs.setdefault(connection.pair, []).append(connection)
    found: dict[tuple[object, ...], Ending] = {}
    for siblings in pairs.values():
        for ended, connection, cause, severity, confidence in _judged(siblings):
            key = connection.pair, cause, ended.sender, ended.notice and ended.notice.name, ended.what
            ending = found.setdefault(key, Ending(cause, severity, confidence, ended))
            ending.severity = min(ending.severity, severity, key=_WORST.index)
            ending.connections.append(connection)
            ending.ends.append(ended)
    return sorted(found.values(), key=lambda ending: ending.first.frame)


def _judged(siblings: Sequence[Connection]) -> Iterator[tuple[Ended, Connection, str, Severity, Confidence]]:
    """The connections of one pair, in order: those whose end says something."""
    ups = [connection.up for connection in siblings if connection.up is not None]
    last_up = max(ups, default=None)
    for index, connection in enumerate(siblings):
        ended = connection.ended
        if ended is None:
            reopened = _reopened(connection, siblings[index + 1 :])
            if reopened is not None:
                yield reopened, connection, RESET, "fault", "medium"
            continue
        others_up = any(other is not connection and other.up is not None and _alive(other, ended.time) for other in siblings)
        mended = last_up is not None and last_up > ended.time
        if ended.notice is not None:
            cause = REJECTED if _rejects(ended.notice, ended.up) else RESET
            severity = _severity(ended.notice, cause, mended or others_up)
            if severity is not None:
                yield ended, connection, cause, severity, "high" if ended.up or cause == REJECTED else "medium"
        elif ended.up:
            yield ended, connection, RESET, "warning" if _restarts(connection, ended, ups) else "fault", "medium"


def _alive(connection: Connection, time: float) -> bool:
    return connection.began <= time and (connection.ended is None or connection.ended.time >= time)


def _rejects(notice: Notice, up: bool) -> bool:
    if notice.code == codes.OPEN:
        return True
    later = notice.code == codes.CEASE and (notice.hard or notice.subcode in _ONLY_WHEN_UP)
    return not up and notice.code in _BEFORE_UP and not later


def _severity(notice: Notice, cause: str, mended: bool) -> Severity | None:
    """None for what is no fault at all; `mended`: a session between the two is or came up."""
    if notice.code == codes.CEASE:
        if notice.subcode == codes.COLLISION or (notice.subcode == codes.REJECTED and mended):
            return None
        if notice.administrative or (notice.subcode == codes.DECONFIGURED and mended):
            return "warning"
    return "warning" if cause == REJECTED and mended else "fault"


def _reopened(connection: Connection, later: Sequence[Connection]) -> Ended | None:
    """The OPEN by which another session took the place of this one, without an end that was captured."""
    if connection.up is None:
        return None
    for other in later:
        if other.up is not None and other.opens and other.began >= connection.quiet_since:
            opened_by, opened = next(iter(other.opens.items()))
            receiver = next(end for end in (*connection.ends, opened_by) if end != opened_by or len(set(connection.ends)) == 1)
            return Ended(opened.frame, opened.time, opened_by, receiver, "OPEN", up=True)
    return None


def _restarts(connection: Connection, ended: Ended, ups: Sequence[float]) -> bool:
    """A restart that the one who ended it had announced: a session is up again within its restart time."""
    opened = connection.opens.get(ended.sender)
    allowed = opened.restart if opened else _DEFAULT_RESTART if not connection.opens else None
    return bool(allowed) and any(0 < up - ended.time <= (allowed or 0) for up in ups) and opened is not None


def ending_finding(ending: Ending) -> Finding:
    first = ending.first
    decisive = [_decisive(ended) for ended in ending.ends[:MOST]]
    opens = [
        FieldValue(opened.frame, "bgp.open.myas", str(opened.number))
        for connection in ending.connections[:MOST]
        for opened in connection.opens.values()
        if ending.cause == REJECTED and opened.number is not None
    ]
    notice = first.notice
    one, other = first.sender, first.receiver
    return finding(
        ending.cause,
        TITLES[ending.cause],
        _explanation(ending),
        decisive,
        opens,
        show=between(one, other, "bgp.type == 3" if notice else _SHOWN[first.what]),
        severity=ending.severity,
        confidence=ending.confidence,
        facts={
            "neighbor": one,
            "receiver": other,
            "how": "notification" if notice else first.what.lower(),
            "code": notice.code if notice else None,
            "subcode": notice.subcode if notice else None,
            "reason": notice.name if notice else _WORDS[first.what],
            "said": notice.said if notice else None,
            "hold_time": ending.connections[0].hold,
            "times": len(ending.ends),
            **_systems(ending),
        },
    )


_SHOWN = {"FIN": "tcp.flags.fin == 1", "RST": "tcp.flags.reset == 1", "OPEN": "bgp.type == 1"}
_WORDS = {
    "FIN": "closed (FIN) without a NOTIFICATION",
    "RST": "aborted (RST) without a NOTIFICATION",
    "OPEN": "opened anew without an end of the old session",
}


def _decisive(ended: Ended) -> FieldValue:
    if ended.notice is None:
        field_of = {"FIN": ("tcp.flags.fin", "1"), "RST": ("tcp.flags.reset", "1"), "OPEN": ("bgp.type", "1")}
        return FieldValue(ended.frame, *field_of[ended.what])
    code, subcode = ended.notice.on_wire
    if ended.notice.field and ended.notice.code != codes.HOLD_TIMER:
        return FieldValue(ended.frame, ended.notice.field, str(subcode))
    return FieldValue(ended.frame, "bgp.notify.major_error", str(code))


def _systems(ending: Ending) -> dict[str, str | int | None]:
    """The AS numbers that the two told, under `as_neighbor` and `as_receiver`."""
    known = {side: opened.number for connection in ending.connections for side, opened in connection.opens.items()}
    return {"as_neighbor": known.get(ending.first.sender), "as_receiver": known.get(ending.first.receiver)}


def _explanation(ending: Ending) -> str:
    first, where = ending.first, frame_list(ended.frame for ended in ending.ends)
    count = times(len(ending.ends))
    if first.notice is None:
        text = {
            "FIN": f"{first.sender} closed its BGP session with {first.receiver} {count} by FIN, without a NOTIFICATION ({where}).",
            "RST": f"{first.sender} aborted its BGP session with {first.receiver} {count} by RST, without a NOTIFICATION ({where}).",
            "OPEN": f"The BGP session between {first.sender} and {first.receiver} was up and {count} opened anew ({where}); "
            "no end of the old one was captured.",
        }[first.what]
        return text + (" A session came up again within the announced restart time: a graceful restart." if ending.severity == "warning" else "")
    did = "rejected the session with" if ending.cause == REJECTED else "ended the session with"
    text = f"{first.sender} {did} {first.receiver} {count} by NOTIFICATION {first.notice.name} ({where})."
    return text + "".join(_remarks(ending, first.notice))


def _remarks(ending: Ending, notice: Notice) -> Iterator[str]:
    first, connection = ending.first, ending.connections[0]
    if notice.code == codes.HOLD_TIMER and first.silent is not None and first.silent_since is not None:
        hold = f" (hold time {connection.hold} s)" if connection.hold else ""
        yield f" The last message of {first.receiver} before it is frame {first.silent_since}, {first.silent:.1f} s earlier{hold}."
    if notice.code == codes.HOLD_TIMER and first.silent is None:
        yield f" No message of {first.receiver} was captured before it."
    if (notice.code, notice.subcode) == (codes.OPEN, 2):
        claimed = connection.opens.get(first.receiver)
        if claimed is not None and claimed.number is not None:
            yield f" {first.receiver} says in frame {claimed.frame} that its AS is {claimed.number}; {first.sender} expects another one."
    if notice.said:
        yield f' It says: "{notice.said}".'
    if ending.severity == "warning":
        yield " An operator did that." if notice.administrative else " A session between the two came up all the same."
