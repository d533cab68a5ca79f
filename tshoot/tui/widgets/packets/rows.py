"""Rows with a cursor, drawn one by one as they come into sight: a million of them cost no more than the few on the screen.

Who derives says how many rows there are (`show_rows`) and what one looks like (`spans`). The row of the cursor bears a sign, not only a colour.
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


class CursorRows(ScrollView, can_focus=True):
    """`cursor` is the chosen row, from 0; `shift` the columns that lie left of what is shown."""

    COMPONENT_CLASSES = {"rows--cursor", "rows--field", *(f"rows--{style}" for style in STYLES)}  # noqa: RUF012  (Textual's own form)
    ALLOW_SELECT = False
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
        self.virtual_size = Size(0, count)
        self.cursor = min(max(cursor, 0), max(count - 1, 0))
        self._into_sight()
        self.refresh()

    @property
    def height(self) -> int:
        return max(self.scrollable_content_region.height, 1)

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

    def shown_rows(self) -> None:
        """The rows on the screen are about to be drawn."""

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
        self.choose(self.scroll_offset.y + event.get_content_offset_capture(self).y)

    def on_resize(self, event: Resize) -> None:
        self._into_sight()
        self.refresh()

    # --- drawing ---

    def render_line(self, y: int) -> Strip:
        row, base, width = self.scroll_offset.y + y, self.rich_style, self.size.width
        if row >= self._count:
            return Strip.blank(width, base)
        if row == self.cursor:
            base = self.get_component_rich_style("rows--cursor")  # not partial: its background is blended with that of the widget
        segments = [Segment("›" if row == self.cursor else " ", base)]
        segments += [Segment(text, self._styled(base, style)) for text, style in self.spans(row)]
        return Strip(segments).crop_extend(0, width, base)

    def _styled(self, base: Style, style: str) -> Style:
        return base + self.get_component_rich_style(f"rows--{style}", partial=True) if style else base
