"""The decision tree as it was walked: each node with its reason to be, the branches not taken with the values
that spoke against them, and the branch that was taken."""

from __future__ import annotations

from collections.abc import Iterator

from tshoot.model.events import DecisionTaken, EffectAnswered, EffectRequested, Event, Failed, RunEnded, RunStarted, VerdictReached
from tshoot.model.verdicts import ConditionValue, Decision, Reading
from tshoot.tui.lines import BLANK, Line, line, span
from tshoot.tui.story import Change
from tshoot.tui.widgets.verdict.telling import headline

_OUTCOMES = {"true": "yes", "false": "no", "unknown": "unknown"}


class PathTelling:
    """One section a visit of a node, numbered; the last is the verdict."""

    def __init__(self) -> None:
        self._visits = 0
        self._open: tuple[str, str] | None = None  # node and why of the visit that has not decided
        self._failures: list[Line] = []

    def after(self, event: Event) -> Iterator[Change]:
        match event:
            case RunStarted():
                yield self._put("start", [line(("start", "dim"), (" ", ""), span(event.playbook))])
            case EffectRequested(effect=effect):
                self._open = (effect.node, effect.why)
                yield self._put(str(self._visits), self._current("▶", "accent"))
            case EffectAnswered(outcome=Failed() as failed) if self._open:
                self._failures.append(line(("  ! ", "warn"), span(f"{failed.kind}: {failed.detail}", "warn"), hang=4))
                yield self._put(str(self._visits), self._current("▶", "accent"))
            case DecisionTaken(decision=decision):
                yield self._put(str(self._visits), self._decided(decision))
                self._visits, self._open, self._failures = self._visits + 1, None, []
            case VerdictReached(verdict=verdict):
                if self._open:
                    yield self._put(str(self._visits), self._current("!", "warn"))
                self._open = None
                yield self._put("end", [BLANK, headline(verdict)])
            case RunEnded(reason=reason) if reason != "finished":
                if self._open:
                    yield self._put(str(self._visits), self._current("-", "warn"))
                yield self._put("end", [BLANK, line(("- ", "warn"), span(" ".join(filter(None, (reason, event.detail))), "warn"), hang=2)])

    def _put(self, section: str, lines: list[Line]) -> Change:
        return Change("path", section, lines)

    def _current(self, mark: str, style: str) -> list[Line]:
        node, why = self._open or ("", "")
        return [_title(mark, style, node), *_why(why), *self._failures]

    def _decided(self, decision: Decision) -> list[Line]:
        again = f" (visit {decision.attempt})" if decision.attempt > 1 else ""
        return [
            _title("✓", "good", decision.node + again),
            *_why(decision.why),
            *self._failures,
            *(row for value in decision.conditions if value.outcome != "true" for row in _passed_over(value)),
            *_taken(decision),
        ]


def _title(mark: str, style: str, node: str) -> Line:
    return line((f"{mark} ", style), span(node, "strong"), hang=2)


def _why(why: str) -> list[Line]:
    return [line(("  ", ""), span(why, "dim"), hang=2)] if why else []


def _passed_over(value: ConditionValue) -> Iterator[Line]:
    style = "warn" if value.outcome == "unknown" else "dim"
    yield line((f"  {_OUTCOMES[value.outcome]}: ", style), span(value.condition, style), span_leads(value.leads_to), hang=6, detail=True)
    if value.reason:
        yield line(("      ", ""), span(value.reason, "warn"), hang=6, detail=True)
    yield from _readings(value.readings)


def span_leads(leads_to: str) -> tuple[str, str]:
    text, _ = span(leads_to)
    return (f" (not {text})" if text else "", "dim")


def _taken(decision: Decision) -> Iterator[Line]:
    taken = next((value for value in decision.conditions if value.outcome == "true"), None)
    if taken:
        yield line(("  yes: ", "good"), span(taken.condition), hang=6)
        yield from _readings(taken.readings)
    elif decision.branch and decision.conditions:
        yield line(("  ", ""), span(decision.branch, "dim"), hang=2)
    if decision.leads_to:
        yield line(("  → ", "accent"), span(decision.leads_to, "strong"), hang=4)


def _readings(readings: tuple[Reading, ...]) -> Iterator[Line]:
    """The values from devices; inputs are the operator's own and stand in the condition."""
    for reading in readings:
        if reading.citations or "(" in reading.fact:
            yield line(("      ", ""), span(reading.fact, "dim"), (" = ", "dim"), span(reading.value, "code", 120), hang=8, detail=True)
