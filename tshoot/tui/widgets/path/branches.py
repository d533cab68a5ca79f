"""One decision as lines: the branches in the playbook's order, each with what it came to and the value that decided.

A value is said once: behind the condition where that names it, below it where several were read; what stands in the
condition already, and inputs, which are the operator's own, are not said again.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace

from tshoot.model.verdicts import ConditionValue, Decision, Reading
from tshoot.playbook.tree import Branch
from tshoot.tui.goals import Goal, NodeGoal, goal_of
from tshoot.tui.lines import Line, Span, line, span

BY_HAND = "by hand"
_LEADS = "  → "
_FOUND = re.compile(r"[a-z0-9_]{1,80}\.(found|warned)\('([^']{1,200})'\)")
_OUTCOMES = {"true": "yes", "false": "no", "unknown": "unknown"}
Said = set[tuple[str, str]]


def decision_lines(decision: Decision) -> Iterator[tuple[Line, bool]]:
    """Each line, and whether it is worth its place once the next node is under way."""
    said: Said = set()
    for value in decision.conditions:
        if value.outcome != "true":
            yield from ((row, False) for row in _passed_over(decision.node, value, said))
    taken = _taken(decision, said)
    yield from ((row, number == 0 and not row.text.startswith(_LEADS)) for number, row in enumerate(taken))


def not_tried(decision: Decision, branches: Sequence[Branch]) -> list[Line]:
    """The branches after the one that was taken, as details."""
    return [as_detail(row) for row in untried_lines(decision.node, _untried(decision, branches), "not tried")]


def untried_lines(node: str, branches: Sequence[Branch], sign: str) -> Iterator[Line]:
    """Branches that were not looked at (yet)."""
    for branch in branches:
        leads = f"→ {branch.outcome.removeprefix('conclude ')}" if branch.outcome and branch.leads_to not in branch.text else ""
        yield line((f"  {sign}: ", "dim"), span(in_words(branch.text), "dim"), span_of(leads, "dim"), hang=6, goal=NodeGoal(node))


def _untried(decision: Decision, branches: Sequence[Branch]) -> Sequence[Branch]:
    at = next((n for n, branch in enumerate(branches, 1) if (branch.text, branch.outcome) == (decision.branch, decision.leads_to)), None)
    if at is None:
        at = len(decision.conditions) if decision.branch.startswith(BY_HAND) else len(branches)
    return branches[at:]


def in_words(condition: str) -> str:
    """What a condition asks of a capture as a person says it; any other as it stands."""
    match = _FOUND.fullmatch(condition)
    return f"{match[2]} in the capture{' (a warning)' if match[1] == 'warned' else ''}" if match else condition


def span_of(text: str, style: str = "") -> Span:
    """`span` with the space before the text kept."""
    return (" " + span(text)[0], style) if text else ("", "")


def _passed_over(node: str, value: ConditionValue, said: Said) -> Iterator[Line]:
    style = "warn" if value.outcome == "unknown" else "dim"
    behind, below = _readings(value, said)
    yield line(
        (f"  {_OUTCOMES[value.outcome]}: ", style),
        span(in_words(value.condition)),
        *behind,
        span_of(_would(value), "dim"),
        hang=6,
        goal=_goal(node, value),
    )
    if value.reason:
        yield line(("      ", ""), span(value.reason, "warn"), hang=6, goal=_goal(node, value))
    yield from below


def _would(value: ConditionValue) -> str:
    kind, _, cause = value.leads_to.partition(" ")
    if kind == "conclude":
        return f"(would prove {cause})" if cause not in value.condition else ""
    return f"(would lead to {value.leads_to})" if value.leads_to else ""


def _taken(decision: Decision, said: Said) -> list[Line]:
    """The condition of the branch taken, what it read, and where it leads."""
    rows: list[Line] = []
    for value in decision.conditions:
        if value.outcome == "true" and not decision.branch.startswith(BY_HAND):
            behind, below = _readings(value, said)
            rows = [line(("  yes: ", "good"), span(in_words(value.condition)), *behind, hang=6, goal=_goal(decision.node, value)), *below]
            break
    else:
        if decision.branch.startswith(BY_HAND):
            rows = [line(("  ✎ ", "warn"), span(decision.branch, "warn"), hang=4, goal=NodeGoal(decision.node))]
    if decision.leads_to:
        to = NodeGoal(decision.leads_to if " " not in decision.leads_to else decision.node)
        rows.append(line((_LEADS, "accent"), span(decision.leads_to.removeprefix("conclude "), "strong"), hang=4, goal=to))
    return rows


def _goal(node: str, value: ConditionValue) -> Goal:
    return next((goal_of(citation) for reading in value.readings for citation in reading.citations), NodeGoal(node))


def _readings(value: ConditionValue, said: Said) -> tuple[list[Span], list[Line]]:
    """What goes behind the condition and what below it: one plain value behind, several below."""
    new = [reading for reading in value.readings if _says_more(reading, value) and (reading.fact, reading.value) not in said]
    said.update((reading.fact, reading.value) for reading in new)
    if len(new) == 1 and new[0].fact in value.condition and len(new[0].value) <= 40:
        return [(" ", ""), ("· is ", "dim"), span(new[0].value, "code")], []
    rows = [
        line(("      ", ""), span(reading.fact, "dim"), (" = ", "dim"), span(reading.value, "code", 120), hang=8, goal=_goal_of(reading))
        for reading in new
    ]
    return [], rows


def _goal_of(reading: Reading) -> Goal | None:
    return goal_of(reading.citations[0]) if reading.citations else None


def _says_more(reading: Reading, value: ConditionValue) -> bool:
    return bool(reading.citations or "(" in reading.fact) and reading.fact != value.condition


def as_detail(row: Line) -> Line:
    return replace(row, detail=True)
