"""The time line as plain lines: what plays and how fast, the line with its marks, and the names of the nodes under it.

A place on the line is half its share of the time (pauses shortened), half its share of the events: a second in which much was decided is as
easy to see as a minute in which nothing was.
"""

from __future__ import annotations

from bisect import bisect_left
from datetime import UTC, datetime

from rich.cells import cell_len

from tshoot.session.positions import CHAPTERS, Landmark, Positions
from tshoot.tui.lines import Line, Span, line, span

SIGNS = {"decision": "◆", "note": "✎", "verdict": "⚑", "verification": "↻", "verified": "⚑"}
_LEAST_NAME = 4  # columns
MOST_DRAWN = 2_000  # landmarks


class Drawing:
    """Draws one log; what does not change with the place is kept for a width."""

    def __init__(self, positions: Positions) -> None:
        self._positions = positions
        self._width = -1
        self._marks: dict[int, str] = {}
        self._chapters: list[tuple[int, Landmark]] = []

    def rows(self, at: int, width: int, *, playing: bool, speed: float) -> list[Line]:
        """Three lines of at most `width` columns for a place: `at` events are told."""
        width = max(width, 10)
        if width != self._width:
            self._lay_out(width)
        return [self._state(at, playing, speed, width), self._line(at, width), self._names(at, width)]

    def event_at(self, column: int, width: int) -> int:
        """The event that stands at a column of the line."""
        return min(bisect_left(range(len(self._positions)), column, key=lambda event: self._column(event, width)), max(len(self._positions) - 1, 0))

    def _column(self, event: int, width: int) -> int:
        last = len(self._positions) - 1
        if last <= 0:
            return 0
        total = self._positions.played[-1]
        share = event / last if not total else (event / last + self._positions.played[event] / total) / 2
        return round(share * (width - 1))

    def _lay_out(self, width: int) -> None:
        self._width, self._marks, self._chapters = width, {}, []
        for mark in self._positions.landmarks[:MOST_DRAWN]:
            column = self._column(mark.event, width)
            if mark.kind in CHAPTERS:
                self._chapters.append((column, mark))
            if mark.kind in SIGNS:
                self._marks[column] = SIGNS[mark.kind]

    def _state(self, at: int, playing: bool, speed: float, width: int) -> Line:
        positions = self._positions
        if not len(positions):
            return line(("■ the session holds no event", "warn"))
        event = max(at, 1) - 1
        clock, since, whole = positions.times[event], positions.times[event] - positions.times[0], positions.times[-1] - positions.times[0]
        doing: Span = ("▶ playing", "accent") if playing else ("■ at the end", "strong") if at >= len(positions) else ("‖ paused", "strong")
        chapter = positions.chapter(event)
        parts: list[Span] = [doing, (f"  {spoken(speed)}", "strong"), (f"  {datetime.fromtimestamp(clock, UTC):%H:%M:%S}", "")]
        parts += [(f"  +{_clock(since)} of {_clock(whole)}", "dim"), (f"  event {at:,} of {len(positions):,}", "dim")]
        room = width - sum(cell_len(text) for text, _ in parts) - 2
        return line(*parts, ("  ", ""), span(chapter.name if chapter else "", "heading", max(room, 4)))

    def _line(self, at: int, width: int) -> Line:
        here = self._column(max(at, 1) - 1, width) if at else 0
        spans: list[Span] = []
        for column in range(width):
            passed = column < here
            sign = "●" if column == here else self._marks.get(column, "━" if passed else "─")
            spans.append((sign, "accent" if column == here or passed else "dim"))
        return Line(_together(spans), whole=True)

    def _names(self, at: int, width: int) -> Line:
        """Each node's name where it begins, as far as there is room before the next; the one under way between brackets, before all others."""
        current = self._positions.chapter(max(at, 1) - 1) if at else None
        here = next((f"[{_name(mark, width - 2)}]" for _, mark in self._chapters if mark is current), "")
        start = min(next((column for column, mark in self._chapters if mark is current), width), width - cell_len(here))
        spans: list[Span] = []
        used = 0
        for number, (column, mark) in enumerate(self._chapters):
            text = here if mark is current else self._between(number, used, start, start + cell_len(here), width)
            if text:
                place = start if mark is current else column
                spans += [(" " * (place - used), ""), (text, "strong" if mark is current else "dim")]
                used = place + cell_len(text)
        return line(*spans)

    def _between(self, number: int, used: int, taken: int, free: int, width: int) -> str:
        """The name of a chapter that is not under way, "" where there is no room for it beside the one that is."""
        column, mark = self._chapters[number]
        end = next((place for place, _ in self._chapters[number + 1 :] if place >= column + _LEAST_NAME), width)
        end = min(end, taken) if column < taken else end
        if column < used or taken <= column < free or end - column - 1 < _LEAST_NAME:
            return ""
        return f"╵{_name(mark, end - column - 2)}"


def _name(mark: Landmark, room: int) -> str:
    return span(mark.name + (f"/{mark.number}" if mark.number > 1 else ""), "", max(room, 1))[0]


def _together(spans: list[Span]) -> tuple[Span, ...]:
    found: list[Span] = []
    for text, style in spans:
        if found and found[-1][1] == style:
            found[-1] = (found[-1][0] + text, style)
        else:
            found.append((text, style))
    return tuple(found)


def spoken(speed: float) -> str:
    return "no pauses" if speed == float("inf") else f"×{speed:g}"


def _clock(seconds: float) -> str:
    minutes, rest = divmod(int(max(seconds, 0.0)), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"
