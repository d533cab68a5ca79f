"""The list of frames: as Wireshark shows them, a row a frame, of a million frames those on the screen."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.events import Resize
from textual.message import Message

from tshoot.packets.browse.clock import CLOCKS, Clock
from tshoot.packets.browse.shown import Shown
from tshoot.packets.browse.summary import Row
from tshoot.tui.lines import Span
from tshoot.tui.widgets.packets.layout import Columns, columns_for
from tshoot.tui.widgets.rows.cursor_rows import CursorRows

ReadRows = Callable[[Sequence[int]], list[Row]]
_STEP = 8  # columns that Info is shifted at a time


class FrameList(CursorRows):
    """`read` gives the rows of frames by number. `marks` are the operator's, `cited` the frames that prove something."""

    HELP: ClassVar[dict[str, dict[str, str]]] = {  # type: ignore[assignment]  # Textual's own HELP is Markdown
        "List of frames": {
            "j k, ↓ ↑": "the next frame, the one before",
            "ctrl+d ctrl+u": "half a page; pgdn and pgup a whole one",
            "g G": "the first frame, the last",
            "h l, ← →": "shift the column Info",
            ":": "go to a frame by its number",
            "t": "times since the first frame, by the clock (UTC), since the frame above",
            "● ◆": "a frame that you marked; one that a finding cites",
            "NFS?": "guessed from the port, until tshark has told the protocol",
        }
    }
    TITLED = True
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("right,l", f"shift({_STEP})", "Info right", show=False),
        Binding("left,h", f"shift(-{_STEP})", "Info left", show=False),
    ]

    class Moved(Message):
        """The cursor stands on another frame (`number` 0: none is shown), or other rows are on the screen."""

        def __init__(self, number: int) -> None:
            super().__init__()
            self.number = number

    def __init__(self, read: ReadRows, *, id: str) -> None:
        super().__init__(id=id)
        self._read = read
        self.shown = Shown(0)
        self.marks: set[int] = set()
        self.cited: Collection[int] = ()
        self.clock: Clock = "first"
        self._columns: Columns | None = None
        self._times = (0, 0)
        self._long_addresses = False
        self._window: dict[int, Row] = {}

    @property
    def chosen(self) -> int:
        """The frame under the cursor, 0 where no frame is shown."""
        return self.shown.number(self.cursor) if len(self.shown) else 0

    def show(self, shown: Shown, first: int = 0, last: int = 0, long_addresses: bool = False, keep: int = 0) -> None:
        """Show these frames, the cursor on frame `keep` or the next one; `first` and `last` are the times of the capture's ends."""
        self.shown, self._times, self._long_addresses = shown, (first, last), long_addresses
        self._lay_out()
        self.show_rows(len(shown), shown.row(keep) if keep else 0)
        self.moved()

    def go_to(self, number: int) -> None:
        """The cursor on frame `number`, or on the first shown behind it."""
        self.choose(self.shown.row(number))

    def tell_anew(self) -> None:
        """What is said of the frames has changed."""
        self._window.clear()
        self.refresh()

    def next_clock(self) -> None:
        self.clock = CLOCKS[(CLOCKS.index(self.clock) + 1) % len(CLOCKS)]
        self._lay_out()
        self.refresh()

    def in_sight(self) -> Sequence[int]:
        """The frames on the screen."""
        top = self.scroll_offset.y
        return self.shown.numbers(top, top + self.height)

    def moved(self) -> None:
        self.post_message(self.Moved(self.chosen))

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        super().watch_scroll_y(old_value, new_value)
        if round(old_value) != round(new_value):
            self.moved()

    def action_shift(self, columns: int) -> None:
        self.shift = min(max(self.shift + columns, 0), 400)
        self.refresh()

    def on_resize(self, event: Resize) -> None:
        self._lay_out()
        super().on_resize(event)

    def _lay_out(self) -> None:
        first, last = self._times
        self._columns = columns_for(self.size.width, self.shown.count, max(last - first, 0), self.clock, self._long_addresses)

    def titles(self) -> Iterable[Span]:
        return ((self._columns.titles() if self._columns else "", "heading"),)

    def spans(self, row: int) -> Iterable[Span]:
        number, above = self.shown.number(row), self.shown.number(row - 1) if row else 0
        if number not in self._window or (above and above not in self._window):
            self._look(row)
        known = self._window.get(number)
        if known is None or self._columns is None:
            return ()
        before = self._window[above].time if above in self._window else None
        signs = ("●" if number in self.marks else " ", "◆" if number in self.cited else " ")
        return self._columns.spans(known, before, self._times[0], signs, self.shift)

    def _look(self, row: int) -> None:
        """Read the rows on the screen, and the one above: all at once, and once."""
        top = self.scroll_offset.y
        numbers = self.shown.numbers(min(top, row) - 1, max(top + self.height, row + 1))
        self._window = {one.number: one for one in self._read(numbers)}
