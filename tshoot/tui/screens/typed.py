"""One line of text, asked for in the middle of the screen: a note, a command, a reason."""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Footer, Input, Static

from tshoot.model.text import clean_line

Judge = Callable[[str], str]


class Typed(ModalScreen[str | None]):
    """Dismissed with what was typed, None where it was given up. `says` tells of what stands in the field, as one types ("": nothing)."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "dismiss(None)", "Give up"),
    ]

    def __init__(self, title: str, detail: str = "", value: str = "", *, says: Judge = lambda text: "", empty: bool = False) -> None:
        super().__init__()
        self._title, self._detail, self._value, self._says, self._empty = title, detail, value, says, empty

    def compose(self) -> ComposeResult:
        with Vertical(id="dialog"):
            yield Static(Content(clean_line(self._title)), classes="title", markup=False)
            if self._detail:
                yield Static(Content(clean_line(self._detail)), classes="detail", markup=False)
            yield Input(clean_line(self._value), id="typed", select_on_focus=False)
            yield Static("", id="typed-says", markup=False)
            yield Static(Content.assemble((" enter ", "reverse"), " done   ", (" esc ", "reverse"), " give up"), markup=False)
        yield Footer(show_command_palette=False)

    def on_mount(self) -> None:
        self.query_one(Input).focus()
        self._judge(self._value)

    def on_input_changed(self, event: Input.Changed) -> None:
        self._judge(event.value)

    def _judge(self, text: str) -> None:
        self.query_one("#typed-says", Static).update(Content(self._says(text) if text.strip() else ""))

    def on_input_submitted(self, event: Input.Submitted) -> None:
        event.stop()
        if event.value.strip() or self._empty:
            self.dismiss(event.value.strip())
