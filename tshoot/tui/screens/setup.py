"""Set-up: who plays each role, and the inputs; what is wrong is said at its field as it is typed; the plan beside it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, VerticalScroll
from textual.content import Content
from textual.screen import Screen
from textual.widgets import Footer, Input, Static

from tshoot.errors import TshootError
from tshoot.model.text import clean_line
from tshoot.playbook.tree import Playbook
from tshoot.tui.outlook import outlook_lines
from tshoot.tui.screens.help import Help
from tshoot.tui.widgets.field.field import Field, input_field, platform_field, target_field
from tshoot.tui.widgets.lines.view import LinesView
from tshoot.tui.widgets.status.header import Header
from tshoot.wiring import Opening, prepare

if TYPE_CHECKING:
    from tshoot.tui.app import TshootApp


class SetupScreen(Screen[None]):
    app: TshootApp

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+r", "start", "Start", priority=True),
        Binding("tab", "app.focus_next", "Next"),
        Binding("f1", "help", "Help"),
        Binding("escape", "app.leave_screen", "Back"),
    ]
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (110, "-wide")]  # noqa: RUF012  (Textual's own form)

    def __init__(self, playbook: Playbook, opening: Opening) -> None:
        super().__init__()
        self._playbook, self._opening = playbook, opening

    def compose(self) -> ComposeResult:
        yield Header(f"{self._playbook.id}: {self._playbook.title}")
        with Horizontal(id="setup"):
            with VerticalScroll(id="form", can_focus=False):
                yield from self._fields()
            yield LinesView(id="plan")
        yield Static("", id="setup-state", markup=False)
        yield Footer(show_command_palette=False)

    def _fields(self) -> Iterator[Field]:
        for role in self._playbook.roles.values():
            yield target_field(role, self._opening.targets.get(role.name, ""))
            if len(role.platforms) > 1:
                yield platform_field(role, self._opening.platforms.get(role.name, ""))
        for spec in self._playbook.inputs.values():
            yield input_field(spec, self._opening.inputs.get(spec.name, ""))

    def on_mount(self) -> None:
        form = self.query_one("#form")
        form.border_title, self.query_one("#plan").border_title = "Set-up", "What it will do"
        self.query_one(Header).show_state("set-up", "accent")
        wanting = next((field for field in self.query(Field) if field.problem), None) or self.query(Field).first()
        wanting.focus_input()
        self._tell()

    def on_input_changed(self, event: Input.Changed) -> None:
        self._tell()

    def on_input_submitted(self, event: Input.Submitted) -> None:
        fields = list(self.query(Field))
        if not any(field.problem for field in fields) and fields[-1].has_focus_within:
            self.action_start()
        else:
            self.focus_next(Input)

    def _tell(self) -> None:
        targets, inputs = self._values("target"), self._values("input")
        self.query_one("#plan", LinesView).put("plan", outlook_lines(self._playbook, targets, inputs, self._values("platform")))
        left = [field for field in self.query(Field) if field.problem]
        ready = not left
        state = self.query_one("#setup-state", Static)
        state.set_class(ready, "ready")
        names = ", ".join(field.label for field in left)
        state.update(Content("✓ ready: ctrl+r starts the run" if ready else clean_line(f"still needs: {names}")))

    def _values(self, kind: str) -> dict[str, str]:
        return {field.label: field.value for field in self.query(Field) if field.kind == kind and field.value}

    def action_start(self) -> None:
        for field in self.query(Field):
            field.show_problem()
        wrong = next((field for field in self.query(Field) if field.problem), None)
        if wrong:
            wrong.focus_input()
            return
        try:
            prepared = prepare(self._playbook.file, self._values("target"), self._values("input"), self._values("platform"))
        except TshootError as error:
            self.query_one("#setup-state", Static).update(Content(clean_line(f"! {error.message}")))
            return
        self.app.run_playbook(prepared)

    def action_help(self) -> None:
        self.app.push_screen(Help())
