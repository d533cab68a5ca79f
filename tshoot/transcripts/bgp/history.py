"""One route over time: from repeated lookups with their ages, or from the lines of a log.

An answer that tells its age tells when the route began (time of the answer less the age), to the second: so changes between two
answers show too. Answers without times but with ages are dated where they came at a steady pace: ages that grow by the same
step tell the pace. Otherwise the order of the values is known, no period.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import median

from tshoot.model.findings import LineValue
from tshoot.model.routing import Series, alternation, cycle
from tshoot.transcripts.judgement import proof
from tshoot.transcripts.pieces import forward
from tshoot.transcripts.reading import Read, Reads

MOST_ROWS = 5000  # of one table
_SAME_START = 3.0  # seconds between two reckonings of the same beginning: clocks and ages are whole seconds
_SAME_EVENT = 5.0  # several lines of a log tell of one loss
_TARGET = re.compile(r"[0-9A-Fa-f:.]{2,45}(?:/[0-9]{1,3})?")


@dataclass(frozen=True, slots=True)
class Poll:
    """One moment of the route. `protocol` is that of a lookup (`none`: no route), or `bgp` and `lost` of a log."""

    at: float | None
    protocol: str
    prefix: str
    next_hop: str
    age: float | None
    evidence: tuple[LineValue, ...]


@dataclass(frozen=True, slots=True)
class History:
    """`began`: when each state began, exactly, where that is known. `how` says what the times rest on, empty without any."""

    host: str
    target: str
    source: str  # lookups or log
    polls: tuple[Poll, ...]
    series: Series
    began: tuple[tuple[float, str], ...]
    period: float | None
    spread: float | None
    change_seconds: float | None
    how: str

    @property
    def protocols(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(poll.protocol for poll in self.polls))

    @property
    def prefixes(self) -> frozenset[str]:
        return frozenset(poll.prefix for poll in self.polls if poll.prefix)

    @property
    def changes(self) -> int:
        return max(self.series.changes, len(self.began) - 1)

    @property
    def alternates(self) -> bool:
        """BGP and something else in turn."""
        return "bgp" in self.protocols and len(self.protocols) > 1

    @property
    def steady_for(self) -> float:
        """Seconds for which the route is known not to have changed, to the last answer."""
        ages = [poll.age for poll in self.polls if poll.age is not None]
        return max([self.series.span_seconds if self.series.steady else 0.0, *ages[-1:]]) if self.changes < 1 else 0.0

    def evidence(self) -> tuple[LineValue, ...]:
        """The lines of each change and of what stood before it; all of them where nothing changes."""
        kept = [
            poll
            for at, poll in enumerate(self.polls)
            if at in (0, len(self.polls) - 1) or poll.protocol != self.polls[at - 1].protocol or poll.protocol != self.polls[at + 1].protocol
        ]
        return tuple(value for poll in kept for value in poll.evidence)


def histories(reads: Reads) -> tuple[History, ...]:
    """The histories of all routes that were looked up or logged, in the order of the file."""
    return (*_of_lookups(reads.of("route")), *_of_logs(reads.logs))


def _of_lookups(routes: Iterable[Read]) -> Iterable[History]:
    grouped: dict[tuple[str, str], list[Poll]] = {}
    for read in routes:
        for row in (table := _table(read)):
            grouped.setdefault((read.piece.host, row.prefix), []).append(row)
        if not table and (poll := _poll(read)) is not None:
            grouped.setdefault((read.piece.host, _target(read)), []).append(poll)
    for (host, target), polls in grouped.items():
        yield _lookups(host, target, polls)


def _table(read: Read) -> list[Poll]:
    """The chosen route of each prefix, where the answer is a table of many; rows tell no age."""
    entries = (read.facts.get("entries") or ())[:MOST_ROWS]
    chosen: dict[str, int] = {}
    for at, entry in enumerate(entries):
        if entry.get("prefix") and (entry["prefix"] not in chosen or entry.get("selected") is True):
            chosen[entry["prefix"]] = at
    if len(chosen) < 2:
        return []
    return [
        Poll(
            read.piece.at,
            str(entries[at].get("protocol", "")),
            prefix,
            str(entries[at].get("next_hop", "")),
            None,
            proof(read, f"entries.{at}.protocol"),
        )
        for prefix, at in chosen.items()
    ]


def _poll(read: Read) -> Poll | None:
    facts = read.facts
    found = facts.get("found", "protocol" in facts)
    if not isinstance(found, bool) or (found and not facts.get("protocol")):
        return None
    protocol = str(facts["protocol"]) if found else "none"
    evidence = [value for path in ("protocol", "next_hop", "age_seconds") if path in facts for value in proof(read, path)]
    age = facts.get("age_seconds")
    return Poll(
        read.piece.at,
        protocol,
        str(facts.get("prefix", "")),
        str(facts.get("next_hop", "")),
        float(age) if isinstance(age, int | float) else None,
        tuple(evidence or (proof(read, "found"))),
    )


def _target(read: Read) -> str:
    """What was looked up: the address or prefix in the command, else the prefix of the answer."""
    words = [word for word in read.command.replace("'", " ").split() if _TARGET.fullmatch(word) and (":" in word or "." in word)]
    return _canonical(words[0]) if words else str(read.facts.get("prefix", ""))


def _canonical(word: str) -> str:
    try:
        return str(ipaddress.ip_network(word, strict=False) if "/" in word else ipaddress.ip_address(word))
    except ValueError:
        return word.lower()


def _lookups(host: str, target: str, polls: Sequence[Poll]) -> History:
    times = forward(poll.at for poll in polls)
    how = "the times of the answers"
    if any(time is None for time in times) or (len(times) > 1 and len(set(times)) == 1):
        pace = _pace(polls)
        times = [None if pace is None else at * pace for at in range(len(polls))]
        how = f"the ages of the route, which tell that it was looked up every {pace:.0f} s" if pace else ""
    known = [time for time in times if time is not None]
    order = alternation([(time if time is not None else float(at), poll.protocol) for at, (time, poll) in enumerate(zip(times, polls, strict=True))])
    began = _beginnings(known, polls) if len(known) == len(polls) else ()
    if len(known) < len(polls):
        return History(host, target, "lookups", tuple(polls), _untimed(order), (), None, None, None, "")
    period, spread = cycle(began) if began else (order.period_seconds, order.period_spread)
    between = (began[-1][0] - began[0][0]) / (len(began) - 1) if len(began) > 1 else order.change_seconds
    return History(host, target, "lookups", tuple(polls), order, began, period, None if spread is None else max(spread, 1.0), between, how)


def _pace(polls: Sequence[Poll]) -> float | None:
    """Seconds from answer to answer, told by ages that grow; None where they do not grow by the same step, or seldom."""
    steps = [
        after.age - before.age
        for before, after in pairwise(polls)
        if before.age is not None and after.age is not None and before.protocol == after.protocol and after.age > before.age
    ]
    if len(steps) < 3:
        return None
    pace = median(steps)
    return pace if max(steps) - min(steps) <= max(2.0, pace / 5) else None


def _beginnings(times: Sequence[float], polls: Sequence[Poll]) -> tuple[tuple[float, str], ...]:
    """When each state began, by the ages; empty where an answer tells none. A beginning is told once, however often it is seen."""
    began: list[tuple[float, str]] = []
    for time, poll in zip(times, polls, strict=True):
        if poll.age is None:
            return ()
        start = time - poll.age
        if not began or began[-1][1] != poll.protocol or start > began[-1][0] + _SAME_START:
            began.append((max(start, began[-1][0]) if began else start, poll.protocol))
    return tuple(began)


def _untimed(series: Series) -> Series:
    """The order of the values alone: its times are none."""
    return Series(series.values, series.changes, series.distinct, series.first, series.last, (), None, None, series.steady, series.samples, 0.0)


# --- logs ------------------------------------------------------------------------------------------------------


def _of_logs(logs: Iterable[Read]) -> Iterable[History]:
    for read in logs:
        events: dict[str, list[Poll]] = {}
        for name, state in (("installs", "bgp"), ("losses", "lost")):
            for at, event in enumerate(read.facts.get(name) or ()):
                evidence = proof(read, f"{name}.{at}", "installed" if state == "bgp" else event.get("reason", "lost"))
                if evidence:
                    poll = Poll(event.get("at"), state, str(event.get("prefix", "")), str(event.get("next_hop", "")), None, evidence)
                    events.setdefault(poll.prefix, []).append(poll)
        for prefix, polls in events.items():
            polls.sort(key=lambda poll: poll.evidence[0].line)
            yield _logged(read.piece.host, prefix, polls)


def _logged(host: str, prefix: str, polls: Sequence[Poll]) -> History:
    times = forward(poll.at for poll in polls)
    order = alternation([(float(at), poll.protocol) for at, poll in enumerate(polls)], exact=True)
    known = [(time, poll.protocol) for time, poll in zip(times, polls, strict=True) if time is not None]
    if len(known) < len(polls):
        return History(host, prefix, "log", tuple(polls), _untimed(order), (), None, None, None, "")
    began: list[tuple[float, str]] = []
    for time, value in known:
        if not began or began[-1][1] != value or time - began[-1][0] > _SAME_EVENT:
            began.append((time, value))
    period, spread = cycle(began)
    between = (began[-1][0] - began[0][0]) / (len(began) - 1) if len(began) > 1 else None
    series = alternation(known, exact=True)
    return History(host, prefix, "log", tuple(polls), series, tuple(began), period, spread, between, "the time stamps of the log")
