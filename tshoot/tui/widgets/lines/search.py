"""Looking for words in a region: plain words, never a pattern; small letters match capitals, too.

A million lines are looked through in pieces (`scan`), so that no key waits for it; lines that come later are looked at as they come.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator

from tshoot.tui.lines import Line
from tshoot.tui.rows import Kept, text_of
from tshoot.tui.widgets.lines.sections import Place, Section, Sections

_PIECE = 8_000  # lines, some 10 ms


class Search:
    def __init__(self, words: str, *, raw: bool = False) -> None:
        self.words = words
        self._raw = raw
        self._folds = words == words.lower()
        self._found: dict[str, list[int]] = {}
        self._scanned: dict[str, tuple[int, int]] = {}  # section -> its birth, the first line not looked at
        self._order: list[str] = []
        self.complete = False

    def scan(self, sections: Sections) -> None:
        """Look at the next lines that were not looked at; `complete` afterwards tells whether that was all."""
        shown, left = sections.shown, _PIECE
        self._order = [name for name, _ in shown]
        for name, section in shown:
            left -= self._look(name, section, left, sections.details)
            if left <= 0:
                self.complete = False
                return
        self.complete = True

    def _look(self, name: str, section: Section, most: int, details: bool) -> int:
        born, start = self._scanned.get(name, (-1, 0))
        if born != section.born:
            self._found[name], start = [], section.gone
        start = max(start, section.gone)
        found = self._found[name]
        if found and found[0] < section.gone:
            del found[: bisect_left(found, section.gone)]
        piece = section.lines[start - section.gone : start - section.gone + most]
        found += [number for number, line in enumerate(piece, start) if self._fits(line, details)]
        self._scanned[name] = (section.born, start + len(piece))
        return len(piece)

    def _fits(self, line: Kept, details: bool) -> bool:
        if isinstance(line, Line) and line.detail and not details:
            return False
        text = text_of(line, raw=self._raw)
        return self.words in (text.lower() if self._folds else text)

    def pieces(self, text: str) -> Iterator[tuple[int, int]]:
        """Where the words stand in `text`; all of it where its letters change their number when made small."""
        where = text.lower() if self._folds else text
        if len(where) != len(text):
            if self.words in where:
                yield 0, len(text)
            return
        at = where.find(self.words)
        while at >= 0:
            yield at, at + len(self.words)
            at = where.find(self.words, at + len(self.words))

    @property
    def count(self) -> int:
        return sum(len(self._found.get(name, ())) for name in self._order)

    def position(self, place: Place | None) -> int:
        """Which match stands at `place`, from 1; 0 where none does."""
        if place is None or place.section not in self._order:
            return 0
        before = 0
        for name in self._order:
            found = self._found.get(name, [])
            if name == place.section:
                at = bisect_left(found, place.number)
                return before + at + 1 if at < len(found) and found[at] == place.number else 0
            before += len(found)
        return 0

    def has(self, place: Place) -> bool:
        return self.position(place) > 0

    def after(self, place: Place | None, step: int) -> Place | None:
        """The next match from `place` on (`step` 1; 0: `place` itself may be it) or the one before (-1), round the ends; None where there is none."""
        places = [(index, number) for index, name in enumerate(self._order) for number in self._found.get(name, ())]
        if not places:
            return None
        here = (self._order.index(place.section), place.number) if place and place.section in self._order else (-1, 0)
        at = bisect_left(places, here) - 1 if step < 0 else bisect_right(places, here) if step else bisect_left(places, here)
        index, number = places[at % len(places)]
        return Place(self._order[index], number)
