"""The decision tree as it was walked: each node with its reason to be, the branches not taken with the values
that spoke against them, and the branch that was taken."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from tshoot.model.events import DecisionTaken, EffectAnswered, EffectRequested, Event, Failed, RunEnded, VerdictReached
from tshoot.model.verdicts import ConditionValue, Decision
from tshoot.tui.lines import Line, line, span
from tshoot.tui.story import Change
from tshoot.tui.widgets.verdict.telling import mark

_OUTCOMES = {"true": "yes", "false": "no", "unknown": "unknown"}


class PathTelling:
    """One section a visit of a node, numbered; the last is the verdict. Only the newest decision is told at length."""

    def __init__(self) -> None:
        self._visits = 0
        self._open: tuple[str, str] | None = None  # node and why of the visit that has not decided
        self._failures: list[Line] = []
        self._before: Change | None = None  # the decision before, in short

    def after(self, event: Event) -> Iterator[Change]:
        match event:
            case EffectRequested(effect=effect):
                self._open = (effect.node, effect.why)
                yield self._put(self._current("▶", "accent"))
            case EffectAnswered(outcome=Failed() as failed) if self._open:
                self._failures.append(line(("  ! ", "warn"), span(f"{failed.kind}: {failed.detail}", "warn"), hang=4))
                yield self._put(self._current("▶", "accent"))
            case DecisionTaken(decision=decision):
                yield from self._decided(decision)
            case VerdictReached(verdict=verdict):
                if self._open:
                    yield self._put(self._current("!", "warn"))
                self._open = None
                text, style = mark(verdict)
                yield Change("path", "end", [line((text, style), ("  ", ""), span(verdict.cause, "strong"), hang=2)])
            case RunEnded(reason=reason) if reason != "finished":
                if self._open:
                    yield self._put(self._current("-", "warn"))
                yield Change("path", "end", [line(("- ", "warn"), span(" ".join(filter(None, (reason, event.detail))), "warn"), hang=2)])

    def _put(self, lines: list[Line]) -> Change:
        return Change("path", str(self._visits), lines)

    def _current(self, sign: str, style: str) -> list[Line]:
        node, why = self._open or ("", "")
        return [line((f"{sign} ", style), span(node, "strong"), hang=2), *_why(why), *self._failures]

    def _decided(self, decision: Decision) -> Iterator[Change]:
        if self._before:
            yield self._before
        again = f" (visit {decision.attempt})" if decision.attempt > 1 else ""
        title = line(("✓ ", "good"), span(decision.node + again, "strong"), hang=2)
        passed_over = [row for value in decision.conditions if value.outcome != "true" for row in _passed_over(value)]
        taken, readings, leads = _taken(decision)
        yield self._put([title, *_why(decision.why), *self._failures, *passed_over, *taken, *readings, *leads])
        short = [_detail([*_why(decision.why)]), self._failures, _detail(passed_over), taken, _detail([*readings, *leads])]
        self._before = self._put([title, *(row for rows in short for row in rows)])
        self._visits, self._open, self._failures = self._visits + 1, None, []


def _detail(lines: list[Line]) -> list[Line]:
    return [replace(row, detail=True) for row in lines]


def _why(why: str) -> list[Line]:
    return [line(("  ", ""), span(why, "dim"), hang=2)] if why else []


def _passed_over(value: ConditionValue) -> Iterator[Line]:
    style = "warn" if value.outcome == "unknown" else "dim"
    yield line((f"  {_OUTCOMES[value.outcome]}: ", style), span(value.condition), (" ", ""), span(_would(value), "dim"), hang=6)
    if value.reason:
        yield line(("      ", ""), span(value.reason, "warn"), hang=6)
    yield from _readings(value)


def _would(value: ConditionValue) -> str:
    kind, _, cause = value.leads_to.partition(" ")
    if kind == "conclude":
        return f"(would prove {cause})" if cause not in value.condition else ""
    return f"(would lead to {value.leads_to})" if value.leads_to else ""


def _taken(decision: Decision) -> tuple[list[Line], list[Line], list[Line]]:
    """The condition of the branch taken, what it read, and where it leads."""
    leads = [line(("  → ", "accent"), span(decision.leads_to.removeprefix("conclude "), "strong"), hang=4)] if decision.leads_to else []
    for value in decision.conditions:
        if value.outcome == "true":
            return [line(("  yes: ", "good"), span(value.condition), hang=6)], list(_readings(value)), leads
    return [], [], leads


def _readings(value: ConditionValue) -> Iterator[Line]:
    """The values from devices, where the condition alone does not say them; inputs are the operator's own."""
    for reading in value.readings:
        if (reading.citations or "(" in reading.fact) and reading.fact != value.condition:
            yield line(("      ", ""), span(reading.fact, "dim"), (" = ", "dim"), span(reading.value, "code", 120), hang=8)
