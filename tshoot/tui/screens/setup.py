"""Set-up: who plays each role, and the inputs; what is wrong is said at its field as it is typed; the plan beside it.

What was put in is there again when the screen was left and is opened once more, as long as tshoot runs.
Its targets can be tried before the run (screens/trying).
"""

from __future__ import annotations

import threading
from contextlib import suppress
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.content import Content
from textual.message import Message
from textual.widgets import Footer, Input

from tshoot.errors import InventoryError, TshootError
from tshoot.inventory.inventory import Inventory
from tshoot.model.text import clean_line
from tshoot.playbook.tree import Playbook
from tshoot.tui.earlier import LastUsed, earlier_hosts, last_used
from tshoot.tui.outlook import outlook_lines
from tshoot.tui.screens.help import Help
from tshoot.tui.screens.trying import TryingScreen
from tshoot.tui.widgets.field.form import Form
from tshoot.tui.widgets.lines.view import LinesView
from tshoot.tui.widgets.question.bar import QuestionBar
from tshoot.tui.widgets.static import Static
from tshoot.tui.widgets.status.header import Header
from tshoot.wiring import Opening, known_targets, prepare


class SetupScreen(TryingScreen):
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("y", "answer('yes')", "Yes"),
        Binding("n", "answer('no')", "No"),
        Binding("ctrl+r", "start", "Start", key_display="^r", priority=True),
        Binding("ctrl+t", "test", "Test", key_display="^t", priority=True),
        Binding("ctrl+l", "take_last", "Last values", key_display="^l", priority=True),
        Binding("f2", "plan", "Plan"),
        Binding("tab", "app.focus_next", "Next", show=False),
        Binding("f1", "help", "Help"),
        Binding("question_mark", "help", show=False),
        Binding("escape", "leave", "Back", key_display="esc"),
        Binding("q", "leave", show=False),
    ]
    HELP: ClassVar[dict[str, dict[str, str]]] = {  # type: ignore[assignment]  # Textual's own is one text
        "Set-up": {
            "ctrl+r": "starts the run, once nothing is missing",
            "ctrl+t": "tests the connection: one login, one command that only reads",
            "f2": "the plan alone: every command that may run on each target; / searches",
            "y n": "answer about a host key",
            "escape": "ends a test, else back; what was put in is there again next time",
        }
    }
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (110, "-wide")]  # noqa: RUF012  (Textual's own form)
    AUTO_FOCUS = ""  # the first field that needs something has the keys
    VERTICAL_BREAKPOINTS = [(0, "-low"), (16, "-high")]  # noqa: RUF012

    class KnownBefore(Message):
        def __init__(self, last: LastUsed | None, hosts: tuple[str, ...], inventory: Inventory | None, problem: str = "") -> None:
            super().__init__()
            self.last, self.hosts, self.inventory, self.problem = last, hosts, inventory, problem

    def __init__(self, playbook: Playbook, opening: Opening) -> None:
        super().__init__(opening)
        self._playbook = playbook
        self._inventory: Inventory | None = None

    def compose(self) -> ComposeResult:
        yield Header(f"{self._playbook.id}: {self._playbook.title}")
        with Horizontal(id="setup"):
            yield Form(self._playbook, self._opening, self.app.own_values.get(self._playbook.file))
            yield LinesView(id="plan")
        yield QuestionBar(id="question")
        yield Static("", id="setup-state", markup=False)
        yield Footer(show_command_palette=False)

    def on_mount(self) -> None:
        self.query_one("#plan").border_title = "What it will do"
        self.query_one(Header).show_state("set-up", "accent")
        fields = self.form.fields
        (next((field for field in fields if field.problem), None) or fields[0]).focus_input()
        self._tell()
        threading.Thread(target=self._read_earlier, name="tshoot earlier", daemon=True).start()

    # --- what was known before ---

    def _read_earlier(self) -> None:
        from tshoot.session.store import default_root
        from tshoot.transports.config.resolving import named_hosts
        from tshoot.transports.settings import SshSettings

        last, hosts, problem, inventory = None, list[str](), "", None
        root = self._opening.settings.record or default_root()
        try:
            inventory = known_targets(self._opening.settings)
            if inventory is not None:
                hosts += [*inventory.names(), *inventory.aliases(), *(f"@{group}" for group in inventory.groups())]
        except (TshootError, OSError) as error:
            problem = f"{error.problems[0] if isinstance(error, InventoryError) and error.problems else error}; the inventory is not used"
        try:
            if inventory is None:
                hosts += named_hosts((self._opening.settings.ssh or SshSettings()).config_file)
        except (TshootError, OSError) as error:
            problem = problem or str(error)
        with suppress(TshootError, OSError):  # the home screen says what is wrong with the sessions
            last = last_used(root, self._playbook.id, hosts)
            hosts += earlier_hosts(root)
        self.post_message(self.KnownBefore(last, tuple(hosts), inventory, problem))

    def on_setup_screen_known_before(self, event: KnownBefore) -> None:
        self.form.offer_hosts(event.hosts)
        if event.inventory is not None:
            self._inventory = event.inventory
            self.form.know(event.inventory)
            self._tell()
        if event.last:
            self.form.offer_last(event.last)
        if event.problem:
            self.notify(clean_line(event.problem), severity="warning", markup=False)

    def action_take_last(self) -> None:
        if not self.form.take_last():
            self._say(f"! no earlier run of {self._playbook.id} is kept here whose values could be taken (a demo is none)")

    # --- the fields ---

    def on_input_changed(self, event: Input.Changed) -> None:
        self.app.own_values[self._playbook.file] = self.form.own_values()
        self._tell()

    def on_input_submitted(self, event: Input.Submitted) -> None:
        fields = self.form.fields
        if not any(field.problem for field in fields) and fields[-1].has_focus_within:
            self.action_start()
        else:
            self.focus_next(Input)

    def _tell(self) -> None:
        form = self.form
        lines = outlook_lines(self._playbook, form.values("target"), form.values("input"), form.values("platform"))
        self.query_one("#plan", LinesView).put("plan", lines)
        left = [field.label for field in form.fields if field.problem]
        self._say(f"still needs: {', '.join(left)}" if left else "✓ ready: ctrl+r starts the run", ready=not left)

    def _say(self, text: str, *, ready: bool = False) -> None:
        state = self.query_one("#setup-state", Static)
        state.set_class(ready, "ready")
        state.update(Content(clean_line(text)))

    # --- keys ---

    def next_actions(self) -> tuple[str, ...]:
        return ("answer('yes')", "answer('no')", "submit", "start")

    def action_plan(self) -> None:
        self.set_class(not self.has_class("-plan"), "-plan")
        if self.has_class("-plan"):
            self.query_one("#plan").focus()
        else:
            self.form.fields[0].focus_input()

    def action_leave(self) -> None:
        bar = self.query_one(QuestionBar)
        if bar.current:
            bar.give(None)
        elif self.trials:
            self.trials.cancel.cancel()
        elif self.has_class("-plan"):
            self.action_plan()
        else:
            self.app.action_leave_screen()

    def action_start(self) -> None:
        form = self.form
        for field in form.fields:
            field.show_problem()
        wrong = next((field for field in form.fields if field.problem), None)
        if wrong:
            self._tell()
            wrong.focus_input()
        elif self.trials:
            self._say("! the test is still under way: ctrl+t ends it")
        else:
            targets = [field for field in form.fields if field.kind == "target" and field.value]
            self.unless_rejected(targets, "Starting logs in once more", self._start)

    def _start(self) -> None:
        form = self.form
        try:
            prepared = prepare(self._playbook.file, form.values("target"), form.values("input"), form.chosen_platforms(), self._inventory)
        except TshootError as error:
            self._say(f"! {error.message}")
            return
        self.app.run_playbook(prepared, *self.handed_on())

    def action_help(self) -> None:
        self.app.push_screen(Help())
