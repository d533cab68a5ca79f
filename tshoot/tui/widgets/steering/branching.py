"""Where to go on from a node by hand: its own branches first, then every other node; and why."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Footer, Input, OptionList
from textual.widgets.option_list import Option

from tshoot.model.text import clean_line
from tshoot.playbook.tree import Playbook
from tshoot.tui.widgets.static import Static

Choice = tuple[str, str]  # the node to go to, why


class Branching(ModalScreen[Choice | None]):
    """Dismissed with (node, why), None where it was given up."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "dismiss(None)", "Give up"),
        Binding("j", "cursor('down')", show=False),
        Binding("k", "cursor('up')", show=False),
    ]

    def __init__(self, playbook: Playbook, node: str) -> None:
        super().__init__()
        self._node = node
        known = playbook.nodes.get(node)
        own = {branch.leads_to: branch.text for branch in (known.decide if known else ()) if branch.kind == "go"}
        others = {other: "not a branch of this node" for other in playbook.nodes if other not in own and other != node}
        self._choices = [*own.items(), *others.items()]

    def compose(self) -> ComposeResult:
        with Vertical(id="dialog", classes="large"):
            yield Static(Content(f"Decide `{clean_line(self._node)}` by hand: where to go on?"), classes="title", markup=False)
            yield OptionList(*(Option(Content(clean_line(f"{to}  ({text})"))) for to, text in self._choices), id="branches", markup=False)
            yield Static("Why? It stands in the session, and the verdict says that it was by hand.", classes="detail", markup=False)
            yield Input(id="typed", placeholder="why")
            yield Static(Content.assemble((" enter ", "reverse"), " choose, then go there   ", (" esc ", "reverse"), " give up"), markup=False)
        yield Footer(show_command_palette=False)

    def on_mount(self) -> None:
        branches = self.query_one(OptionList)
        branches.highlighted = 0 if self._choices else None
        branches.focus()

    def action_cursor(self, way: str) -> None:
        branches = self.query_one(OptionList)
        if branches.has_focus:
            branches.action_cursor_down() if way == "down" else branches.action_cursor_up()

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        event.stop()
        self.query_one(Input).focus()

    def on_input_submitted(self, event: Input.Submitted) -> None:
        event.stop()
        chosen = self.query_one(OptionList).highlighted
        if chosen is not None and event.value.strip():
            self.dismiss((self._choices[chosen][0], event.value.strip()))
