"""The output of a command that was run elsewhere, pasted in."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Footer, TextArea

from tshoot.model.text import clean_line
from tshoot.tui.widgets.static import Static

_LONGEST = 4_000_000  # characters


class Pasted(ModalScreen[str | None]):
    """Dismissed with the text, None where it was given up."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+s", "done", "Take it", priority=True),
        Binding("escape", "dismiss(None)", "Give up", priority=True),
    ]

    def __init__(self, command: str) -> None:
        super().__init__()
        self._command = command

    def compose(self) -> ComposeResult:
        with Vertical(id="dialog", classes="large"):
            yield Static(Content(f"Paste what `{clean_line(self._command)}` printed."), classes="title", markup=False)
            yield Static("It is recorded as done by hand, without an exit status; ctrl+s takes it.", classes="detail", markup=False)
            yield TextArea(id="pasted", soft_wrap=False)
        yield Footer(show_command_palette=False)

    def on_mount(self) -> None:
        self.query_one(TextArea).focus()

    def action_done(self) -> None:
        text = self.query_one(TextArea).text
        if text.strip():
            self.dismiss(text[:_LONGEST])
