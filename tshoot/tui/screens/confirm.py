"""Are you sure? Only where something would be lost.

Whoever presses ctrl+c or ctrl+q wants to get out: that is a yes to leaving, and a no to everything else.
"""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Footer

from tshoot.tui.widgets.static import Static


class Confirm(ModalScreen[bool]):
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("y", "dismiss(True)", "Yes", key_display="y", priority=True),
        Binding("n,escape,q", "dismiss(False)", "No", key_display="n"),
    ]

    def __init__(self, question: str, *, leaving: bool = False) -> None:
        """`leaving`: the question is whether to leave."""
        super().__init__()
        self._question, self._leaving = question, leaving

    def get_out(self) -> None:
        """What ctrl+c and ctrl+q answer."""
        self.dismiss(self._leaving)

    def compose(self) -> ComposeResult:
        with Vertical(id="dialog"):
            yield Static(Content(self._question), markup=False)
            yield Static(Content.assemble((" y ", "reverse"), " yes   ", (" n ", "reverse"), " no"), id="dialog-keys", markup=False)
        yield Footer(show_command_palette=False)
