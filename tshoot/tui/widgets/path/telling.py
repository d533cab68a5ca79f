"""The decision tree as it was walked: each node with its reason to be, the branches not taken with the values
that spoke against them, the branch that was taken; and where the playbook is known, what was not walked.

One section a visit of a node, numbered; the last is the verdict. Only the newest decision is told at length, of the earlier ones
the rest is a detail. Every line leads somewhere: a value to its proof, all else to what was done at the node.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from tshoot.model.effects import Effect
from tshoot.model.events import DecisionTaken, EffectAnswered, EffectRequested, Event, Failed, OperatorSteered, RunEnded, VerdictReached
from tshoot.model.verdicts import Decision
from tshoot.playbook.tree import Branch, Playbook
from tshoot.tui.goals import NodeGoal
from tshoot.tui.lines import Line, line, span
from tshoot.tui.story import Change
from tshoot.tui.widgets.path.branches import as_detail, decision_lines, not_tried, untried_lines
from tshoot.tui.widgets.path.steered import steered_line
from tshoot.tui.widgets.verdict.telling import mark


class PathTelling:
    """`playbook` is that of the run, None where only its events are known."""

    def __init__(self, playbook: Playbook | None = None) -> None:
        self.playbook = playbook
        self._visits = 0
        self._visited: dict[str, None] = {}
        self._open: tuple[str, str] | None = None  # node and why of the visit that has not decided
        self._remarks: list[Line] = []  # failures, and what the operator did
        self._before: Change | None = None  # the decision before, in short

    def after(self, event: Event) -> Iterator[Change]:
        match event:
            case EffectRequested(effect=effect) if effect.node:
                yield from self._requested(effect)
            case EffectAnswered(outcome=Failed() as failed) if self._open:
                said = span(f"{failed.kind}: {failed.detail}", "warn")
                self._remarks.append(line(("  ! ", "warn"), said, hang=4, goal=NodeGoal(self._open[0], event.key)))
                yield self._put(self._current("▶", "accent"))
            case OperatorSteered():
                yield from self._steered(event)
            case DecisionTaken(decision=decision):
                yield from self._decided(decision)
            case VerdictReached(verdict=verdict):
                if self._open:
                    yield self._put(self._current("!", "warn", ahead=False))
                self._open = None
                text, style = mark(verdict)
                yield Change("path", "end", [line((text, style), ("  ", ""), span(verdict.cause, "strong"), hang=2), *self._not_reached()])
            case RunEnded(reason=reason) if reason != "finished":
                if self._open:
                    yield self._put(self._current("-", "warn", ahead=False))
                ended = line(("- ", "warn"), span(" ".join(filter(None, (reason, event.detail))), "warn"), hang=2)
                yield Change("path", "end", [ended, *self._not_reached()])

    def _requested(self, effect: Effect) -> Iterator[Change]:
        if self._open and self._open[0] != effect.node:  # it was left without a decision: gone back to another
            yield self._put(self._current("-", "warn", ahead=False))
            self._visits, self._remarks, self._open = self._visits + 1, [], None
        if not self._open:
            self._open = (effect.node, effect.why)
        self._visited[effect.node] = None
        if self._before:
            yield self._before
        yield self._put(self._current("▶", "accent"))

    def _steered(self, event: OperatorSteered) -> Iterator[Change]:
        row = steered_line(event)
        row = line(("  ", ""), *row.spans, hang=4, goal=row.goal)
        if self._open:
            self._remarks.append(row)
            yield self._put(self._current("▶", "accent"))
        else:
            yield Change("path", str(self._visits), [row])
            self._visits += 1

    def _put(self, lines: list[Line]) -> Change:
        return Change("path", str(self._visits), lines)

    def _current(self, sign: str, style: str, ahead: bool = True) -> list[Line]:
        node, why = self._open or ("", "")
        title = line((f"{sign} ", style), span(node, "strong"), hang=2, goal=NodeGoal(node))
        rows = [title, *_why(node, why), *self._remarks]
        return [*rows, *untried_lines(node, self._branches(node), "if"), *self._not_reached()] if ahead else rows

    def _branches(self, node: str) -> Sequence[Branch]:
        known = self.playbook.nodes.get(node) if self.playbook else None
        return known.decide if known else ()

    def _not_reached(self) -> list[Line]:
        """The nodes of the playbook where nothing was done, as details."""
        rest = [node for node in (self.playbook.nodes.values() if self.playbook else ()) if node.id not in self._visited]
        rows = [line(("○ ", "dim"), span(node.id), span(f": {node.why}" if node.why else "", "dim"), hang=2, goal=NodeGoal(node.id)) for node in rest]
        return [as_detail(row) for row in ([line(("not reached", "heading")), *rows] if rows else [])]

    def _decided(self, decision: Decision) -> Iterator[Change]:
        if self._before:
            yield self._before
        self._visited[decision.node] = None
        again = f" (visit {decision.attempt})" if decision.attempt > 1 else ""
        title = line(("✓ ", "good"), span(decision.node + again, "strong"), hang=2, goal=NodeGoal(decision.node))
        why, told = _why(decision.node, decision.why), list(decision_lines(decision))
        rest = not_tried(decision, self._branches(decision.node))
        yield self._put([title, *why, *self._remarks, *(row for row, _ in told), *rest])
        self._before = self._put([title, *map(as_detail, why), *self._remarks, *(row if stays else as_detail(row) for row, stays in told), *rest])
        self._visits, self._open, self._remarks = self._visits + 1, None, []


def _why(node: str, why: str) -> list[Line]:
    return [line(("  ", ""), span(why, "dim"), hang=2, goal=NodeGoal(node))] if why else []
