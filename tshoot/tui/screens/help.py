"""The keys, and how to read what is shown."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.screen import ModalScreen
from textual.widgets import Footer

from tshoot.tui.lines import BLANK, Line, line
from tshoot.tui.widgets.lines.view import LinesView

_KEYS = {
    "Anywhere": {
        "? or F1": "this page (F1 where a field has the keys)",
        "tab": "the next field or region",
        "↑ ↓ pgup pgdn": "scroll; home and end go to the ends",
        "q, escape": "leave; asks first while a run is active",
        "ctrl+c": "leave tshoot; a run is stopped cleanly",
    },
    "Home and set-up": {
        "type": "the symptom in your own words",
        "enter": "choose, then the next field",
        "ctrl+r": "start the run",
    },
    "A run": {
        "y n": "answer a question",
        "1 2 3 4": "path, output, evidence, verdict",
        "d": "show or hide the branches that were not taken",
    },
    "Signs": {
        "▶ ✓": "under way, decided",
        "✗ ? !": "a fault, inconclusive, something failed",
        "$ ● ■": "a command, a capture starts, a capture is fetched",
        "yes no unknown": "what a condition came to; → leads to the next step",
        "!": "before a line of output: the target wrote it to stderr",
    },
}


class Help(ModalScreen[None]):
    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape,q,question_mark,f1", "dismiss", "Close", key_display="q")]

    def compose(self) -> ComposeResult:
        yield LinesView(id="help")
        yield Footer(show_command_palette=False)

    def on_mount(self) -> None:
        view = self.query_one(LinesView)
        view.border_title = "Help"
        view.put("help", [row for title, keys in _KEYS.items() for row in _section(title, keys)])
        view.focus()


def _section(title: str, keys: dict[str, str]) -> list[Line]:
    return [line((title, "heading")), *(line((f"  {key:16}", "strong"), (meaning, ""), hang=18) for key, meaning in keys.items()), BLANK]
