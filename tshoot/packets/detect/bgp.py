"""BGP (RFC 4271): routes that recurse, prefixes that flap, sessions that end or never begin.

Messages are read one by one (`packets/bgp/messages`, `updates`, `notifications`); each side is judged in a file
of its own: the connections and their ends (`connections`, `endings`), next hops (`recursion`), periods (`flaps`).
That a next hop is not in a routing table is not on the wire: `bgp.next-hop-unreachable` is decided by tables.

A recursion explains the flap of the prefix, of those whose next hop it covers, and the death of the very session
that runs to its next hop: hold timer, or an end without a word.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from tshoot.model.findings import SEVERITIES, Finding
from tshoot.packets.bgp.connections import Connections
from tshoot.packets.bgp.endings import RESET, Ending, ending_finding, endings
from tshoot.packets.bgp.flaps import CAUSE as FLAP
from tshoot.packets.bgp.flaps import Flap, Flaps, flap_findings
from tshoot.packets.bgp.messages import KEEPALIVE, NOTIFICATION, OPEN, ROUTE_REFRESH, UPDATE, Message, Segment, read
from tshoot.packets.bgp.recursion import CAUSE as RECURSION
from tshoot.packets.bgp.recursion import TOLD, Judgement, Proof, Recursion, Recursions, beside, covers, judge, recursion_finding
from tshoot.packets.bgp.updates import update_of
from tshoot.packets.frames import Detection, Frame

_COUNTED = {OPEN: "open", UPDATE: "update", NOTIFICATION: "notification", KEEPALIVE: "keepalive", ROUTE_REFRESH: "route-refresh"}


class _Bgp:
    family = "bgp"
    causes: Mapping[str, str] = {
        "bgp.next-hop-in-own-prefix": "an UPDATE whose next hop lies in a prefix that it announces, where the receiver is not connected to that "
        "prefix; connected (eBGP on one link): a note; default routes: never; aggregates and host routes: a warning",
        "bgp.periodic-flap": "one prefix announced at least three times, withdrawn between, at intervals with a coefficient of variation of at most "
        "0.25; path hunting, a single return and what a recursion explains are left out",
        "bgp.session-reset": "NOTIFICATION, FIN or RST on a session that was up, or a new one in its place; an operator's Cease is a warning, "
        "a collision and a capture that begins or ends within a session are healthy",
        "bgp.open-rejected": "NOTIFICATION that answers an OPEN; a warning where a session came up all the same, or an operator shut it down",
    }
    seen: Mapping[str, str] = {
        "bgp.tcp-tried": "connections tried to port 179, repetitions not counted",
        "bgp.tcp-open": "SYN-ACKs from port 179",
        "bgp.open": "BGP OPENs",
        "bgp.session": "BGP sessions that were up",
        "bgp.keepalive": "BGP KEEPALIVEs",
        "bgp.update": "BGP UPDATEs",
        "bgp.unread": "BGP UPDATEs whose prefixes were not read: other kinds than unicast, or parts that do not fit together",
        "bgp.announced": "BGP prefixes announced, each with a next hop that was judged",
        "bgp.withdrawn": "BGP prefixes withdrawn",
        "bgp.notification": "BGP NOTIFICATIONs",
        "bgp.route-refresh": "BGP ROUTE-REFRESHes",
    }
    explains: Mapping[str, Sequence[str]] = {RECURSION: (FLAP,)}
    capture_filter = "tcp port 179"
    display_filter = (
        "bgp or (tcp.port == 179 and (tcp.flags.syn == 1 or tcp.flags.fin == 1 or tcp.flags.reset == 1 or tcp.payload[0:4] == ff:ff:ff:ff))"
    )
    decode_as: Sequence[str] = ()

    def detect(self, frames: Iterable[Frame]) -> Detection:
        watch = _Watch()
        for frame in frames:
            for event in read(frame):
                if isinstance(event, Message):
                    watch.message(event)
                else:
                    watch.segment(event)
        return watch.detection()


class _Watch:
    """One pass over one capture."""

    def __init__(self) -> None:
        self._seen: Counter[str] = Counter()
        self._tried: set[str] = set()
        self._connections, self._recursions, self._flaps = Connections(), Recursions(), Flaps()

    def message(self, message: Message) -> None:
        if message.kind in _COUNTED:
            self._seen[f"bgp.{_COUNTED[message.kind]}"] += 1
        self._recursions.aftermath.message(message)
        connection = self._connections.message(message)
        if message.kind == OPEN:
            self._flaps.opened(message.sender, message.receiver)
        elif message.kind == UPDATE:
            update = update_of(message.layer)
            if update is None:
                self._seen["bgp.unread"] += 1
                return
            self._seen["bgp.announced"] += len(update.announced)
            self._seen["bgp.withdrawn"] += len(update.withdrawn)
            self._recursions.update(message, update, connection)
            if not message.again:
                self._flaps.update(message, update)

    def segment(self, segment: Segment) -> None:
        self._connections.segment(segment)
        if segment.port and segment.what in ("SYN", "SYN-ACK"):
            key = f"{segment.what} {segment.stream}"
            if key not in self._tried and len(self._tried) < 100_000:
                self._tried.add(key)
                self._seen["bgp.tcp-tried" if segment.what == "SYN" else "bgp.tcp-open"] += 1

    def detection(self) -> Detection:
        connections = self._connections.every()
        self._seen["bgp.session"] = sum(connection.up is not None for connection in connections)
        ended = endings(connections)
        judged = self._judged(ended)
        bad = [recursion for recursion, judgement in judged if judgement.severity == "fault"]
        explained: dict[int, list[Flap]] = {}
        left: list[Flap] = []
        for flap in self._flaps.found():
            owner = covers(bad, flap)
            (left if owner is None else explained.setdefault(id(owner), [])).append(flap)
        told = sorted(judged, key=lambda item: SEVERITIES.index(item[1].severity))[:TOLD]
        findings = [recursion_finding(recursion, judgement, explained.get(id(recursion), ())) for recursion, judgement in told]
        findings += [*flap_findings(left), *map(ending_finding, ended)]
        found: tuple[Finding, ...] = tuple(sorted(findings, key=lambda finding: finding.frames))
        return Detection(found, {name: count for name, count in self._seen.items() if count}, _follows(bad, ended))

    def _judged(self, ended: Sequence[Ending]) -> list[tuple[Recursion, Judgement]]:
        again, aftermath = self._flaps.again(), self._recursions.aftermath
        dying = (one for one in ended if one.keeps_dying)
        dead = {connection.stream: end for one in dying for connection, end in zip(one.connections, one.ends, strict=True)}
        judged = []
        for recursion in self._recursions.found():
            came_again = again.get(recursion.route.prefix.text, 0)
            died = aftermath.died(recursion.streams, recursion.receiver, dead)
            proof = Proof(came_again, died, aftermath.lives(recursion.streams, recursion.receiver))
            judged.append((recursion, judge(recursion, proof)))
        harmed = {recursion.pair for recursion, judgement in judged if judgement.harmed}
        return [(one, beside(judgement) if one.pair in harmed and not judgement.harmed else judgement) for one, judgement in judged]


def _follows(bad: Sequence[Recursion], ended: Sequence[Ending]) -> dict[str, tuple[str, ...]]:
    """The resets follow from a recursion if every one of them died as the way to such a next hop dies."""
    resets = [ending for ending in ended if ending.cause == RESET and ending.severity == "fault"]
    pairs = {recursion.pair for recursion in bad}
    if resets and all(ending.keeps_dying and ending.pair in pairs for ending in resets):
        return {RECURSION: (RESET,)}
    return {}


DETECTOR = _Bgp()
