"""The targets of a session, each with the name that this machine knows it by: as it was recorded, until another is typed.

Whoever goes on with the session of a colleague may reach the same hosts by other names, or through another account.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.message import Message
from textual.widgets import Input

from tshoot.errors import UsageError
from tshoot.model.events import TargetSpec
from tshoot.model.text import clean_line
from tshoot.transports.address import parse_address
from tshoot.tui.widgets.static import Static


class HostInput(Input):
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter,escape", "leave", "Done", key_display="enter"),
        Binding("down", "app.focus_next", "Next", show=False),
        Binding("up", "app.focus_previous", "Previous", show=False),
    ]

    class Left(Message):
        """The field is done with."""

    def __init__(self, role: str, host: str) -> None:
        self.role, self.recorded = role, clean_line(host)
        super().__init__(self.recorded, select_on_focus=False)

    def action_leave(self) -> None:
        self.post_message(self.Left())


class HostNames(Vertical):
    """Empty until it is told the targets by `take`. `hosts` are the roles that were given another name."""

    def compose(self) -> ComposeResult:
        yield Static("", id="host-problem", markup=False)

    def on_mount(self) -> None:
        self.display = self.query_one("#host-problem").display = False

    def take(self, targets: Iterable[TargetSpec]) -> None:
        rows = [
            Horizontal(Static(Content(clean_line(target.role)), classes="role", markup=False), HostInput(target.role, target.host))
            for target in targets
        ]
        self.mount_all(rows, before="#host-problem")
        self.display = bool(rows)

    @property
    def hosts(self) -> dict[str, str]:
        return {field.role: field.value.strip() for field in self.query(HostInput) if field.value.strip() not in ("", field.recorded)}

    @property
    def problem(self) -> str:
        """What is wrong with the names, "" where nothing is."""
        for role, host in self.hosts.items():
            try:
                parse_address(host)
            except UsageError as error:
                return " ".join(filter(None, (f"{role}: {error.message}", error.hint and f"({error.hint})")))
        return ""

    def ask(self) -> None:
        """Give the first field the keys."""
        for field in self.query(HostInput).results():
            field.focus()
            return

    def on_input_changed(self, event: Input.Changed) -> None:
        event.stop()
        told = self.query_one("#host-problem", Static)
        told.update(Content(clean_line(self.problem)))
        told.display = bool(self.problem)
