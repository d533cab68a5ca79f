"""The last line: which keys have a meaning now. One widget, drawn anew at once: a key that changes the focus must not wait for it.

Textual's own footer is a widget a key, all of them made anew whenever the focus moves, which takes longer than the key itself.
"""

from __future__ import annotations

from typing import Any

from textual.app import ComposeResult
from textual.content import Content
from textual.events import Click
from textual.screen import Screen
from textual.widgets import Footer

from tshoot.tui.widgets.static import Static

_AROUND = 3  # columns beside a key and its word


class KeysLine(Footer):
    """In the place of a Footer. A click on a key is that key."""

    def __init__(self) -> None:
        super().__init__(show_command_palette=False)
        self._places: list[tuple[int, str]] = []  # the column after each key's word, the key
        self._told: list[Content | str | tuple[str, str]] = []

    def compose(self) -> ComposeResult:
        yield Static("", id="keys", markup=False)

    def on_mount(self) -> None:
        self._tell()

    def on_resize(self) -> None:
        self.call_after_refresh(self._tell)  # by then the screen knows how narrow it is

    def bindings_changed(self, screen: Screen[Any]) -> None:
        if self.is_attached and screen is self.screen:
            self._tell()

    def _tell(self) -> None:
        parts: list[Content | str | tuple[str, str]] = []
        self._places, column, told = [], 0, set()
        for key, (_, binding, enabled, _) in self.screen.active_bindings.items():
            if not binding.show or binding.action in told or not enabled:
                continue
            told.add(binding.action)
            sign = self.app.get_key_display(binding)
            parts += [(f" {sign} ", "bold $footer-key-foreground"), f"{binding.description} "]
            column += len(sign) + len(binding.description) + _AROUND
            self._places.append((column, key))
        if parts != self._told:
            self._told = parts
            self.query_one("#keys", Static).update(Content.assemble(*parts), layout=False)

    def on_click(self, event: Click) -> None:
        key = next((key for end, key in self._places if event.x < end), None)
        if key:
            self.app.simulate_key(key)
