"""A list of the home screen: arrows and vim keys move, Enter opens."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.content import Content
from textual.widgets import OptionList
from textual.widgets.option_list import Option


class Choices(OptionList):
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "select", "Open"),
        Binding("j", "cursor_down", show=False),
        Binding("k", "cursor_up", show=False),
        Binding("g", "first", show=False),
        Binding("G", "last", show=False),
        Binding("ctrl+d", "page_down", show=False),
        Binding("ctrl+u", "page_up", show=False),
    ]
    HELP: ClassVar[dict[str, dict[str, str]]] = {  # type: ignore[assignment]  # Textual's own is one text
        "A list": {
            "↑ ↓ j k": "the row before, the next one",
            "ctrl+d ctrl+u": "a page",
            "g G": "the first row, the last one",
            "enter": "open the row",
        }
    }

    def fill(self, rows: Sequence[Content], nothing: str) -> None:
        """Show `rows`, the first one chosen; `nothing` says so where there is none."""
        self.clear_options()
        self.add_options([Option(row) for row in rows] or [Option(Content(nothing), disabled=True)])
        self.highlighted = 0 if rows else None
