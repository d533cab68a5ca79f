"""All sessions as a list of rows that are made when they are seen: ten thousand cost no more than the few on the screen."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.message import Message

from tshoot.session.glance import Glance
from tshoot.session.store import SessionEntry
from tshoot.tui.lines import Span
from tshoot.tui.widgets.rows.cursor_rows import CursorRows
from tshoot.tui.widgets.sessions.rows import session_row, session_titles


class SessionList(CursorRows):
    """`put` what there is; `glances` are what is known beside the index, asked for by `Unseen`."""

    HELP: ClassVar[dict[str, dict[str, str]]] = {  # type: ignore[assignment]  # Textual's own is one text
        "List of sessions": {
            "↑ ↓ j k": "the session above, below",
            "g G": "the newest, the oldest; ctrl+d and ctrl+u half a page",
            "enter": "show the run again, at its end",
            "* ✗ ✓ ? -": "marked; fault, healthy, inconclusive, no verdict",
        }
    }
    BINDINGS: ClassVar[list[BindingType]] = [Binding("enter", "open", "Open")]
    TITLED = True

    class Chosen(Message):
        """Enter, or a second click."""

    class Moved(Message):
        """Another one is the chosen one."""

    class Unseen(Message):
        """Rows are on the screen of which nothing is known beside the index."""

    def __init__(self, *, id: str) -> None:
        super().__init__(id=id)
        self.entries: Sequence[SessionEntry] = ()
        self.glances: dict[Path, Glance] = {}
        self.marked: list[Path] = []
        self.unseen: dict[Path, None] = {}

    @property
    def chosen(self) -> SessionEntry | None:
        return self.entries[self.cursor] if self.cursor < len(self.entries) else None

    def put(self, entries: Sequence[SessionEntry]) -> None:
        """Show these; the chosen one stays the chosen one where it is among them."""
        before = self.chosen.path if self.chosen else None
        self.entries = entries
        self.show_rows(len(entries), next((number for number, entry in enumerate(entries) if entry.path == before), 0))
        self.moved()

    def know(self, seen: dict[Path, Glance]) -> None:
        self.glances.update(seen)
        self.refresh()

    def mark(self, path: Path) -> None:
        """Mark, or take the mark away; of two marks the older goes."""
        self.marked = [one for one in self.marked if one != path] if path in self.marked else [*self.marked[-1:], path]
        self.refresh()

    def moved(self) -> None:
        self.post_message(self.Moved())

    def action_open(self) -> None:
        self.post_message(self.Chosen())

    def clicked_again(self) -> None:
        self.action_open()

    def titles(self) -> Iterable[Span]:
        return session_titles(self.size.width)

    def spans(self, row: int) -> Iterable[Span]:
        entry = self.entries[row]
        seen = self.glances.get(entry.path)
        if seen is None:
            self._miss(entry.path)
        return session_row(entry, seen, self.size.width, marked=entry.path in self.marked)

    def _miss(self, path: Path) -> None:
        if not self.unseen:
            self.call_later(self.post_message, self.Unseen())
        self.unseen[path] = None
