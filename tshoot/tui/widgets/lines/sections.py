"""The lines of a region in their named sections, and which row of the screen shows which line. No Textual.

A section can be put anew or grow. At most `most` lines are kept in all: where more come, the longest section gives up its
oldest, so that a flood in one place takes nothing from the others. A line's number in its section never changes: what was
given up is counted. Lines are kept raw or as text where they are nothing else (tui/rows.py). With `wrap` a line can
fill several rows, or none where it is a detail that is hidden; else a line is a row.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import accumulate, count
from typing import NamedTuple

from tshoot.tui.goals import Goal, OutputGoal
from tshoot.tui.lines import Line, wrapped
from tshoot.tui.rows import Kept, kept_of, whole_line

_SLACK = 64  # the share of `most` by which more may come before lines are given up: neither one by one nor many at once


class Place(NamedTuple):
    """A line: its section, and its number there from 0."""

    section: str
    number: int


_births = count()


def _kept(line: Line) -> Kept:
    plain = not (line.hang or line.detail or line.whole or line.raw or line.goal or any(style for _, style in line.spans))
    return line.text if plain else line


@dataclass
class Section:
    """`gone` lines were given up before `lines`. `rows` is the same list as `lines` where no line is broken; `starts`: the first row of each line.
    `goals` are those of the lines, with the number of each line."""

    lines: list[Kept] = field(default_factory=list)
    rows: list[Kept] = field(default_factory=list)
    starts: list[int] = field(default_factory=list)
    gone: int = 0
    goals: list[tuple[int, Goal]] = field(default_factory=list)
    born: int = field(default_factory=lambda: next(_births))


class Sections:
    """`width` is that of the rows, 0 where it is not known yet."""

    def __init__(self, most: int, *, wrap: bool) -> None:
        self._most, self._wrap = most, wrap
        self._all: dict[str, Section] = {}
        self._shown: list[str] = []
        self._ends: list[int] = []
        self._hidden: Callable[[str], bool] = lambda section: False
        self.width = 0
        self.details = False
        self.given_up = 0

    # --- what is kept ---

    def put(self, name: str, lines: Iterable[Line | bytes], append: bool) -> None:
        """Call `settle` after the last of several."""
        if not append or name not in self._all:
            section = self._all[name] = Section()
            if not self._wrap:
                section.rows = section.lines
        section = self._all[name]
        at = section.gone + len(section.lines)
        kept = kept_of(lines)
        section.goals += [(number, line.goal) for number, line in enumerate(kept, at) if isinstance(line, Line) and line.goal]
        section.lines += kept if self._wrap else [_kept(line) if isinstance(line, Line) else line for line in kept]
        if self._wrap:
            self._lay(section, kept)

    def settle(self) -> None:
        """Give up what is too much, and count rows anew."""
        if sum(len(section.lines) for section in self._all.values()) > self._most + self._most // _SLACK:
            self._give_up()
        self._shown = [name for name in self._all if not self._hidden(name)]
        self._ends = list(accumulate(len(self._all[name].rows) for name in self._shown))

    def _give_up(self) -> None:
        surplus = sum(len(section.lines) for section in self._all.values()) - self._most
        while surplus > 0:
            by_length = sorted(self._all.values(), key=lambda section: len(section.lines), reverse=True)
            longest, next_longest = by_length[0], len(by_length[1].lines) if len(by_length) > 1 else 0
            drop = min(surplus, max(len(longest.lines) - next_longest, 1 + surplus // len(by_length)))
            del longest.lines[:drop]
            longest.gone += drop
            longest.goals = [(number, goal) for number, goal in longest.goals if number >= longest.gone or isinstance(goal, OutputGoal)]
            self.given_up += drop
            surplus -= drop
            if self._wrap:
                self._lay_anew(longest)

    def clear(self) -> None:
        self._all = {}
        self.settle()

    def hide(self, hidden: Callable[[str], bool]) -> None:
        """Leave out the sections whose name is `hidden`."""
        self._hidden = hidden
        self.settle()

    def lay_out(self, width: int) -> None:
        self.width = width
        if self._wrap:
            for section in self._all.values():
                self._lay_anew(section)
        self.settle()

    def _lay_anew(self, section: Section) -> None:
        section.rows, section.starts = [], []
        self._lay(section, section.lines)

    def _lay(self, section: Section, lines: Sequence[Kept]) -> None:
        for line in map(whole_line, lines):
            section.starts.append(len(section.rows))
            if self.details or not line.detail:
                section.rows += wrapped(line, self.width) if self.width else (line,)

    @property
    def ever(self) -> int:
        """Lines of all sections as they are now, those that were given up among them."""
        return sum(section.gone + len(section.lines) for section in self._all.values())

    # --- what is shown ---

    def __contains__(self, name: str) -> bool:
        return name in self._all

    @property
    def rows(self) -> int:
        return self._ends[-1] if self._ends else 0

    @property
    def everything(self) -> list[tuple[str, Section]]:
        """What is hidden, too."""
        return list(self._all.items())

    @property
    def shown(self) -> list[tuple[str, Section]]:
        """In the order in which they stand."""
        return [(name, self._all[name]) for name in self._shown]

    def row(self, number: int) -> Line:
        """IndexError beyond the last row."""
        name, at = self._at(number)
        return whole_line(self._all[name].rows[at])

    def place(self, number: int) -> Place:
        """The line that row `number` is of."""
        name, at = self._at(number)
        section = self._all[name]
        return Place(name, (bisect_right(section.starts, at) - 1 if self._wrap else at) + section.gone)

    def _at(self, number: int) -> tuple[str, int]:
        index = bisect_right(self._ends, number)
        name = self._shown[index]
        return name, number - (self._ends[index - 1] if index else 0)

    def line(self, place: Place) -> Line | None:
        """None where it was given up or never was."""
        section = self._all.get(place.section)
        at = place.number - section.gone if section else -1
        return whole_line(section.lines[at]) if section and 0 <= at < len(section.lines) else None

    def rows_of(self, place: Place) -> range | None:
        """The rows that show a line; None where none does."""
        section = self._all.get(place.section)
        if section is None or place.section not in self._shown or self.line(place) is None:
            return None
        at, index = place.number - section.gone, self._shown.index(place.section)
        before = self._ends[index - 1] if index else 0
        if not self._wrap:
            return range(before + at, before + at + 1)
        end = section.starts[at + 1] if at + 1 < len(section.starts) else len(section.rows)
        return range(before + section.starts[at], before + end)

    def lines(self) -> Iterator[tuple[Place, Line]]:
        """Every line that is shown."""
        for name, section in self.shown:
            for number, line in enumerate(map(whole_line, section.lines), section.gone):
                if self.details or not line.detail or not self._wrap:
                    yield Place(name, number), line


def top_for(rows: range, top: int, height: int) -> int | None:
    """The row to stand at the top so that `rows` are in sight; None where they are. What is near comes just in, what is far a third down."""
    if top <= rows.start and rows.stop <= top + height:
        return None
    if top - 2 <= rows.start < top:
        return rows.start
    if rows.start >= top and rows.stop <= top + height + 2:
        return max(rows.stop - height, 0)
    return max(0, rows.start - height // 3)
