"""What a log says about BGP, collected message by message, as the facts of ROUTING_LOG.

A reader of a dialect hands over installs, losses, sessions and notifications in the order of the log. What follows
from them (next hops inside their own prefix, prefixes that come and go, the period) is found here.
"""

from __future__ import annotations

from itertools import pairwise
from statistics import fmean

from tshoot.model.routing import in_own_prefix
from tshoot.parsers._reading import Line, Reading
from tshoot.parsers._records import Record, put_list, put_words

_MOST = 20_000  # further messages of one kind are not kept


class RoutingLog:
    """The messages so far."""

    def __init__(self, reading: Reading) -> None:
        self._reading = reading
        self._kinds: dict[str, list[Record]] = {"installs": [], "losses": [], "sessions": [], "notifications": []}
        self._turns: dict[str, list[tuple[str, Record]]] = {}  # prefix -> installs and losses in turn
        self._is_log = False

    def seen(self) -> None:
        """The text is a log, whatever it says."""
        self._is_log = True

    def install(self, record: Record, line: Line, prefix: str | None, hop: str | None) -> bool:
        """BGP put the route into the routing table; False where the line is torn."""
        if prefix is None or hop is None:
            return False
        record.put("prefix", prefix, line)
        record.put("next_hop", hop, line)
        self._turn(prefix, "install", record)
        return self._keep("installs", record)

    def loss(self, record: Record, line: Line, prefix: str | None, reason: str) -> bool:
        """BGP has no path for the prefix any more."""
        if prefix is None:
            return False
        record.put("prefix", prefix, line)
        record.put("reason", reason, line)
        self._turn(prefix, "loss", record)
        return self._keep("losses", record)

    def session(self, record: Record, line: Line, neighbor: str | None, up: bool, reason: str) -> bool:
        if neighbor is None:
            return False
        record.put("neighbor", neighbor, line)
        record.put("state", "up" if up else "down", line)
        record.put("reason", reason, line)
        return self._keep("sessions", record)

    def notification(self, record: Record, line: Line, neighbor: str | None, direction: str, code: tuple[int, int], text: str) -> bool:
        if neighbor is None:
            return False
        record.put("neighbor", neighbor, line)
        record.put("direction", direction, line)
        record.put("code", code[0], line)
        record.put("subcode", code[1], line)
        record.put("text", text, line)
        return self._keep("notifications", record)

    def finish(self) -> None:
        """Set the facts; none where nothing of a log was seen."""
        if not self._is_log:
            return
        for name, records in self._kinds.items():
            put_list(self._reading, name, records)
        own = [record for record in self._kinds["installs"] if in_own_prefix(record.fields["prefix"], record.fields["next_hop"])]
        put_list(self._reading, "self_covering", own, ("prefix", "next_hop"))
        flapping = {prefix: turns for prefix, turns in self._turns.items() if _flaps(turns)}
        put_words(self._reading, "flapping", ((prefix, _lines(turns)) for prefix, turns in flapping.items()))
        if flapping:
            self._put_period(max(flapping.values(), key=len))

    def _keep(self, kind: str, record: Record) -> bool:
        if len(self._kinds[kind]) < _MOST:
            self._kinds[kind].append(record)
        return True

    def _turn(self, prefix: str, what: str, record: Record) -> None:
        """Remember where a prefix turned from installs to losses or back; several messages of one turn count once."""
        turns = self._turns.setdefault(prefix, [])
        if (not turns or turns[-1][0] != what) and len(turns) < _MOST:
            turns.append((what, record))

    def _put_period(self, turns: list[tuple[str, Record]]) -> None:
        installs = [record for what, record in turns if what == "install"]
        times = [record.fields["at"] for record in installs if "at" in record]
        waits = [after - before for before, after in pairwise(times)]
        if len(times) == len(installs) and waits and min(waits) > 0:
            self._reading.put("period_seconds", round(fmean(waits), 3), *(line for record in installs for line in record.lines["at"]))


def _flaps(turns: list[tuple[str, Record]]) -> bool:
    """At least two installs and two losses in turn."""
    return len(turns) >= 4


def _lines(turns: list[tuple[str, Record]]) -> list[Line]:
    return [line for _, record in turns for line in record.all_lines()]
