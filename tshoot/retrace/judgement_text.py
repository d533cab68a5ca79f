"""A judgement for a person, and as the plain values of `--json` (docs/json.md)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict
from typing import Any

from tshoot.model.effects import Effect
from tshoot.model.text import clean
from tshoot.model.verdicts import Decision, Verdict
from tshoot.retrace.parting import Difference, Parting
from tshoot.retrace.rejudge import Judgement
from tshoot.retrace.words import what
from tshoot.session.plain import decision_json, verdict_json
from tshoot.session.prose import LONGEST_VALUE, one_line, wrapped

_HEADS = {"same": "judged the same", "different": "judged differently", "open": "cannot be judged again: not all that is asked was recorded"}
_ASSUMED = {"same": "the verdict would be the same", "different": "the verdict would be another", "open": "more would have been asked"}


def judgement_lines(judgement: Judgement, what_if: Sequence[str]) -> list[str]:
    """Plain lines: the result, both verdicts, where the ways part and why, what would have been asked."""
    head = f"what if {', '.join(map(one_line, what_if))}: {_ASSUMED[judgement.result]}" if what_if else _HEADS[judgement.result]
    now = "then" if what_if else "today"
    lines = [f"{one_line(judgement.session)}: {head}", *_verdict("recorded", judgement.recorded)]
    if judgement.today is not None and (judgement.result != "same" or judgement.parting):
        lines += _verdict(now, judgement.today)
    lines += [line for part in _parting(judgement.parting, now) for line in part]
    for effect in judgement.unanswered:
        lines += wrapped(f"would have asked {_asked(effect, judgement)}, which was not recorded", 4, "  ")
    return [*lines, *(line for remark in judgement.remarks for line in wrapped(remark, 4, "  "))]


def _verdict(when: str, verdict: Verdict | None) -> list[str]:
    if verdict is None:
        return [f"  {when:<9} no verdict"]
    named = f"{verdict.kind} {verdict.cause}".strip()
    return wrapped(f"{named}: {verdict.reason}", 12, f"  {when:<9} ")


def _parting(parting: Parting | None, now: str) -> Iterator[list[str]]:
    if parting is None:
        return
    attempt = f", attempt {parting.attempt}" if parting.attempt > 1 else ""
    yield [f"  the ways part at `{one_line(parting.node)}`{attempt}"]
    yield [f"    recorded  {_led(parting.recorded)}", f"    {now:<9} {_led(parting.today)}"]
    if parting.difference is not None:
        yield from _difference(parting.difference)


def _led(decision: Decision | None) -> str:
    return "is not decided" if decision is None else f"-> {one_line(decision.leads_to) or 'no branch applied'}"


def _difference(difference: Difference) -> Iterator[list[str]]:
    outcomes = f" was {difference.recorded}" if difference.recorded else ""
    outcomes += f"{',' if outcomes else ''} is {difference.today}" if difference.today else ""
    if difference.recorded or difference.today:
        yield wrapped(f"{difference.condition}{outcomes}", 14, "    condition ")
    if difference.fact:
        was = f" was {one_line(difference.recorded_value, LONGEST_VALUE)}," if difference.recorded_value else ""
        yield wrapped(f"{difference.fact}{was} is {one_line(difference.today_value, LONGEST_VALUE)}", 14, "    value     ")
    yield wrapped(difference.why, 14, "    why       ")


def _asked(effect: Effect, judgement: Judgement) -> str:
    target = judgement.targets.get(getattr(effect, "target", ""))
    return what(effect) + (f" ({one_line(target.host)})" if target else "")


def judgement_json(judgement: Judgement, what_if: Sequence[str]) -> dict[str, Any]:
    """{"session", "playbook", "result", "what_if", "recorded", "today", "parting", "would_have_asked", "remarks"}."""
    return {
        "session": clean(judgement.session),
        "playbook": clean(judgement.playbook),
        "result": judgement.result,
        "what_if": [clean(word) for word in what_if],
        "recorded": verdict_json(judgement.recorded) if judgement.recorded else None,
        "today": verdict_json(judgement.today) if judgement.today else None,
        "parting": parting_json(judgement.parting) if judgement.parting else None,
        "would_have_asked": [_asked_json(effect, judgement) for effect in judgement.unanswered],
        "remarks": [clean(remark) for remark in judgement.remarks],
    }


def parting_json(parting: Parting) -> dict[str, Any]:
    return {
        "node": clean(parting.node),
        "attempt": parting.attempt,
        "recorded": decision_json(parting.recorded) if parting.recorded else None,
        "today": decision_json(parting.today) if parting.today else None,
        "difference": {name: clean(text) for name, text in asdict(parting.difference).items()} if parting.difference else None,
    }


def _asked_json(effect: Effect, judgement: Judgement) -> dict[str, Any]:
    role = getattr(effect, "target", "")
    target = judgement.targets.get(role)
    return {"node": clean(effect.node), "target": clean(role), "host": clean(target.host) if target else "", "what": clean(what(effect))}
