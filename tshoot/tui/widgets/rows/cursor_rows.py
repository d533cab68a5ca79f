"""Rows with a cursor, drawn one by one as they come into sight: a million of them cost no more than the few on the screen.

Who derives says how many rows there are (`show_rows`), what one looks like (`spans`), and what stands above them (`titles`). The row of the
cursor bears a sign, not only a colour.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

from rich.segment import Segment
from rich.style import Style
from textual.binding import Binding, BindingType
from textual.events import Click, Resize
from textual.geometry import Size
from textual.scroll_view import ScrollView
from textual.strip import Strip

from tshoot.tui.lines import STYLES, Span
from tshoot.tui.widgets.lines.looks import lit, mixed


class CursorRows(ScrollView, can_focus=True):
    """`cursor` is the chosen row, from 0; `shift` the columns that lie left of what is shown."""

    COMPONENT_CLASSES = {"rows--cursor", "rows--field", *(f"rows--{style}" for style in STYLES)}  # noqa: RUF012  (Textual's own form)
    ALLOW_SELECT = False
    TITLED: ClassVar[bool] = False  # the first line is that of `titles`, and stays where it is
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("down,j", "move(1)", "Down", show=False),
        Binding("up,k", "move(-1)", "Up", show=False),
        Binding("ctrl+d", "page(0.5)", "Half a page down", show=False),
        Binding("ctrl+u", "page(-0.5)", "Half a page up", show=False),
        Binding("pagedown,ctrl+f", "page(1)", "Page down", show=False),
        Binding("pageup,ctrl+b", "page(-1)", "Page up", show=False),
        Binding("home,g", "first", "First", show=False),
        Binding("end,G", "last", "Last", show=False),
    ]

    def __init__(self, *, id: str) -> None:
        super().__init__(id=id)
        self._count = 0
        self.cursor = 0
        self.shift = 0

    def show_rows(self, count: int, cursor: int = 0) -> None:
        """There are `count` rows now."""
        self._count = count
        self.virtual_size = Size(0, count + self.TITLED)
        self.cursor = min(max(cursor, 0), max(count - 1, 0))
        self._into_sight()
        self.refresh()

    @property
    def height(self) -> int:
        """So many rows are in sight."""
        return max(self.scrollable_content_region.height - self.TITLED, 1)

    def choose(self, row: int) -> None:
        """Put the cursor on `row`, or the nearest there is."""
        row = min(max(row, 0), max(self._count - 1, 0))
        if row != self.cursor:
            self.cursor = row
            self._into_sight()
            self.refresh()
            self.moved()

    def _into_sight(self) -> None:
        top = self.scroll_offset.y
        if not top <= self.cursor < top + self.height:
            near = abs(self.cursor - top) < 2 * self.height
            self.scroll_to(
                y=self.cursor - (self.height - 1 if near and self.cursor > top else 0 if near else self.height // 2), animate=False, force=True
            )

    def moved(self) -> None:
        """The cursor stands on another row."""

    def spans(self, row: int) -> Iterable[Span]:
        """What row `row` looks like, without the sign of the cursor; styles are words of `lines.STYLES`, or "field"."""
        raise NotImplementedError

    def titles(self) -> Iterable[Span]:
        """What stands above the rows, without the column of the cursor's sign."""
        return ()

    # --- keys and mouse ---

    def action_move(self, step: int) -> None:
        self.choose(self.cursor + step)

    def action_page(self, pages: float) -> None:
        step = max(int(abs(pages) * self.height), 1)
        self.choose(self.cursor + (step if pages > 0 else -step))

    def action_first(self) -> None:
        self.choose(0)

    def action_last(self) -> None:
        self.choose(self._count - 1)

    def on_click(self, event: Click) -> None:
        line = event.get_content_offset_capture(self).y - self.TITLED
        row = self.scroll_offset.y + line
        if line >= 0 and row == self.cursor < self._count:
            self.clicked_again()
        elif line >= 0:
            self.choose(row)

    def clicked_again(self) -> None:
        """The row of the cursor was clicked."""

    def on_resize(self, event: Resize) -> None:
        self._into_sight()
        self.refresh()

    # --- drawing ---

    def render_line(self, y: int) -> Strip:
        base, width = self.rich_style, self.size.width
        if y < self.TITLED:
            return self._strip(" ", self.titles(), base)
        row = self.scroll_offset.y + y - self.TITLED
        if row >= self._count:
            return Strip.blank(width, base)
        if row == self.cursor:
            return self._strip("›", lit(self.spans(row)), base + mixed(self, "rows--cursor"))
        return self._strip(" ", self.spans(row), base)

    def _strip(self, sign: str, spans: Iterable[Span], base: Style) -> Strip:
        segments = [Segment(sign, base), *(Segment(text, self._styled(base, style)) for text, style in spans)]
        return Strip(segments).crop_extend(0, self.size.width, base)

    def _styled(self, base: Style, style: str) -> Style:
        return base + mixed(self, f"rows--{style}") if style else base
