"""The last row of a region while words are looked for: what is typed, how many lines hold it, which of them is chosen.

What is drawn there takes no layout and no focus: the region goes on as it was, one row shorter.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Protocol

from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip
from textual.timer import Timer

from tshoot.model.text import clean_line
from tshoot.tui.widgets.lines.search import Search
from tshoot.tui.widgets.lines.sections import Place, Sections

_LONGEST = 200
_PAUSE = 0.01  # seconds between two pieces of a search


class Searched(Protocol):
    """What the prompt needs of its region."""

    sections: Sections
    raw: bool

    @property
    def cursor(self) -> Place | None: ...
    @property
    def rich_style(self) -> Style: ...
    @property
    def has_focus(self) -> bool: ...
    def first_in_sight(self) -> Place | None: ...
    def choose(self, place: Place) -> None: ...
    def resized(self) -> None: ...
    def refresh(self) -> object: ...
    def set_timer(self, delay: float, callback: Callable[[], None] | None = None) -> Timer: ...


class Prompt:
    """`typing` while keys belong to it; `search` is what was looked for last, until it is closed."""

    def __init__(self, region: Searched) -> None:
        self._region = region
        self.typing = False
        self.search: Search | None = None
        self._typed = ""
        self._from: Place | None = None
        self._jumps = False
        self._timer: Timer | None = None

    @property
    def shown(self) -> bool:
        return self.typing or self.search is not None

    def open(self) -> None:
        self.typing, self._typed, self.search = True, "", None
        self._from = self._region.cursor or self._region.first_in_sight()
        self._changed()

    def close(self) -> None:
        self.typing, self.search = False, None
        self._changed()

    def type(self, text: str) -> None:
        self._typed = (self._typed + clean_line(text.replace(" ", "\0")).replace("\0", " ") if text != " " else self._typed + " ")[:_LONGEST]
        self._look_anew()

    def rub_out(self) -> None:
        self._typed = self._typed[:-1]
        self._look_anew()

    def enter(self) -> None:
        self.typing = False
        self._changed()

    def next(self, step: int) -> None:
        """To the next match, or with -1 to the one before."""
        region = self._region
        if self.search and (place := self.search.after(region.cursor or region.first_in_sight(), step)):
            region.choose(place)

    def again(self) -> None:
        """What is shown has changed otherwise than by coming: look at all of it."""
        if self.search:
            self.search = Search(self.search.words, raw=self._region.raw)
            self.look()

    def _look_anew(self) -> None:
        self.search = Search(self._typed, raw=self._region.raw) if self._typed else None
        self._jumps = True
        self.look()
        self._changed()

    def look(self) -> None:
        """Look through what was not looked at yet, the rest of it soon."""
        if self.search is None:
            return
        self.search.scan(self._region.sections)
        if self._jumps and (self.search.count or self.search.complete):
            self._jumps = False
            if place := self.search.after(self._from, 0):
                self._region.choose(place)
        if not self.search.complete and self._timer is None:
            self._timer = self._region.set_timer(_PAUSE, self._go_on)

    def _go_on(self) -> None:
        self._timer = None
        self.look()
        self._region.refresh()

    def _changed(self) -> None:
        self._region.resized()
        self._region.refresh()

    # --- what it looks like ---

    def has(self, place: Place) -> bool:
        return self.search is not None and self.search.has(place)

    @property
    def state(self) -> str:
        """`3/17`, `no match`; with … while there is more to look through."""
        if self.search is None:
            return ""
        more = "" if self.search.complete else "…"
        if not self.search.count:
            return more or "no match"
        return f"{self.search.position(self._region.cursor) or '-'}/{self.search.count:,}{more}"

    def strip(self, width: int) -> Strip:
        base = self._region.rich_style + Style(reverse=True)
        words = self._typed + ("▏" if self.typing and self._region.has_focus else "")
        keys = "enter keep, esc close" if self.typing else "n next, N before, esc close"
        left, right = f"/{words} ", f" {self.state} "
        if len(left) + len(right) + len(keys) < width:
            right = f"{right}  {keys} "
        return Strip([Segment(left, base)]).crop_extend(0, max(0, width - len(right)), base) + Strip([Segment(right[:width], base)])

    def highlighted(self, segments: Iterable[Segment], look: Style) -> Iterator[Segment]:
        """The words with `look` over whatever style they have."""
        parts = list(segments)
        text = "".join(segment.text for segment in parts)
        cuts = [at for piece in (self.search.pieces(text) if self.search else ()) for at in piece]
        at = 0
        for segment in parts:
            inner = [cut - at for cut in cuts if at < cut < at + len(segment.text)]
            for start, end in zip([0, *inner], [*inner, len(segment.text)], strict=True):
                found = sum(1 for cut in cuts if cut <= at + start) % 2 == 1
                yield Segment(segment.text[start:end], (segment.style or Style.null()) + look if found else segment.style)
            at += len(segment.text)
