"""What a log tells of BGP, collected line by line, and its facts in the shape ROUTING_LOG. For the parsers of FRR and BIRD.

A prefix flaps where at least two installs and two losses follow each other in turn; what repeats the same (a route sent
again, a loss told twice) counts once. The period is that of the prefix with most turns, from install to install.
"""

from __future__ import annotations

from collections.abc import Iterator

from tshoot.model.routing import in_own_prefix
from tshoot.parsers._reading import Line, Reading
from tshoot.parsers._records import Record, put_list, put_words

_MOST = 20_000  # events of one kind; a log that has more is cut


class Story:
    """The events so far."""

    def __init__(self) -> None:
        self.installs: list[Record] = []
        self.losses: list[Record] = []
        self.sessions: list[Record] = []
        self.notifications: list[Record] = []
        self._turns: dict[str, list[tuple[str, Record]]] = {}

    def install(self, line: Line, at: float | None, prefix: str) -> Record:
        return self._route("install", self.installs, line, {"prefix": prefix, "at": at})

    def loss(self, line: Line, at: float | None, prefix: str, reason: str) -> Record:
        return self._route("loss", self.losses, line, {"prefix": prefix, "reason": reason, "at": at})

    def session(self, line: Line, at: float | None, neighbor: str, state: str, reason: str) -> None:
        _add(self.sessions, line, {"neighbor": neighbor, "state": state, "reason": reason, "at": at})

    def notification(self, line: Line, at: float | None, neighbor: str, direction: str, code: tuple[int, int], text: str) -> None:
        fields = {"neighbor": neighbor, "direction": direction, "code": code[0], "subcode": code[1], "text": text, "at": at}
        _add(self.notifications, line, fields)

    def _route(self, kind: str, events: list[Record], line: Line, fields: dict[str, object]) -> Record:
        record = _add(events, line, fields)
        turns = self._turns.setdefault(str(fields["prefix"]), [])
        if not turns or turns[-1][0] != kind:
            turns.append((kind, record))
        return record

    def put(self, reading: Reading) -> None:
        """Set the facts."""
        put_list(reading, "installs", self.installs)
        put_list(reading, "losses", self.losses)
        put_list(reading, "self_covering", self._self_covering(), ("prefix", "next_hop"))
        put_list(reading, "sessions", self.sessions)
        put_list(reading, "notifications", self.notifications)
        flapping = {prefix: turns for prefix, turns in self._turns.items() if len(turns) >= 4}
        put_words(reading, "flapping", ((prefix, [line for _, turn in turns for line in turn.all_lines()]) for prefix, turns in flapping.items()))
        if flapping:
            self._put_period(reading, max(flapping.values(), key=len))

    def _self_covering(self) -> Iterator[Record]:
        """One for each prefix and next hop, as first met."""
        met = set()
        for install in self.installs:
            pair = (install.fields["prefix"], install.fields.get("next_hop", ""))
            if pair not in met and in_own_prefix(*pair):
                met.add(pair)
                yield install

    def _put_period(self, reading: Reading, turns: list[tuple[str, Record]]) -> None:
        installs = [event for kind, event in turns if kind == "install"]
        times = [event.fields["at"] for event in installs if "at" in event]
        if len(times) == len(installs) and times[-1] > times[0]:
            period = (times[-1] - times[0]) / (len(times) - 1)
            reading.put("period_seconds", round(period, 3), *(line for event in installs for line in event.lines["at"]))


def _add(events: list[Record], line: Line, fields: dict[str, object]) -> Record:
    record = Record()
    for name, value in fields.items():
        record.put(name, value, line)
    if len(events) < _MOST:
        events.append(record)
    return record
