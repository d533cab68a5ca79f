"""A region of lines, drawn row by row: a million of them cost no more than the few on the screen.

Lines live in named sections, in the order in which the sections came: a section can be put anew (a node
that has decided, a command that has ended) or grow (output as it arrives). The view follows its end until
the operator scrolls up. With `wrap` long lines are broken at the width, else they scroll sideways.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable
from itertools import accumulate

from rich.segment import Segment
from rich.style import Style
from textual.events import Resize
from textual.geometry import Size
from textual.scroll_view import ScrollView
from textual.strip import Strip

from tshoot.tui.lines import STYLES, Line, wrapped


class LinesView(ScrollView, can_focus=True):
    """`wrap`: break long lines. `follow`: keep the end in sight. `most`: lines kept a section, the oldest go first."""

    COMPONENT_CLASSES = {f"lines--{style}" for style in STYLES}  # noqa: RUF012  (Textual's own form)
    ALLOW_SELECT = False

    def __init__(self, *, id: str | None = None, wrap: bool = True, follow: bool = False, most: int = 200_000) -> None:
        super().__init__(id=id)
        self._wrap, self._follow, self._most = wrap, follow, most
        self._lines: dict[str, list[Line]] = {}
        self._rows: dict[str, list[Line]] = {}
        self._sections: list[str] = []
        self._ends: list[int] = []
        self._widest = 0
        self._laid_out = 0
        self._following = follow
        self.details = False

    # --- what is shown ---

    def put(self, section: str, lines: Iterable[Line]) -> None:
        """Show `lines` as `section`, in its old place where it has one."""
        self.apply([(section, lines, False)])

    def apply(self, changes: Iterable[tuple[str, Iterable[Line], bool]]) -> None:
        """Each change: a section, lines, and whether they come after what the section has."""
        for section, lines, append in changes:
            if not append:
                self._lines[section], self._rows[section] = [], []
            self._append(section, list(lines))
        self._changed()

    def _append(self, section: str, lines: list[Line]) -> None:
        kept, rows = self._lines.setdefault(section, []), self._rows.setdefault(section, [])
        kept += lines
        rows += self._laid(lines)
        if len(kept) > self._most:
            del kept[: len(kept) - self._most]
            del rows[: len(rows) - self._most]

    def clear(self) -> None:
        self._lines, self._rows = {}, {}
        self._changed()
        self.scroll_home(animate=False)

    def show_details(self, shown: bool) -> None:
        self.details = shown
        self._lay_out()

    @property
    def text(self) -> str:
        """All lines as plain text, before they are broken at the width."""
        return "\n".join(line.text for section in self._sections for line in self._lines[section] if self.details or not line.detail)

    # --- how it is laid out ---

    def _laid(self, lines: list[Line]) -> list[Line]:
        shown = lines if self.details else [line for line in lines if not line.detail]
        if not self._wrap:
            self._widest = max(self._widest, max((line.width for line in shown), default=0))
            return list(shown)
        width = self.scrollable_content_region.width
        if not width:  # hidden: laid out when it is shown
            return list(shown)
        return [row for line in shown for row in wrapped(line, width)]

    def _changed(self) -> None:
        self._sections = list(self._rows)
        self._ends = list(accumulate(len(self._rows[section]) for section in self._sections))
        rows = self._ends[-1] if self._ends else 0
        self.virtual_size = Size(self._widest if not self._wrap else 0, rows)
        if self._following:
            self.scroll_end(animate=False, x_axis=False)
        self.refresh()

    def _lay_out(self) -> None:
        self._laid_out = self.scrollable_content_region.width
        self._rows = {section: self._laid(lines) for section, lines in self._lines.items()}
        self._changed()

    def on_resize(self, event: Resize) -> None:
        if self._wrap and self._laid_out != self.scrollable_content_region.width:
            self._lay_out()
        elif self._following:
            self.scroll_end(animate=False, x_axis=False)

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        super().watch_scroll_y(old_value, new_value)
        if new_value < old_value or new_value >= self.max_scroll_y:
            self._following = self._follow and new_value >= self.max_scroll_y

    # --- drawing ---

    def render_line(self, y: int) -> Strip:
        scroll_x, scroll_y = self.scroll_offset
        base, number = self.rich_style, scroll_y + y
        segments: list[Segment] = []
        if self._ends and number < self._ends[-1]:
            index = bisect_right(self._ends, number)
            rows = self._rows[self._sections[index]]
            segments = [Segment(text, self._styled(base, style)) for text, style in rows[number - self._ends[index] + len(rows)].spans]
        return Strip(segments).crop_extend(scroll_x, scroll_x + self.size.width, base)

    def _styled(self, base: Style, style: str) -> Style:
        return base + self.get_component_rich_style(f"lines--{style}", partial=True) if style else base
