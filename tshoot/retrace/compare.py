"""Two sessions side by side: node by node what was asked, what came of it, what was decided, and where the ways part.

Nodes are aligned by name and visit, requests within them by what the engine calls them. Same means: the same decisions and a verdict of the
same kind and cause. What merely reads otherwise (a round trip time, another host) is told and makes no difference. Both are only read.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from difflib import unified_diff
from typing import Literal

from tshoot.model.effects import Effect, StartCapture, StopCapture, Wait, sample_key
from tshoot.model.events import Failed, Outcome
from tshoot.model.verdicts import Decision, Verdict
from tshoot.retrace.parting import Parting, parting
from tshoot.retrace.recording import Recording, attempt_of, record_of
from tshoot.retrace.words import what
from tshoot.session.outcome_text import outcome_lines
from tshoot.session.store import Session

MOST_LINES = 400  # of an output that are compared line by line
Sign = Literal["=", "~", "!", "<", ">"]
Visit = tuple[str, str]  # node, attempt


@dataclass(frozen=True)
class Differing:
    """A fact, an input or a target that is another; None where the one session does not have it."""

    name: str
    first: str | None
    second: str | None


@dataclass(frozen=True)
class Asked:
    """A request and its answers. `first` and `second` are the requests in words, None where it was not made; `lines` a unified diff of the answers.

    Of a command that is sampled the first sample stands for all; `samples` counts them.
    """

    key: str
    first: str | None
    second: str | None
    same: bool
    lines: tuple[str, ...]
    samples: tuple[int, int] = (0, 0)


@dataclass(frozen=True)
class Compared:
    """A visit of a node. `sign`: = the same, ~ the same decision on something else, ! another decision, < or > in the one session only."""

    node: str
    attempt: str
    sign: Sign
    first: Decision | None
    second: Decision | None
    asked: tuple[Asked, ...]
    facts: tuple[Differing, ...]


@dataclass(frozen=True)
class Side:
    session: str
    playbook: str
    started: float
    verdict: Verdict | None


@dataclass(frozen=True)
class Comparison:
    """`parting` is the first decision that leads elsewhere: its `recorded` is that of the first session, `today` that of the second."""

    first: Side
    second: Side
    targets: tuple[Differing, ...]
    inputs: tuple[Differing, ...]
    nodes: tuple[Compared, ...]
    parting: Parting | None

    @property
    def same(self) -> bool:
        """False where there is nothing to hold it by: no verdict, or no step of a playbook."""
        compared = bool(self.nodes) and self.first.verdict is not None
        return compared and self.parting is None and self.same_verdict and self.first.playbook == self.second.playbook

    @property
    def same_verdict(self) -> bool:
        return _told(self.first.verdict) == _told(self.second.verdict)


def compare(first: Session, second: Session) -> Comparison:
    """SessionError where one of them never began or cannot be read."""
    one, other = record_of(first.events()), record_of(second.events())
    return Comparison(
        Side(first.header.session, one.started.playbook, one.started.at, one.verdict),
        Side(second.header.session, other.started.playbook, other.started.at, other.verdict),
        _differing(_targets(one), _targets(other)),
        _differing(
            {name: str(value) for name, value in one.started.inputs.items()}, {name: str(value) for name, value in other.started.inputs.items()}
        ),
        tuple(_nodes(one, other)),
        parting(one.decisions, other.decisions, {}, lambda fact: "the value is another"),
    )


def _told(verdict: Verdict | None) -> tuple[str, ...]:
    return () if verdict is None else (verdict.kind, verdict.cause)


def _targets(recording: Recording) -> dict[str, str]:
    return {target.role: f"{target.host} ({target.platform})" for target in recording.started.targets}


def _differing(first: Mapping[str, str], second: Mapping[str, str]) -> tuple[Differing, ...]:
    names = dict.fromkeys((*first, *second))
    return tuple(Differing(name, first.get(name), second.get(name)) for name in names if first.get(name) != second.get(name))


def _nodes(one: Recording, other: Recording) -> Iterator[Compared]:
    sides = [(_visits(recording), {(each.node, str(each.attempt)): each for each in recording.decisions}) for recording in (one, other)]
    (first_asked, first_decided), (second_asked, second_decided) = sides
    for visit in merged(dict.fromkeys((*first_asked, *first_decided)), dict.fromkeys((*second_asked, *second_decided))):
        decided = first_decided.get(visit), second_decided.get(visit)
        asked = tuple(_asked(one, other, first_asked.get(visit, {}), second_asked.get(visit, {})))
        facts = _differing(_read(decided[0]), _read(decided[1]))
        there = [visit in side_asked or visit in side_decided for side_asked, side_decided in sides]
        yield Compared(*visit, _sign(there, decided, asked, facts), *decided, asked, facts)


def merged(first: Iterable[Visit], second: Iterable[Visit]) -> list[Visit]:
    """Both orders in one: what only the second has stands behind what it follows there."""
    order = list(first)
    known, at = set(order), 0
    for visit in second:
        if visit in known:
            at = order.index(visit) + 1
        else:
            order.insert(at, visit)
            known.add(visit)
            at += 1
    return order


def _visits(recording: Recording) -> dict[Visit, dict[str, list[Effect]]]:
    """Visit -> request, samples of one series together -> its effects."""
    visits: dict[Visit, dict[str, list[Effect]]] = {}
    for effect in recording.requests.values():
        sample = sample_key(effect.key)
        if isinstance(effect, Wait) or (sample and sample.waits):
            continue
        name = str(sample.series) if sample else effect.key
        visits.setdefault((effect.node, attempt_of(effect)), {}).setdefault(name, []).append(effect)
    return visits


def _asked(one: Recording, other: Recording, first: dict[str, list[Effect]], second: dict[str, list[Effect]]) -> Iterator[Asked]:
    for name in dict.fromkeys((*first, *second)):
        mine, yours = first.get(name, []), second.get(name, [])
        texts = _text(one, mine), _text(other, yours)
        words = (what(mine[0]) if mine else None, what(yours[0]) if yours else None)
        series = any(sample_key(effect.key) for effect in (*mine, *yours))
        same = words[0] == words[1] and texts[0] == texts[1]
        yield Asked(name, words[0], words[1], same, () if same else _diff(*texts), (len(mine), len(yours)) if series else (0, 0))


def _text(recording: Recording, effects: list[Effect]) -> list[str] | None:
    """What came of the first of them; None where it has no answer. Where a capture went and how many bytes it has says nothing."""
    answered = recording.answers.get(effects[0].key) if effects else None
    if answered is None:
        return None
    outcome = answered[1].outcome
    if isinstance(effects[0], StartCapture | StopCapture) and not isinstance(outcome, Failed):
        return []
    return _lines(outcome)


def _lines(outcome: Outcome) -> list[str]:
    return [line.removeprefix("    ") for line in outcome_lines(outcome, MOST_LINES)]


def _diff(first: list[str] | None, second: list[str] | None) -> tuple[str, ...]:
    """Lines that begin with a blank, - or +, with two around what differs; hunks apart by `…`. None where nobody answered."""
    if first is None or second is None:
        return (*(f"-{line}" for line in first or ()), *(f"+{line}" for line in second or ()))
    lines = list(unified_diff(first, second, lineterm="", n=2))[2:]
    return tuple("…" if line.startswith("@@") else line for line in lines)


def _read(decision: Decision | None) -> dict[str, str]:
    """What its conditions read."""
    return {reading.fact: reading.value for condition in decision.conditions for reading in condition.readings} if decision else {}


def _sign(there: list[bool], decided: tuple[Decision | None, Decision | None], asked: Iterable[Asked], facts: Iterable[Differing]) -> Sign:
    if not all(there):
        return "<" if there[0] else ">"
    leads = [decision.leads_to if decision else None for decision in decided]
    if leads[0] != leads[1]:
        return "!"
    return "=" if all(one.same for one in asked) and not tuple(facts) else "~"
