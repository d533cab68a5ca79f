"""A verification as lines: what came of it, and a table of before and after that fits 80 columns.

What changed has a sign in front of it, not only a colour; a line of the table leads to where its newer side stands.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterator
from itertools import zip_longest

from rich.cells import cell_len, chop_cells, set_cell_size

from tshoot.model.text import clean, clean_line
from tshoot.model.verification import Verification
from tshoot.session.verification_text import Row, head, rows, scope
from tshoot.tui.goals import goal_of
from tshoot.tui.lines import BLANK, Line, Span, line, span

WHAT, VALUE = 34, 17  # columns; with the sign and the gaps 74; a MAC address is 17
_MOST_CELL = 6  # lines of one cell
_MOST_TEXTS = 40
_STYLES = {"fixed": ("✓ ", "good"), "still-there": ("✗ ", "bad"), "another-fault": ("✗ ", "bad"), "not-decided": ("? ", "warn")}


def outcome_mark(verification: Verification) -> Span:
    """`✓ FIXED`, `✗ STILL THERE`, …, with its style."""
    sign, style = _STYLES.get(verification.outcome, ("? ", "warn"))
    return f"{sign}{head(verification)}", style


def verification_rows(verification: Verification) -> Iterator[Line]:
    """All of it, the table in the middle."""
    yield line(outcome_mark(verification), ("  ", ""), span(verification.cause, "strong"), hang=2)
    yield from _prose(verification.reason)
    yield BLANK
    yield from table_lines(rows(verification))
    found = verification.verdict
    if verification.outcome == "another-fault" and found:
        yield from (BLANK, line(("Now", "heading"), ("  ", ""), span(found.cause, "strong"), ("  ", ""), span(found.title), hang=2))
        yield from _prose(found.fix)
    yield from _texts("Asked again", verification.asked)
    yield from _texts("Missing", verification.missing)
    if verification.next_steps:
        yield from (BLANK, line(("Next", "heading")), *_prose(verification.next_steps))
    yield from (BLANK, line(span(scope(verification), "dim")))


def table_lines(told: list[Row]) -> Iterator[Line]:
    """A head, then a line or more for each row; none without rows."""
    if told:
        yield _cells("  ", "checked again", "before", "after", ("heading", "heading", "heading", "heading"))
    for row in told:
        cited = row.after_at or row.before_at
        goal = goal_of(cited) if cited else None
        parts = [
            _wrapped(text, width)
            for text, width in ((("  " if row.kind == "frame" else "") + clean_line(row.what), WHAT), (row.before, VALUE), (row.after, VALUE))
        ]
        styles = ("accent", "strong" if row.kind == "condition" else "", "", "code" if row.changed else "")
        for number, (what, before, after) in enumerate(zip_longest(*parts, fillvalue="")):
            made = _cells("≠ " if row.changed and not number else "  ", what, before, after, styles)
            yield Line(made.spans, whole=True, goal=goal)


def _cells(sign: str, what: str, before: str, after: str, styles: tuple[str, str, str, str]) -> Line:
    spans: tuple[Span, ...] = (
        (sign, styles[0]),
        (set_cell_size(what, WHAT), styles[1]),
        ("  ", ""),
        (set_cell_size(before, VALUE), styles[2]),
        ("  ", ""),
        (after, styles[3]),
    )
    return Line(spans, whole=True)


def _wrapped(text: str, width: int) -> list[str]:
    """At most _MOST_CELL lines of `width` cells; a longer text ends in `…`."""
    indent = text[: len(text) - len(text.lstrip())]
    shown = clean_line(text)
    if cell_len(indent + shown) == len(indent + shown):
        cut = textwrap.wrap(shown, width, initial_indent=indent, subsequent_indent=indent, break_on_hyphens=False)
    else:
        cut = chop_cells(indent + shown, width)
    return cut if len(cut) <= _MOST_CELL else [*cut[: _MOST_CELL - 1], set_cell_size(cut[_MOST_CELL - 1], width - 1).rstrip() + "…"]


def _prose(text: str) -> Iterator[Line]:
    for paragraph in clean(text)[:20_000].splitlines():
        if paragraph.strip():
            yield line(("  ", ""), span(paragraph, "", 20_000), hang=2)


def _texts(title: str, texts: tuple[str, ...]) -> Iterator[Line]:
    if texts:
        yield from (BLANK, line((title, "heading")))
    for text in texts[:_MOST_TEXTS]:
        yield line(("  - ", "dim"), span(text), hang=4)
    if len(texts) > _MOST_TEXTS:
        yield line((f"  … {len(texts) - _MOST_TEXTS} more", "dim"))
