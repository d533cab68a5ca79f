"""What a log says about BGP, collected message by message, as the facts of ROUTING_LOG.

A reader of a dialect hands over installs, losses, sessions and notifications in the order of the log. What follows
from them (next hops inside their own prefix, prefixes that come and go, the period) is found here.

A prefix flaps where at least two installs and two losses follow each other in turn; what repeats the same (a route sent
again, a loss told twice) counts once. The period is that of the prefix with most turns, from install to install.
"""

from __future__ import annotations

from itertools import pairwise
from statistics import fmean

from tshoot.model.routing import in_own_prefix
from tshoot.parsers._reading import Line, Reading
from tshoot.parsers._records import Record, put_list, put_words

_MOST = 20_000  # further messages of one kind are not kept


class RoutingLog:
    """The messages so far. `at`: seconds of the log's clock, None where the line has no time."""

    def __init__(self) -> None:
        self._kinds: dict[str, list[Record]] = {"installs": [], "losses": [], "sessions": [], "notifications": []}
        self._turns: dict[str, list[tuple[str, Record]]] = {}  # prefix -> installs and losses in turn

    def install(self, line: Line, at: float | None, prefix: str, next_hop: str | None = None) -> Record:
        """BGP put the route into the routing table; the record may learn its next hop from a later line."""
        record = self._keep("installs", line, {"prefix": prefix, "next_hop": next_hop, "at": at})
        self._turn(prefix, "install", record)
        return record

    def loss(self, line: Line, at: float | None, prefix: str, reason: str) -> None:
        """BGP has no path for the prefix any more."""
        self._turn(prefix, "loss", self._keep("losses", line, {"prefix": prefix, "reason": reason, "at": at}))

    def session(self, line: Line, at: float | None, neighbor: str, up: bool, reason: str) -> None:
        self._keep("sessions", line, {"neighbor": neighbor, "state": "up" if up else "down", "reason": reason, "at": at})

    def notification(self, line: Line, at: float | None, neighbor: str, direction: str, code: tuple[int, int], text: str) -> None:
        fields = {"neighbor": neighbor, "direction": direction, "code": code[0], "subcode": code[1], "text": text, "at": at}
        self._keep("notifications", line, fields)

    def put(self, reading: Reading, once: bool = False) -> None:
        """Set the facts. `once`: of installs that cover themselves each prefix and next hop is told once, as first met."""
        for name, records in self._kinds.items():
            put_list(reading, name, records)
        own = [install for install in self._kinds["installs"] if in_own_prefix(install.fields["prefix"], install.fields.get("next_hop", ""))]
        if once:
            first: dict[tuple[str, str], Record] = {}
            for install in own:
                first.setdefault((install.fields["prefix"], install.fields["next_hop"]), install)
            own = list(first.values())
        put_list(reading, "self_covering", own, ("prefix", "next_hop"))
        flapping = {prefix: turns for prefix, turns in self._turns.items() if len(turns) >= 4}
        put_words(reading, "flapping", ((prefix, _lines(turns)) for prefix, turns in flapping.items()))
        if flapping:
            _put_period(reading, max(flapping.values(), key=len))

    def _keep(self, kind: str, line: Line, fields: dict[str, object]) -> Record:
        record = Record()
        for name, value in fields.items():
            record.put(name, value, line)
        if len(self._kinds[kind]) < _MOST:
            self._kinds[kind].append(record)
        return record

    def _turn(self, prefix: str, what: str, record: Record) -> None:
        """Remember where a prefix turned from installs to losses or back; several messages of one turn count once."""
        turns = self._turns.setdefault(prefix, [])
        if (not turns or turns[-1][0] != what) and len(turns) < _MOST:
            turns.append((what, record))


def _put_period(reading: Reading, turns: list[tuple[str, Record]]) -> None:
    installs = [record for what, record in turns if what == "install"]
    times = [record.fields["at"] for record in installs if "at" in record]
    waits = [after - before for before, after in pairwise(times)]
    if len(times) == len(installs) and waits and min(waits) > 0:
        reading.put("period_seconds", round(fmean(waits), 3), *(line for record in installs for line in record.lines["at"]))


def _lines(turns: list[tuple[str, Record]]) -> list[Line]:
    return [line for _, record in turns for line in record.all_lines()]
