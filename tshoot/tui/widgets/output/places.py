"""Where in the output region a goal stands: found by what the lines there say of themselves, in a live run and in a replay alike."""

from __future__ import annotations

from typing import NamedTuple

from tshoot.tui.goals import NodeGoal, OutputGoal
from tshoot.tui.widgets.lines.sections import Section, Sections


class Stretch(NamedTuple):
    """Lines `first` to `last` of a section, counted from 0 in it."""

    section: str
    first: int
    last: int


def place_of(goal: OutputGoal | NodeGoal, sections: Sections) -> Stretch | None:
    """None where nothing of it is on the screen (any more). What was asked last wins: it is what the run goes by."""
    for name, section in reversed(sections.everything):
        found = _output(goal, section) if isinstance(goal, OutputGoal) else _asked(goal, section)
        if found:
            return Stretch(name, *found)
    return None


def _output(goal: OutputGoal, section: Section) -> tuple[int, int] | None:
    for number, known in section.goals:
        if not isinstance(known, OutputGoal) or (known.sha256, known.stream) != (goal.sha256, goal.stream) or goal.key not in {"", known.key}:
            continue
        if not goal.first:  # the output as a whole, an exit status for one: its last lines
            return number, number + known.last - known.first
        if known.first <= goal.first <= known.last:
            start = number + goal.first - known.first
            return start, min(start + goal.last - goal.first, number + known.last - known.first)
    return None


def _asked(goal: NodeGoal, section: Section) -> tuple[int, int] | None:
    for number, known in section.goals:
        if isinstance(known, NodeGoal) and (known == goal if goal.key else goal.node in {known.node, _step(known.key)}):
            return number, number
    return None


def _step(key: str) -> str:
    """The step that a key is of: `retry` of `trace:retry/1@host`, `path` of `path:sample-3/1@router`."""
    node, _, step = key.partition("@")[0].partition("/")[0].partition(":")
    return node if not step or step.startswith(("sample-", "wait-")) else step
