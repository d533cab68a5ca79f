"""What the bridge tells, onto the regions: what moved, what is asked, how it ended."""

from __future__ import annotations

import gc
import sys
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from textual import work

from tshoot.errors import TshootError
from tshoot.session.archive.similar import Similar, similar_to
from tshoot.tui.lines import BLANK, Line, line, span
from tshoot.tui.messages import Asked, RunClosed, RunMoved, RunOpened
from tshoot.tui.screens.running.layout import RunRegions
from tshoot.tui.story import REGIONS, Region
from tshoot.tui.widgets.lines.view import LinesView
from tshoot.tui.widgets.question.bar import QuestionBar
from tshoot.tui.widgets.question.quiet import is_typed_into
from tshoot.tui.widgets.status.header import Header
from tshoot.tui.widgets.status.now import now_line, waits_for
from tshoot.tui.widgets.verdict.telling import headline, mark, similar_rows

if TYPE_CHECKING:
    from tshoot.tui.navigation import Navigation

_USUAL, _SWITCH = 0.005, 0.0005  # seconds after which a busy thread lets another one run: a key must not wait for a run that reads a flood

# Each line that Textual draws refers to itself: found while young, its garbage costs 3 ms at a time; found among all that is alive, up to 170 ms
_YOUNG = (5000, 2, 1000)


class RunTold(RunRegions):
    app: Navigation
    _now: Line | None = None  # what is told of the present
    _ending: Line | None = None  # of the end

    def on_mount(self) -> None:
        sys.setswitchinterval(_SWITCH)
        self._thresholds = gc.get_threshold()
        gc.set_threshold(*_YOUNG)
        gc.freeze()  # what is loaded by now stays: a key does not wait for it to be looked at
        self.set_interval(0.5, self._tick)
        self.call_after_refresh(self._bridge.begin, self.post_message)

    def on_unmount(self) -> None:
        gc.unfreeze()
        gc.set_threshold(*self._thresholds)
        sys.setswitchinterval(_USUAL)

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
        others = [item.effect.key for item in message.under_way] != [item.effect.key for item in self._under_way]
        self._under_way, self._verdict = message.under_way, message.verdict
        if others:  # other keys may have a meaning now
            self.refresh_bindings()
            self._tick()  # else it is told twice a second
        self._show_titles()
        message.taken.set()

    def on_asked(self, message: Asked) -> None:
        if self._stopping:
            message.question.answer(None)
        else:
            self.query_one(QuestionBar).ask(message.question)
            self._tick()

    def on_lines_view_search_closed(self) -> None:
        """To the field of a question that came meanwhile, and did not take the keys from the search."""
        bar = self.query_one(QuestionBar)
        if bar.current and bar.current.form in ("choice", "text", "secret"):
            self.set_focus(bar.places[0])

    def on_run_closed(self, message: RunClosed) -> None:
        self._end = message
        self.query_one(QuestionBar).close()
        if self._stopping:
            self._leave()
            return
        self._under_way = ()
        self._show_end(message)
        self.refresh_bindings()

    @work(thread=True, exit_on_error=False)
    def _look_for_similar(self, folder: Path) -> None:
        """Incidents like this one, under the verdict; an archive that cannot be read takes nothing away."""
        with suppress(TshootError, OSError):
            found = similar_to(self.app.archive_root, folder)
            self.app.call_from_thread(self._have_similar, found)

    def _have_similar(self, found: list[Similar]) -> None:
        rows = [row for one in found for row in similar_rows(one)]
        if rows and self.is_mounted:
            self._view("verdict").put("similar", [BLANK, line(("Incidents like this one", "heading")), *rows])

    def _show_end(self, message: RunClosed) -> None:
        header = self.query_one(Header)
        if message.error:
            header.show_state("! failed", "bad")
            self._ending = line(("! ", "bad"), span(message.error.message), ("  ", ""), span(message.error.hint), hang=2)
        elif self._verdict:
            text, style = mark(self._verdict)
            header.show_state(text, style)
            self._ending = headline(self._verdict)
            if self._folder:
                self._look_for_similar(self._folder)
        else:
            header.show_state("- cancelled", "warn")
            self._ending = line(("no verdict was reached", "dim"))
        if is_typed_into(self.focused):  # what is typed next would be commands there
            self.query_one("#now", LinesView).put("now", [line(("4 shows the verdict  ", "accent"), *self._ending.spans, hang=2)])
        else:
            self._show("verdict")

    def _focus_shown(self) -> None:
        if not is_typed_into(self.focused):
            super()._focus_shown()

    def _show(self, region: Region) -> None:
        super()._show(region)
        if region == "verdict" and self._end and self._ending:
            self.query_one("#now", LinesView).put("now", [self._ending])

    def _tick(self) -> None:
        if self._end or not self.is_mounted:
            return
        self.query_one(QuestionBar).drop_withdrawn()
        if self._stopping:
            told = line(("stopping, waits for ", "warn"), span(waits_for(self._under_way)), ("   q again leaves at once", "dim"), hang=2)
        elif not self._under_way and self._bridge.steering and self._bridge.steering.paused:
            told = line(("‖ paused: ", "warn"), ("nothing new is started on a target; p goes on", ""), hang=2)
        else:
            told = now_line(self._under_way, self._clock())
        if told != self._now:  # the same again would be sent over a slow line
            self._now = told
            self.query_one("#now", LinesView).put("now", [told])
