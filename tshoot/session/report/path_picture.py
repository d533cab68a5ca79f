"""The path through the decision tree as an SVG picture: a box a node, the branch that was taken on the arrow below it, beside it what did not hold.

Words and shapes tell everything; colours (the page's own, by class) only help. Sizes are in units of the picture, 760 wide.
"""

from __future__ import annotations

import textwrap

from tshoot.session.report.markup import Markup, tag
from tshoot.session.report.model import Report, Step

WIDTH, BOX, SIDE, LINE = 760, 330, 390, 16
MOST_STEPS, MOST_BESIDE = 60, 8
_BOX_CHARACTERS, _SIDE_CHARACTERS, _BRANCH_CHARACTERS = 42, 54, 96


def path_picture(report: Report) -> Markup | None:
    """None where nothing was decided."""
    if not report.path:
        return None
    parts: list[Markup] = []
    y, left = 8, len(report.path) - MOST_STEPS
    for step in report.path[:MOST_STEPS]:
        height = _height(step)
        parts += [_box(step, y, height), *_beside(step, y)]
        y += height
        parts += _arrow(step, y)
        y += 44
    if left > 0:
        parts.append(_text(20, y + LINE, f"{left:,} more nodes are in the list below", "muted"))
        y += 2 * LINE
    parts += _end(report, y)
    y += 64
    nodes = ", ".join(step.node for step in report.path[:MOST_STEPS])
    return tag(
        "svg",
        tag("title", "The path through the decision tree", id="path-title"),
        tag("desc", f"From top to bottom: {nodes}. It ended in {_outcome(report)}.", id="path-desc"),
        *parts,
        viewBox=f"0 0 {WIDTH} {y}",
        width=WIDTH,
        height=y,
        role="img",
        aria_labelledby="path-title path-desc",
        xmlns="http://www.w3.org/2000/svg",
    )


def _why(step: Step) -> list[str]:
    return textwrap.wrap(step.why, _BOX_CHARACTERS, max_lines=3, placeholder=" …")


def _not_taken(step: Step) -> list[tuple[str, str, str]]:
    """(mark, condition, what it would have led to)"""
    tried = [one for one in step.alternatives if not (one.outcome == "true" and one.condition == step.branch)]
    rows = [
        ({"false": "no:", "unknown": "not known:"}.get(one.outcome, f"{one.outcome}:"), one.condition, one.leads_to.removeprefix("conclude "))
        for one in tried
    ]
    return rows if len(rows) <= MOST_BESIDE else [*rows[: MOST_BESIDE - 1], ("and", f"{len(rows) - MOST_BESIDE + 1} more", "")]


def _height(step: Step) -> int:
    return max(30 + LINE * len(_why(step)), 2 * LINE * len(_not_taken(step)) + 4, 34)


def _box(step: Step, y: int, height: int) -> Markup:
    again = f" (attempt {step.attempt})" if step.attempt > 1 else ""
    lines = [_text(20, y + 22, _short(step.node + again, _BOX_CHARACTERS), "node")]
    lines += [_text(20, y + 22 + LINE * number, text, "muted") for number, text in enumerate(_why(step), start=1)]
    return tag("g", tag("rect", x=8, y=y, width=BOX, height=height, rx=6, class_="box"), *lines)


def _beside(step: Step, y: int) -> list[Markup]:
    rows = _not_taken(step)
    if not rows:
        return []
    parts = [tag("path", d=f"M{8 + BOX} {y + 17} H{SIDE - 10}", class_="dashed")]
    for number, (mark, condition, leads_to) in enumerate(rows):
        at = y + 14 + 2 * LINE * number
        parts.append(_text(SIDE, at, _short(f"{mark} {condition}", _SIDE_CHARACTERS), "small"))
        if leads_to:
            parts.append(_text(SIDE + 18, at + LINE - 2, _short(f"would have led to {leads_to}", _SIDE_CHARACTERS - 3), "small muted"))
    return parts


def _arrow(step: Step, y: int) -> list[Markup]:
    middle = 40
    return [
        tag("path", d=f"M{middle} {y} V{y + 36} m-6 -8 l6 8 l6 -8", class_="arrow"),
        _text(middle + 16, y + 26, _short(step.branch or "no branch applied", _BRANCH_CHARACTERS), "branch"),
    ]


def _end(report: Report, y: int) -> list[Markup]:
    verdict = report.verdict
    kind = verdict.kind if verdict else "none"
    mark = {"fault": "\u2716", "healthy": "\u2714"}.get(kind, "?")
    name = " ".join(filter(None, (mark, kind.upper() if verdict else "NO VERDICT", verdict.cause if verdict else "")))
    return [
        tag("rect", x=8, y=y, width=WIDTH - 16, height=52, rx=26 if kind == "healthy" else 2, class_=f"end {kind if kind in _KINDS else 'open'}"),
        _text(28, y + 22, _short(name, 80), "node"),
        _text(28, y + 22 + LINE + 2, _short(verdict.title or verdict.reason if verdict else report.state, 100), "small"),
    ]


_KINDS = ("fault", "healthy", "inconclusive")


def _outcome(report: Report) -> str:
    return " ".join(filter(None, (report.verdict.kind, report.verdict.cause))) if report.verdict else "no verdict"


def _text(x: int, y: int, text: str, class_: str) -> Markup:
    return tag("text", text, x=x, y=y, class_=class_)


def _short(text: str, longest: int) -> str:
    return text if len(text) <= longest else text[: longest - 1] + "…"
