"""Where two ways through a playbook part: the first decision that leads elsewhere, the condition that made the difference, and why."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import zip_longest

from tshoot.model.verdicts import ConditionValue, Decision

Why = Callable[[str], str]  # a fact's path -> why it has another value today


@dataclass(frozen=True)
class Difference:
    """What differs in a decision: how a condition came out ("" where it was not tried), and the value of a fact ("" where none differs)."""

    condition: str
    recorded: str
    today: str
    fact: str
    recorded_value: str
    today_value: str
    why: str


@dataclass(frozen=True)
class Parting:
    """`recorded` is None where the recorded way ended before this decision, `today` where today's did."""

    node: str
    attempt: int
    recorded: Decision | None
    today: Decision | None
    difference: Difference | None


def parting(recorded: Sequence[Decision], today: Sequence[Decision], renamed: Mapping[str, str], why: Why) -> Parting | None:
    """None where today's way is the recorded one. `renamed` maps today's names of nodes to the recorded ones."""
    for then, now in zip_longest(recorded, today):
        if then is not None and now is not None and _same(then, now, renamed):
            continue
        at = then or now
        alike = then is not None and now is not None and then.node == renamed.get(now.node, now.node)
        difference = next(_differences(then, now, why), None) if alike else None
        return Parting(at.node, at.attempt, then, now, difference)
    return None


def _same(then: Decision, now: Decision, renamed: Mapping[str, str]) -> bool:
    """The branch may be worded otherwise, if it leads to the same."""
    now_at, now_to = renamed.get(now.node, now.node), renamed.get(now.leads_to, now.leads_to)
    return (then.node, then.attempt, then.leads_to) == (now_at, now.attempt, now_to)


def _differences(then: Decision, now: Decision, why: Why) -> Iterator[Difference]:
    for one, other in zip(then.conditions, now.conditions, strict=False):
        if one.condition != other.condition:
            yield Difference(other.condition, "", other.outcome, "", "", "", f"the playbook asked `{one.condition}` here")
        elif one.outcome != other.outcome:
            yield from _readings(one, other, why)
        elif one.outcome == "true":
            yield Difference(one.condition, "true", "true", "", "", "", f"the playbook led from here to `{then.leads_to}`")
    more, less = (then.conditions, now.conditions) if len(then.conditions) > len(now.conditions) else (now.conditions, then.conditions)
    for extra in more[len(less) :]:
        new = more is now.conditions
        text = "the playbook has this condition anew" if new else "the playbook has this condition no more"
        yield Difference(extra.condition, "" if new else extra.outcome, extra.outcome if new else "", "", "", "", text)
    yield Difference(now.branch, "", "", "", "", "", f"the playbook led from here to `{then.leads_to}`")


def _readings(one: ConditionValue, other: ConditionValue, why: Why) -> Iterator[Difference]:
    """The first fact that has another value; what is read at one time only, because of another, comes last."""
    before, after = ({reading.fact: reading.value for reading in side.readings} for side in (one, other))
    for fact in sorted(after, key=lambda fact: fact not in before):
        if before.get(fact) != after[fact]:
            yield Difference(one.condition, one.outcome, other.outcome, fact, before.get(fact, ""), after[fact], why(fact))
    reason = other.reason or one.reason
    text = "the same values come to something else in this version" + (f" ({reason})" if reason else "")
    yield Difference(one.condition, one.outcome, other.outcome, "", "", "", text)
