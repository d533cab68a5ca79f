"""A command of the operator's own: on which target, and what the gate will say to it, as one types."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.events import Key
from textual.screen import ModalScreen
from textual.widgets import Footer, Input, OptionList
from textual.widgets.option_list import Option

from tshoot.errors import UsageError
from tshoot.model.events import TargetSpec
from tshoot.model.text import clean_line
from tshoot.performers.command import reads_only
from tshoot.tui.widgets.static import Static


class OwnCommand(ModalScreen[None]):
    """`run` is given role and command; what it refuses (UsageError) is said and stays. `targets`: the one that is offered first comes first."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "dismiss(None)", "Give up")]

    def __init__(self, targets: Sequence[TargetSpec], run: Callable[[str, str], object]) -> None:
        super().__init__()
        self._targets, self._run_it = targets, run

    def compose(self) -> ComposeResult:
        with Vertical(id="dialog", classes="large"):
            yield Static("Run a command of your own. It is recorded; nothing is decided on it.", classes="title", markup=False)
            yield OptionList(*(Option(Content(_name(target))) for target in self._targets), id="own-targets", markup=False)
            yield Input(id="typed", placeholder="command", select_on_focus=False)
            yield Static("", id="typed-says", markup=False)
            yield Static(Content.assemble((" enter ", "reverse"), " run it   ", (" esc ", "reverse"), " give up"), markup=False)
        yield Footer(show_command_palette=False)

    def on_mount(self) -> None:
        targets = self.query_one(OptionList)
        targets.highlighted = 0
        targets.display = len(self._targets) > 1
        (targets if targets.display else self.query_one(Input)).focus()
        self._judge()

    @property
    def _target(self) -> TargetSpec:
        return self._targets[self.query_one(OptionList).highlighted or 0]

    def on_option_list_option_highlighted(self) -> None:
        self._judge()

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        event.stop()
        self.query_one(Input).focus()

    def on_input_changed(self, event: Input.Changed) -> None:
        self._judge()

    def on_key(self, event: Key) -> None:
        """A command is typed at once, the target that is marked is meant."""
        field = self.query_one(Input)
        if not field.has_focus and event.is_printable and event.character:
            event.stop()
            self.set_focus(field)
            field.insert_text_at_cursor(event.character)

    def _judge(self) -> None:
        self._tell(verdict_on(self._target, self.query_one(Input).value))

    def _tell(self, text: str) -> None:
        self.query_one("#typed-says", Static).update(Content(text))

    def on_input_submitted(self, event: Input.Submitted) -> None:
        event.stop()
        if not event.value.strip():
            return
        try:
            self._run_it(self._target.role, event.value.strip())
        except UsageError as error:
            self._tell(clean_line(f"! {error.message}: {error.hint}"))
        else:
            self.dismiss(None)


def verdict_on(target: TargetSpec, command: str) -> str:
    """What the gate will say, in words."""
    if not command.strip():
        return f"on {_name(target)}"
    if reads_only(target, command.strip()):
        return f"✓ only reads, on {_name(target)}"
    return f"! not known to only read on {target.platform}: the name of the device will be asked for"


def _name(target: TargetSpec) -> str:
    return clean_line(f"{target.role}: {target.host} ({target.platform})")
