"""A run, live or recorded: the path of decisions, what the targets print, the evidence, and in the end the verdict.

This screen only shows what the bridge tells and hands back answers; it decides nothing. Where there is room
the regions stand side by side, else one at a time behind keys 1 to 4.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import ClassVar

from textual import work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.screen import Screen
from textual.widgets import Footer, Static

from tshoot.errors import TshootError
from tshoot.model.verdicts import Verdict
from tshoot.session.archive.similar import Similar, similar_to
from tshoot.tui.bridge import Bridge
from tshoot.tui.lines import BLANK, line, span
from tshoot.tui.messages import Asked, RunClosed, RunMoved, RunOpened
from tshoot.tui.screens.confirm import Confirm
from tshoot.tui.screens.help import Help
from tshoot.tui.story import REGIONS, Region, UnderWay
from tshoot.tui.widgets.lines.view import LinesView
from tshoot.tui.widgets.question.bar import QuestionBar
from tshoot.tui.widgets.status.header import Header
from tshoot.tui.widgets.status.now import now_line, waits_for
from tshoot.tui.widgets.verdict.telling import headline, mark, similar_rows

_TITLES = {"path": "1 Path", "output": "2 Output", "evidence": "3 Evidence", "verdict": "4 Verdict"}
Leave = Callable[[], None]
_STOP = "Stop this run and leave? A capture under way is stopped and removed from its target; the session is kept."


class RunScreen(Screen[None]):
    """`leave` is called when the operator leaves, once nothing runs any more or without waiting for it."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("y", "answer('yes')", "Yes"),
        Binding("n", "answer('no')", "No"),
        Binding("1", "show('path')", "Regions", key_display="1-4"),
        *(Binding(str(number), f"show('{region}')", region.title(), show=False) for number, region in enumerate(REGIONS[1:], 2)),
        Binding("tab", "next_region", "Next", show=False, priority=True),
        Binding("shift+tab", "next_region(-1)", "Previous", show=False, priority=True),
        Binding("d", "details", "Details"),
        Binding("question_mark,f1", "help", "Help", key_display="?"),
        Binding("q,escape", "leave", "Leave", key_display="q"),
    ]
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (110, "-wide")]  # noqa: RUF012  (Textual's own form)

    def __init__(self, bridge: Bridge, title: str, remark: str, leave: Leave, clock: Callable[[], float]) -> None:
        super().__init__()
        self._bridge, self._place, self._remark, self._leave, self._clock = bridge, title, remark, leave, clock
        self._under_way: tuple[UnderWay, ...] = ()
        self._verdict: Verdict | None = None
        self._end: RunClosed | None = None
        self._folder: Path | None = None
        self._stopping = False
        self._shown: Region = "path"

    def compose(self) -> ComposeResult:
        yield Header(self._place)
        if self._remark:
            yield Static(span(self._remark)[0], id="remark", markup=False)
        yield LinesView(id="now")
        yield Static("", id="tabs", markup=False)
        with Horizontal(id="regions"):
            yield LinesView(id="path", follow=True)
            yield LinesView(id="output", wrap=False, follow=True)
            yield LinesView(id="evidence", follow=True)
            yield LinesView(id="verdict")
        yield QuestionBar(id="question")
        yield Footer(show_command_palette=False)

    def on_mount(self) -> None:
        for region in REGIONS:
            self._view(region).border_title = _TITLES[region]
        self.query_one("#now", LinesView).can_focus = False
        self.query_one(Header).show_state("▶ running", "accent")
        self._view("verdict").put("verdict", [line(("No verdict yet: the run is under way.", "dim"))])
        self._show("path")
        self.set_interval(0.5, self._tick)
        self._bridge.begin(self.post_message)

    def _view(self, region: Region) -> LinesView:
        return self.query_one(f"#{region}", LinesView)

    # --- what the bridge tells ---

    def on_run_opened(self, message: RunOpened) -> None:
        if message.folder:
            self._folder = Path(message.folder)
            rows = [
                BLANK,
                line(("Session", "heading")),
                line(("  ", ""), span(message.session, "strong"), hang=2),
                line(("  ", ""), span(message.folder, "dim"), hang=2),
            ]
            self._view("verdict").put("session", rows)

    def on_run_moved(self, message: RunMoved) -> None:
        for region in REGIONS:
            changes = [(change.section, change.lines, change.append) for change in message.changes if change.region == region]
            if changes:
                self._view(region).apply(changes)
        self._under_way, self._verdict = message.under_way, message.verdict
        self._tick()
        message.taken.set()

    def on_asked(self, message: Asked) -> None:
        if self._stopping:
            message.question.answer(None)
        else:
            self.query_one(QuestionBar).ask(message.question)
            self._tick()

    def on_run_closed(self, message: RunClosed) -> None:
        self._end = message
        self.query_one(QuestionBar).close()
        if self._stopping:
            self._leave()
            return
        self._under_way = ()
        self._show_end(message)

    @work(thread=True, exit_on_error=False)
    def _look_for_similar(self, folder: Path) -> None:
        """Incidents like this one, under the verdict; an archive that cannot be read takes nothing away."""
        with suppress(TshootError, OSError):
            found = similar_to(folder.parent, folder)
            self.app.call_from_thread(self._have_similar, found)

    def _have_similar(self, found: list[Similar]) -> None:
        rows = [row for one in found for row in similar_rows(one)]
        if rows and self.is_mounted:
            self._view("verdict").put("similar", [BLANK, line(("Incidents like this one", "heading")), *rows])

    def _show_end(self, message: RunClosed) -> None:
        header, now = self.query_one(Header), self.query_one("#now", LinesView)
        if message.error:
            header.show_state("! failed", "bad")
            now.put("now", [line(("! ", "bad"), span(message.error.message), ("  ", ""), span(message.error.hint, "dim"), hang=2)])
        elif self._verdict:
            text, style = mark(self._verdict)
            header.show_state(text, style)
            now.put("now", [headline(self._verdict)])
            if self._folder:
                self._look_for_similar(self._folder)
        else:
            header.show_state("- cancelled", "warn")
            now.put("now", [line(("no verdict was reached", "dim"))])
        self._show("verdict")

    def _tick(self) -> None:
        if self._end or not self.is_mounted:
            return
        now = self.query_one("#now", LinesView)
        if self._stopping:
            now.put("now", [line(("stopping, waits for ", "warn"), span(waits_for(self._under_way)), ("   q again leaves at once", "dim"), hang=2)])
        else:
            now.put("now", [now_line(self._under_way, self._clock())])

    # --- keys ---

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        if action == "answer":
            question = self.query_one(QuestionBar).current if self.is_mounted else None
            return question is not None and question.form == "confirm"
        return True

    def action_answer(self, answer: str) -> None:
        self.query_one(QuestionBar).give(answer)

    def action_show(self, region: Region) -> None:
        bar = self.query_one(QuestionBar)
        if not bar.choose(REGIONS.index(region)):
            self._show(region)

    def action_next_region(self, step: int = 1) -> None:
        """The regions in turn, then the field of a question that is open."""
        fields = [field for field in self.query("#question-answer, #question-choices") if field.display and self.query_one(QuestionBar).current]
        places = [*REGIONS, *fields]
        at = places.index(self.focused) if self.focused in fields else REGIONS.index(self._shown)
        place = places[(at + step) % len(places)]
        if isinstance(place, str):
            self.set_focus(None)
            self._show(place)
        else:
            place.focus()

    def _show(self, region: Region) -> None:
        self._shown = region
        for name in REGIONS:
            self._view(name).set_class(name == region, "shown")
        self.set_class(region == "verdict", "-verdict")
        self.query_one("#tabs", Static).update("  ".join(f"[{_TITLES[name]}]" if name == region else f" {_TITLES[name]} " for name in REGIONS))
        if not self.query_one(QuestionBar).has_keys:
            self.call_after_refresh(self._focus_shown)  # it may have been hidden until now

    def _focus_shown(self) -> None:
        if not self.query_one(QuestionBar).has_keys:
            self._view(self._shown).focus()

    def on_question_bar_left(self) -> None:
        self._focus_shown()

    def action_details(self) -> None:
        path = self._view("path")
        path.show_details(not path.details)

    def action_help(self) -> None:
        self.app.push_screen(Help())

    @property
    def has_ended(self) -> bool:
        return self._end is not None

    @property
    def is_active_run(self) -> bool:
        """Whether something may be under way on a target."""
        return self._end is None and self._bridge.on_targets

    def action_leave(self) -> None:
        self.stop_run(self._leave)

    def stop_run(self, leave: Leave) -> None:
        """Leave by `leave` once nothing runs any more; asks first, the second time it does not wait."""
        if self.is_active_run and not self._stopping:
            self.app.push_screen(Confirm(_STOP), lambda sure: self._stop(leave) if sure else None)
        else:
            self._bridge.cancel.cancel()
            leave()

    def _stop(self, leave: Leave) -> None:
        if self._end:
            leave()
            return
        self._stopping, self._leave = True, leave
        self.query_one(Header).show_state("■ stopping", "warn")
        self._bridge.cancel.cancel()
        self.query_one(QuestionBar).close()
        self._tick()
