"""What every region shows: lines of plain spans, each with the name of a style. No markup anywhere.

Whatever comes from outside enters through `span` (one clean line) or `output_line` (a device's line, its
columns kept). A style is a word of STYLES; tshoot.tcss gives it its look.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from rich.cells import cell_len, get_character_cell_size

from tshoot.model.text import clean_line
from tshoot.tui.goals import Goal

STYLES = ("dim", "strong", "heading", "good", "bad", "warn", "code", "accent")
LONGEST_LINE = 2000  # characters
Span = tuple[str, str]  # clean text, style name or ""


@dataclass(frozen=True, slots=True)
class Line:
    """`hang` columns are left free before the second and later rows when it is wrapped; a `detail` can be hidden.

    `whole`: never broken over rows, cut at the edge instead, as what a device printed in columns must be.
    `raw` is the line before it was cleaned, its control characters made visible, where that is not the same text.
    `goal` is where choosing the line leads.
    """

    spans: tuple[Span, ...] = ()
    hang: int = 0
    detail: bool = False
    whole: bool = False
    raw: tuple[Span, ...] = ()
    goal: Goal | None = None

    @property
    def text(self) -> str:
        return "".join(text for text, _ in self.spans)

    @property
    def width(self) -> int:
        return sum(len(text) if text.isascii() else cell_len(text) for text, _ in self.spans)


BLANK = Line()


def span(text: object, style: str = "", longest: int = 600) -> Span:
    """Anything as one clean line of at most `longest` characters."""
    line = clean_line(str(text))
    return (line if len(line) <= longest else line[: longest - 1] + "…", style)


def line(*spans: Span, hang: int = 0, detail: bool = False, goal: Goal | None = None) -> Line:
    return Line(tuple(part for part in spans if part[0]), hang, detail, goal=goal)


def leading(rows: Iterable[Line], goal: Goal | None) -> list[Line]:
    """`rows`, each leading to `goal` unless it has a goal of its own."""
    return [row if row.goal else replace(row, goal=goal) for row in rows]


def output_line(text: str, style: str = "") -> Line:
    """One line of a device's output that is clean already."""
    text = text.rstrip()
    cut = f" … {len(text) - LONGEST_LINE:,} more characters" if len(text) > LONGEST_LINE else ""
    shown = (text[:LONGEST_LINE].expandtabs() if "\t" in text else text[:LONGEST_LINE], style)
    return Line((shown, (cut, "dim"))) if cut else Line((shown,))


def wrapped(logical: Line, width: int) -> Iterator[Line]:
    """`logical` in rows of at most `width` columns, broken at spaces where there are any."""
    if logical.width <= width:
        yield logical
        return
    if logical.whole:
        yield Line((*_between(logical.spans, 0, _fitting(logical.text, 0, max(width - 1, 1))), ("…", "dim")), logical.hang, logical.detail, True)
        return
    text, start, hang = logical.text, 0, min(logical.hang, width // 2) if width >= 8 else 0
    while start < len(text):
        room = width - (hang if start else 0)
        end = _fitting(text, start, max(room, 1))
        if end < len(text) and text[end] != " " and (space := text.rfind(" ", start + 1, end)) > start and end - space <= room // 2:
            end = space
        margin = (((" " * hang), ""),) if start and hang else ()
        yield Line((*margin, *_between(logical.spans, start, end)), logical.hang, logical.detail)
        start = end
        while start < len(text) and text[start] == " ":
            start += 1


def _fitting(text: str, start: int, room: int) -> int:
    """The end of the longest piece from `start` that fills at most `room` columns, at least one character."""
    if text.isascii():
        return min(len(text), start + room)
    end = start
    while end < len(text) and (room := room - get_character_cell_size(text[end])) >= 0:
        end += 1
    return max(end, start + 1)


def _between(spans: tuple[Span, ...], start: int, end: int) -> Iterator[Span]:
    at = 0
    for text, style in spans:
        piece = text[max(start - at, 0) : max(end - at, 0)]
        if piece:
            yield piece, style
        at += len(text)
