"""`bgp.periodic-flap`: one prefix, from one sender to one receiver, announced and withdrawn in turn with a steady period.

Counted is an announcement that follows a withdrawal, and the first. Announcements one after another are path hunting
or changed attributes, no flap; neither is one withdrawal with one return, at whatever interval MRAI lets it out.
Three announcements are needed. Steady: the standard deviation of the intervals between them is at most a quarter of
their mean (coefficient of variation 0.25). The period is their mean, the spread that deviation.

A session that opens anew announces everything anew: that is no flap of the prefix, and it begins again.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from statistics import fmean, pstdev

from tshoot.model.findings import Confidence, FieldValue, Finding
from tshoot.packets.bgp.messages import Message
from tshoot.packets.bgp.proof import TITLES
from tshoot.packets.bgp.updates import Prefix, Update
from tshoot.packets.proof import MOST, between, finding

CAUSE = "bgp.periodic-flap"
ANNOUNCEMENTS = 3
STEADY = 0.25  # coefficient of variation
SHORTEST = 1.0  # seconds: below, it is one convergence, no period
_REMEMBERED = 100_000  # prefixes; of a full table the first
_HOPS = 8
_CHANGES = 1_000
_TOLD = 20


@dataclass(slots=True)
class _Record:
    """What one sender told one receiver of one prefix; `changes` are (frame, time, announced) where it turned."""

    prefix: Prefix
    announced: bool
    next_hops: tuple[str, ...] = ()
    changes: list[tuple[int, float, bool]] = field(default_factory=list)
    more: int = 0


@dataclass(frozen=True, slots=True)
class Flap:
    """Prefixes that turn together; `changes` as in the record of the first."""

    sender: str
    receiver: str
    prefixes: tuple[Prefix, ...]
    next_hops: tuple[str, ...]
    changes: tuple[tuple[int, float, bool], ...]
    period: float
    spread: float
    turns: int

    @property
    def shown(self) -> str:
        others = len(self.prefixes) - 1
        return self.prefixes[0].text + (f" and {others} more {'prefix' if others == 1 else 'prefixes'}" if others else "")

    def evidence(self) -> list[FieldValue]:
        """The announcements and withdrawals, by the field that holds the prefix."""
        prefix = self.prefixes[0]
        address = prefix.text.partition("/")[0]
        v6 = ":" in address
        names = ("bgp.mp_unreach_nlri_ipv6_prefix", "bgp.mp_reach_nlri_ipv6_prefix") if v6 else ("bgp.withdrawn_prefix", "bgp.nlri_prefix")
        return [FieldValue(frame, names[announced], address) for frame, _, announced in self.changes[:MOST]]


class Flaps:
    """Is shown every UPDATE with its message; `found` at the end."""

    def __init__(self) -> None:
        self._records: dict[tuple[str, str, str, str], _Record] = {}
        self._turned: dict[tuple[str, str], list[_Record]] = {}  # (sender, receiver) -> what has changes

    def update(self, message: Message, update: Update) -> None:
        for prefix in update.withdrawn:
            record = self._record(message, prefix, announced=True)
            if record is not None and record.announced:
                self._turn(record, message, announced=False)
        for route in update.announced:
            record = self._record(message, route.prefix, announced=False)
            if record is None:
                continue
            if route.next_hop not in record.next_hops and len(record.next_hops) < _HOPS:
                record.next_hops = (*record.next_hops, route.next_hop)
            if not record.announced:
                self._turn(record, message, announced=True)

    def opened(self, sender: str, receiver: str) -> None:
        """A session between the two begins: what was told before no longer counts."""
        for ends in ((sender, receiver), (receiver, sender)):
            for record in self._turned.pop(ends, ()):
                record.changes.clear()
                record.more, record.announced = 0, False

    def again(self) -> dict[str, int]:
        """Prefix -> how often, at most, it was announced again after a withdrawal."""
        counts: dict[str, int] = {}
        for record in self._records.values():
            turns = sum(announced for _, _, announced in record.changes) + record.more // 2 - bool(record.changes and record.changes[0][2])
            if turns > 0:
                counts[record.prefix.text] = max(turns, counts.get(record.prefix.text, 0))
        return counts

    def found(self) -> list[Flap]:
        """The steady flaps, prefixes that turn in the same seconds joined."""
        joined: dict[tuple[object, ...], list[_Record]] = {}
        hops = self._all_next_hops()
        for (sender, receiver, _, _), record in self._records.items():
            if _period(record) is not None:
                moments = tuple(round(time) for _, time, announced in record.changes if announced)
                joined.setdefault((sender, receiver, *moments), []).append(record)
        flaps = []
        for key, records in joined.items():
            period, spread = _period(records[0]) or (0.0, 0.0)
            first = records[0]
            prefixes = tuple(dict.fromkeys(record.prefix for record in records))
            known = tuple(dict.fromkeys(hop for prefix in prefixes for hop in hops.get(prefix.text, ())))
            turns = len(first.changes) + first.more
            flaps.append(Flap(str(key[0]), str(key[1]), prefixes, known, tuple(first.changes), period, spread, turns))
        return [flap for flap in flaps if not any(_echoes(flap, other) for other in flaps)][:_TOLD]

    def _all_next_hops(self) -> dict[str, list[str]]:
        """Prefix -> its next hops in any session, of those that turn anywhere."""
        turning = {record.prefix.text for record in self._records.values() if len(record.changes) > ANNOUNCEMENTS}
        hops: dict[str, list[str]] = {}
        for record in self._records.values():
            if record.prefix.text in turning:
                hops.setdefault(record.prefix.text, []).extend(record.next_hops)
        return hops

    def _record(self, message: Message, prefix: Prefix, *, announced: bool) -> _Record | None:
        """The record of the prefix; a new one stands as `announced` until now. None where there are too many."""
        key = message.sender, message.receiver, prefix.text, prefix.path
        record = self._records.get(key)
        if record is None and len(self._records) < _REMEMBERED:
            record = self._records[key] = _Record(prefix, announced)
        return record

    def _turn(self, record: _Record, message: Message, *, announced: bool) -> None:
        record.announced = announced
        if not record.changes:
            self._turned.setdefault((message.sender, message.receiver), []).append(record)
        if len(record.changes) < _CHANGES:
            record.changes.append((message.frame, message.time, announced))
        else:
            record.more += 1


def _echoes(flap: Flap, other: Flap) -> bool:
    """Whether the receiver of `other` only sends the same prefix back: it begins later, and turns as often, one more or less."""
    back = (flap.sender, flap.receiver) == (other.receiver, other.sender) and set(flap.prefixes) <= set(other.prefixes)
    return back and flap.changes[0][1] > other.changes[0][1] and abs(flap.turns - other.turns) <= 1


def _period(record: _Record) -> tuple[float, float] | None:
    """Mean and standard deviation of the intervals between announcements; None unless they are enough and steady."""
    times = [time for _, time, announced in record.changes if announced]
    if len(times) < ANNOUNCEMENTS:
        return None
    intervals = [after - before for before, after in pairwise(times)]
    mean, spread = fmean(intervals), pstdev(intervals)
    return (mean, spread) if mean >= SHORTEST and spread <= STEADY * mean else None


def flap_findings(flaps: Sequence[Flap]) -> Iterator[Finding]:
    for flap in flaps:
        announced = sum(up for _, _, up in flap.changes)
        confidence: Confidence = "high" if announced > ANNOUNCEMENTS else "medium"
        text = (
            f"{flap.sender} announces {flap.shown} to {flap.receiver} and withdraws it again, {flap.turns} changes in "
            f"{flap.changes[-1][1] - flap.changes[0][1]:.0f} s: an announcement every {flap.period:.1f} s, with a spread of {flap.spread:.1f} s. "
            f"Something that runs by a timer takes the route away from {flap.sender}."
        )
        address = flap.prefixes[0].text.partition("/")[0]
        fields = ("mp_reach_nlri_ipv6_prefix", "mp_unreach_nlri_ipv6_prefix") if ":" in address else ("nlri_prefix", "withdrawn_prefix")
        shown = " || ".join(f"bgp.{name} == {address}" for name in fields)
        yield finding(
            CAUSE,
            TITLES[CAUSE],
            text,
            flap.evidence(),
            show=between(flap.sender, flap.receiver, f"({shown})"),
            confidence=confidence,
            facts={
                "prefix": flap.prefixes[0].text,
                "period_seconds": round(flap.period),
                "spread_seconds": round(flap.spread),
                "changes": flap.turns,
                "prefixes": len(flap.prefixes),
                "neighbor": flap.sender,
                "receiver": flap.receiver,
            },
        )
