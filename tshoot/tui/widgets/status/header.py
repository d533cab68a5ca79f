"""The top line of every screen: where one is on the left, how it stands on the right."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.content import Content

from tshoot.model.text import clean_line
from tshoot.tui.widgets.static import Static


class Header(Horizontal):
    """`place` is any text; it is cut where the state needs the room."""

    def __init__(self, place: str = "") -> None:
        super().__init__()
        self._place = place
        self._state = ("", "")

    def compose(self) -> ComposeResult:
        yield Static("tshoot", id="name", markup=False)
        yield Static(Content(clean_line(self._place)), id="place", markup=False)
        text, style = self._state
        yield Static(Content(text), id="state", classes=style, markup=False)

    def show_place(self, place: str) -> None:
        self.query_one("#place", Static).update(Content(clean_line(place)))

    def show_state(self, text: str, style: str = "") -> None:
        """`style` is a class of the style sheet: good, bad, warn, accent."""
        self._state = (clean_line(text), style)
        for state in self.query("#state").results(Static):  # none before it is composed
            state.set_classes(style)
            state.update(Content(self._state[0]))
