"""All sessions as a list of rows that are made when they are seen: ten thousand cost no more than the few on the screen."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import ClassVar

from rich.segment import Segment
from textual.binding import Binding, BindingType
from textual.events import Click
from textual.geometry import Region, Size
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.strip import Strip

from tshoot.session.glance import Glance
from tshoot.session.store import SessionEntry
from tshoot.tui.lines import STYLES
from tshoot.tui.widgets.sessions.rows import heading, row


class SessionList(ScrollView, can_focus=True):
    """`put` what there is; `glances` are what is known beside the index, asked for by `Unseen`."""

    COMPONENT_CLASSES = {f"lines--{style}" for style in (*STYLES, "cursor")}  # noqa: RUF012  (Textual's own form)
    ALLOW_SELECT = False
    HELP: ClassVar[dict[str, dict[str, str]]] = {  # type: ignore[assignment]  # Textual's own is one text
        "List of sessions": {
            "↑ ↓ j k": "the session above, below",
            "g G": "the newest, the oldest; ctrl+d and ctrl+u half a page",
            "enter": "show the run again, at its end",
            "* ✗ ✓ ? -": "marked; fault, healthy, inconclusive, no verdict",
        }
    }
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "open", "Open"),
        Binding("down,j", "move(1)", "Down", show=False),
        Binding("up,k", "move(-1)", "Up", show=False),
        Binding("pagedown", "page(1.0)", "Page down", show=False),
        Binding("pageup", "page(-1.0)", "Page up", show=False),
        Binding("ctrl+d", "page(0.5)", "Half a page down", show=False),
        Binding("ctrl+u", "page(-0.5)", "Half a page up", show=False),
        Binding("home,g", "move(-1000000000)", "First", show=False),
        Binding("end,G,shift+g", "move(1000000000)", "Last", show=False),
    ]

    class Chosen(Message):
        """Enter, or a second click."""

    class Moved(Message):
        """Another one is the chosen one."""

    class Unseen(Message):
        """Rows are on the screen of which nothing is known beside the index."""

    def __init__(self, id: str | None = None) -> None:
        super().__init__(id=id)
        self.entries: Sequence[SessionEntry] = ()
        self.glances: dict[Path, Glance] = {}
        self.marked: list[Path] = []
        self.unseen: dict[Path, None] = {}
        self.cursor = 0

    @property
    def chosen(self) -> SessionEntry | None:
        return self.entries[self.cursor] if self.cursor < len(self.entries) else None

    def put(self, entries: Sequence[SessionEntry]) -> None:
        """Show these; the chosen one stays the chosen one where it is among them."""
        before = self.chosen.path if self.chosen else None
        self.entries = entries
        self.cursor = next((number for number, entry in enumerate(entries) if entry.path == before), 0)
        self.virtual_size = Size(0, len(entries) + 1)
        self._into_sight()
        self.refresh()
        self.post_message(self.Moved())

    def know(self, seen: dict[Path, Glance]) -> None:
        self.glances.update(seen)
        self.refresh()

    def mark(self, path: Path) -> None:
        """Mark, or take the mark away; of two marks the older goes."""
        self.marked = [one for one in self.marked if one != path] if path in self.marked else [*self.marked[-1:], path]
        self.refresh()

    # --- keys ---

    def action_move(self, count: int) -> None:
        self.cursor = min(max(self.cursor + count, 0), max(len(self.entries) - 1, 0))
        self._into_sight()
        self.refresh()
        self.post_message(self.Moved())

    def action_page(self, pages: float) -> None:
        self.action_move(int(pages * max(self.size.height - 2, 1)))

    def action_open(self) -> None:
        self.post_message(self.Chosen())

    def on_click(self, event: Click) -> None:
        number = self.scroll_offset.y + event.y - 1 - self.gutter.top
        if event.y > self.gutter.top and number < len(self.entries):
            again = number == self.cursor
            self.action_move(number - self.cursor)
            if again:
                self.action_open()

    def _into_sight(self) -> None:
        """The first row of the screen is the heading."""
        self.scroll_to_region(Region(0, self.cursor, 1, 2), animate=False, immediate=True, force=True)

    # --- drawing ---

    def render_line(self, y: int) -> Strip:
        width, number = self.size.width, self.scroll_offset.y + y - 1
        if y == 0:
            shown, ground = heading(width), self.rich_style
        elif number < len(self.entries):
            entry = self.entries[number]
            seen = self.glances.get(entry.path)
            if seen is None:
                self._miss(entry.path)
            shown = row(entry, seen, width, marked=entry.path in self.marked)
            ground = self.rich_style + self.get_component_rich_style("lines--cursor", partial=True) if number == self.cursor else self.rich_style
            if number == self.cursor:
                shown = type(shown)((("›", "accent"), (shown.spans[0][0][:1].replace(" ", "") or " ", "accent"), *shown.spans[1:]))
        else:
            return Strip([Segment(" " * width, self.rich_style)], width)
        segments = [
            Segment(text, ground + self.get_component_rich_style(f"lines--{style}", partial=True) if style else ground) for text, style in shown.spans
        ]
        return Strip(segments).crop_extend(0, width, ground)

    def _miss(self, path: Path) -> None:
        if not self.unseen:
            self.call_later(self.post_message, self.Unseen())
        self.unseen[path] = None
