"""Verify the fix: what would be asked again, a yes, the checks as they go, and the table of before and after.

Nothing is connected to before the yes. Leaving while it runs asks, then stops it, captures included; what was asked stays in the session.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import ClassVar, Literal

from textual import work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import Footer

from tshoot.errors import TshootError
from tshoot.model.events import TargetSpec
from tshoot.model.verdicts import Verdict
from tshoot.model.verification import Verification
from tshoot.retrace.verification import checks_of, verify_fix
from tshoot.session.read import read_header
from tshoot.session.store import Session
from tshoot.tui.bridge import Bridge, Work
from tshoot.tui.lines import BLANK, Line, line, span
from tshoot.tui.messages import Asked, RunClosed, RunMoved
from tshoot.tui.screens.confirm import Confirm
from tshoot.tui.story import UnderWay
from tshoot.tui.ways_out import leaving
from tshoot.tui.widgets.field.hosts import HostInput, HostNames
from tshoot.tui.widgets.lines.view import LinesView
from tshoot.tui.widgets.question.bar import QuestionBar
from tshoot.tui.widgets.status.now import now_line, waits_for
from tshoot.tui.widgets.verdict.comparison import verification_rows
from tshoot.tui.widgets.verdict.plan import plan_lines
from tshoot.wiring import Settings

Done = tuple[Verdict, Verification]
Stage = Literal["reading", "plan", "refused", "running", "stopping", "done"]
_TITLES: dict[Stage, str] = {
    "reading": "Verify the fix",
    "plan": "Verify the fix? This would be asked again",
    "refused": "The fix cannot be verified",
    "running": "Verifying the fix",
    "stopping": "Stopping",
    "done": "Before and after",
}
_STOP = "Stop the verification and leave? A capture under way is stopped and removed from its target; what was asked stays in the session."


class VerifyFix(ModalScreen[Done | None]):
    """Gives the verdict and what came of it, None where nothing did. `look_after` is told of the work, so that it never outlives the interface."""

    HELP: ClassVar[dict[str, dict[str, str]]] = {  # type: ignore[assignment]  # Textual's own is one text
        "Verify the fix": {
            "y": "ask the checks again; or answer a question with yes",
            "n": "leave it; or answer a question with no",
            "t": "other names of the targets, where this machine knows them otherwise",
            "q, escape": "leave; while it runs: asks, then stop, clean up, leave",
        }
    }
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("y", "yes", "Yes"),
        Binding("n", "no", "No"),
        Binding("t", "hosts", "Targets"),
        *leaving("leave", "Leave"),
    ]

    def __init__(self, folder: Path, settings: Settings, clock: Callable[[], float], look_after: Callable[[Bridge], object]) -> None:
        super().__init__()
        self._folder, self._settings, self._clock, self._look_after = folder, settings, clock, look_after
        self._stage: Stage = "reading"
        self._bridge: Bridge | None = None
        self._under_way: tuple[UnderWay, ...] = ()
        self._verdict: Verdict | None = None
        self._result: list[Verification] = []

    def compose(self) -> ComposeResult:
        with Vertical(id="verifying"):
            yield HostNames()
            yield LinesView(id="verifying-now")
            yield LinesView(id="verifying-lines")
            yield LinesView(id="verifying-output", follow=True)
            yield QuestionBar()
        yield Footer(show_command_palette=False)

    def on_mount(self) -> None:
        self.query_one("#verifying-now", LinesView).can_focus = False
        self._enter("reading", [line(("reading the session …", "dim"))])
        self.set_interval(0.5, self._tick)
        self._read()

    @property
    def _lines(self) -> LinesView:
        """What has the keys: the output while it runs, else the plan or the result."""
        return self.query_one("#verifying-output" if self._stage in ("running", "stopping") else "#verifying-lines", LinesView)

    def _enter(self, stage: Stage, rows: Iterable[Line] = ()) -> None:
        self._stage = stage
        self.query_one("#verifying").border_title = _TITLES[stage]
        runs = stage in ("running", "stopping")
        for name, shown in (("#verifying-now", runs), ("#verifying-output", runs), ("#verifying-lines", not runs)):
            self.query_one(name).display = shown
        self.query_one(HostNames).display = stage == "plan"
        if not runs:
            self._lines.clear()
            self._lines.put("lines", rows)
        self.call_after_refresh(self._lines.focus)
        self.refresh_bindings()

    # --- the plan ---

    @work(thread=True, exit_on_error=False)
    def _read(self) -> None:
        try:
            checks = checks_of(Session(self._folder, read_header(self._folder)), {})
            self._verdict = checks.deciding.verdict
            rows, stage, targets = list(plan_lines(checks, self._settings)), "plan", tuple(checks.targets.values())
        except TshootError as error:
            targets = ()
            rows, stage = [line(("! ", "bad"), span(error.message), hang=2), line(("  ", ""), span(error.hint), hang=2)], "refused"
        self.app.call_from_thread(self._planned, stage, rows, targets)

    def _planned(self, stage: Stage, rows: list[Line], targets: tuple[TargetSpec, ...]) -> None:
        if self.is_mounted:
            self.query_one(HostNames).take(targets)
            self._enter(stage, rows)

    # --- the work ---

    def _start(self) -> None:
        names = self.query_one(HostNames)
        if names.problem:
            names.ask()
            return
        self._enter("running")
        self._bridge = Bridge(verifying(self._folder, self._settings, self._result, names.hosts), self._clock, on_targets=False)
        self._look_after(self._bridge)
        self.query_one(QuestionBar).expect()
        self._bridge.begin(self.post_message)

    def on_run_moved(self, message: RunMoved) -> None:
        changes = ((change.section, change.lines, change.append) for change in message.changes if change.region == "output")
        self.query_one("#verifying-output", LinesView).apply(changes)
        self._under_way = message.under_way
        self._tick()
        message.taken.set()

    def on_asked(self, message: Asked) -> None:
        if self._stage == "running":
            self.query_one(QuestionBar).ask(message.question)
            self.refresh_bindings()
        else:
            message.question.answer(None)

    def on_question_bar_left(self) -> None:
        if not self.query_one(QuestionBar).current:  # the next one may have come since, and has the keys
            self._lines.focus()

    def on_run_closed(self, message: RunClosed) -> None:
        self.query_one(QuestionBar).close()
        if self._result:
            self._enter("done", [*verification_rows(self._result[-1]), BLANK, line(("it is in the session; q leaves", "accent"))])
        elif message.error:
            hint = line(("  ", ""), span(message.error.hint), hang=2)
            self._enter("done", [line(("! ", "bad"), span(message.error.message), hang=2), hint])
        elif self._stage == "stopping":
            self.dismiss(None)

    def _tick(self) -> None:
        if not self.is_mounted or self._stage not in ("running", "stopping"):
            return
        self.query_one(QuestionBar).drop_withdrawn()
        stopping = line(("stopping, waits for ", "warn"), span(waits_for(self._under_way)), ("   q again leaves at once", "dim"), hang=2)
        self.query_one("#verifying-now", LinesView).put("now", [now_line(self._under_way, self._clock()) if self._stage == "running" else stopping])

    # --- keys ---

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        if isinstance(self.focused, HostInput):
            return action not in ("yes", "no", "leave", "hosts")
        if action not in ("yes", "no"):
            return action != "hosts" or self._stage == "plan"
        question = self.query_one(QuestionBar).current if self.is_mounted else None
        return self._stage == "plan" or (question is not None and question.form == "confirm")

    def action_hosts(self) -> None:
        self.query_one(HostNames).ask()

    def on_host_input_left(self) -> None:
        self._lines.focus()

    def action_yes(self) -> None:
        if self._stage == "plan":
            self._start()
        else:
            self.query_one(QuestionBar).give("yes")

    def action_no(self) -> None:
        if self._stage == "plan":
            self.dismiss(None)
        else:
            self.query_one(QuestionBar).give("no")

    def leave_with(self, leave: Callable[[], object]) -> None:
        """`leave`, after a question where the verification still runs."""

        def answered(sure: bool | None) -> None:
            if sure:
                self._stop()
                leave()

        if self._stage == "running":
            self.app.push_screen(Confirm(_STOP, leaving=True), answered)
        else:
            leave()

    def action_leave(self) -> None:
        if self._stage == "running":
            self.leave_with(lambda: None)
        else:
            self.dismiss((self._verdict, self._result[-1]) if self._verdict and self._result else None)

    def _stop(self) -> None:
        if self._stage == "running" and self._bridge:  # it may have ended while it was asked
            self._enter("stopping")
            self._bridge.cancel.cancel()
            self.query_one(QuestionBar).close()
            self._tick()
            self.app.notify("the verification is stopped; what was asked stays in the session", severity="warning", markup=False)


def verifying(folder: Path, settings: Settings, result: list[Verification], hosts: Mapping[str, str]) -> Work:
    """The verification, which is put into `result`."""

    def work(bridge: Bridge) -> None:
        session = Session(folder, read_header(folder))
        result.append(verify_fix(session, settings, hosts, operator=bridge, prompter=bridge, views=[bridge], cancel=bridge.cancel))

    return work
