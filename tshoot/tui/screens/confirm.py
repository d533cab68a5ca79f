"""Are you sure? Only where something would be lost."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Footer, Static


class Confirm(ModalScreen[bool]):
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("y,ctrl+c", "dismiss(True)", "Yes", key_display="y", priority=True),
        Binding("n,escape,q", "dismiss(False)", "No", key_display="n"),
    ]

    def __init__(self, question: str) -> None:
        super().__init__()
        self._question = question

    def compose(self) -> ComposeResult:
        with Vertical(id="dialog"):
            yield Static(Content(self._question), markup=False)
            yield Static(Content.assemble((" y ", "reverse"), " yes   ", (" n ", "reverse"), " no"), id="dialog-keys", markup=False)
        yield Footer(show_command_palette=False)
