"""The regions of a run: side by side where there is room, else one at a time behind keys 1 to 4; and how each is looked at."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.css.query import NoMatches
from textual.reactive import Reactive
from textual.widget import Widget

from tshoot.model.verdicts import Verdict
from tshoot.tui.bridge import Bridge
from tshoot.tui.lines import line, span
from tshoot.tui.messages import RunClosed
from tshoot.tui.screens.running.fitted import FittedScreen
from tshoot.tui.story import REGIONS, Region, UnderWay
from tshoot.tui.widgets.lines.view import LinesView
from tshoot.tui.widgets.output.telling import target_of
from tshoot.tui.widgets.question.bar import QuestionBar
from tshoot.tui.widgets.static import Static
from tshoot.tui.widgets.status.header import Header
from tshoot.tui.widgets.status.keys import KeysLine

TITLES = {"path": "1 Path", "output": "2 Output", "evidence": "3 Evidence", "verdict": "4 Verdict"}
Leave = Callable[[], None]


class RunRegions(FittedScreen):
    """What a run screen is made of, before anything is told. `leave` is called when the operator leaves."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("1", "show('path')", "Regions", key_display="1-4"),
        *(Binding(str(number), f"show('{region}')", region.title(), show=False) for number, region in enumerate(REGIONS[1:], 2)),
        Binding("tab", "next_region", "Next", show=False, priority=True),
        Binding("shift+tab", "next_region(-1)", "Previous", show=False, priority=True),
        Binding("d", "details", "Details"),
        Binding("t", "target", "Target"),
        Binding("v", "raw", "Raw"),
        Binding("l", "hold", "Hold"),
    ]
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (110, "-wide")]  # noqa: RUF012  (Textual's own form)
    focused: Reactive[Widget | None] = Reactive(None, repaint=False)  # Textual's own draws all regions anew for a key that goes to another

    def __init__(self, bridge: Bridge, title: str, remark: str, leave: Leave, clock: Callable[[], float]) -> None:
        super().__init__()
        self._bridge, self._place, self._remark, self._leave, self._clock = bridge, title, remark, leave, clock
        self._under_way: tuple[UnderWay, ...] = ()
        self._verdict: Verdict | None = None
        self._end: RunClosed | None = None
        self._folder: Path | None = None
        self._stopping = False
        self._shown: Region = "path"
        self._target = ""
        self._tabs = ""

    def compose(self) -> ComposeResult:
        yield Header(self._place)
        if self._remark:
            yield Static(span(self._remark)[0], id="remark", markup=False)
        yield LinesView(id="now")
        yield Static("", id="tabs", markup=False)
        with Horizontal(id="regions"):
            yield LinesView(id="path", follow=True, cursor=True)
            yield LinesView(id="output", wrap=False, follow=True, cursor=True)
            yield LinesView(id="evidence", follow=True, cursor=True)
            yield LinesView(id="verdict", cursor=True)
        yield QuestionBar(id="question")
        yield KeysLine()

    def on_mount(self) -> None:
        self.query_one("#now", LinesView).can_focus = False
        self.query_one(Header).show_state("▶ running", "accent")
        self._view("verdict").put("verdict", [line(("No verdict yet: the run is under way.", "dim"))])
        self._show("path")

    def _view(self, region: Region) -> LinesView:
        return self.query_one(f"#{region}", LinesView)

    # --- which region ---

    def action_show(self, region: Region) -> None:
        self._show(region)

    def action_next_region(self, step: int = 1) -> None:
        """A question that wants the keys first; from there the next region."""
        places: list[Widget | None] = [*self.query_one(QuestionBar).places]
        asked = self.focused if self.focused in places else None
        if places and asked is None and step > 0:
            self.set_focus(places[0])
        elif asked is not None and 0 <= (at := places.index(asked) + step) < len(places):
            self.set_focus(places[at])
        else:
            self.set_focus(None)
            self._show(self._shown if asked is not None and step < 0 else REGIONS[(REGIONS.index(self._shown) + step) % len(REGIONS)])

    def _show(self, region: Region) -> None:
        self._shown = region
        with ExitStack() as looks:  # with those of the lines it would style hundreds of things anew
            for name in REGIONS:
                looks.enter_context(self._view(name).keeping_looks())
            for name in REGIONS:
                self._view(name).set_class(name == region, "shown", update=not self.has_class("-wide"))  # where there is room all are shown
            self.query_one("#regions").set_class(region == "verdict", "-verdict")
        self._show_titles()
        self._focus_shown()

    def _focus_shown(self) -> None:
        with suppress(NoMatches):  # the screen has gone
            if not self.query_one(QuestionBar).has_keys:
                self.set_focus(self._view(self._shown), scroll_visible=False)  # at once: one painting of the screen instead of two

    def on_question_bar_left(self) -> None:
        if not self.query_one(QuestionBar).current:  # the next one may have come since, and has the keys
            self._focus_shown()

    # --- how it is looked at ---

    def on_lines_region_moved(self) -> None:
        self._show_titles()

    def _show_titles(self) -> None:
        if len(self.query("#regions > LinesView")) < len(REGIONS):
            return  # not there yet, or not any more
        for region in REGIONS:
            view = self._view(region)
            for name, text in (("border_title", TITLES[region]), ("border_subtitle", self.state_of(region))):
                if getattr(view, name) != text:
                    setattr(view, name, text)
        tabs = "  ".join(f"[{TITLES[name]}]" if name == self._shown else f" {TITLES[name]} " for name in REGIONS)
        if (told := f"{tabs}   {self.state_of(self._shown)}") != self._tabs:
            self._tabs = told
            self.query_one("#tabs", Static).update(told, layout=False)

    def state_of(self, region: Region) -> str:
        """`following`, or `held, 1,240 new lines`; for the output also which target and whether it is raw."""
        view = self._view(region)
        if not view.follows or self._end:
            held = ""
        else:
            held = "following" if view.following else f"held, {view.unseen:,} new line{'' if view.unseen == 1 else 's'}"
        if region != "output":
            return held if region == self._shown else ""
        only = f"{self._target} only" if self._target else ""
        return ", ".join(filter(None, (only, "raw" if view.raw else "", held)))

    def action_details(self) -> None:
        path = self._view("path")
        path.show_details(not path.details)

    def action_target(self) -> None:
        """The output of all targets, of the first, of the next one."""
        output = self._view("output")
        roles = ["", *dict.fromkeys(filter(None, (target_of(name) for name, _ in output.sections.everything)))]
        self._target = roles[(roles.index(self._target) + 1) % len(roles)] if self._target in roles else ""
        wanted = self._target
        output.hide((lambda section: target_of(section) != wanted) if wanted else (lambda section: False))
        self._look_at_output()

    def action_raw(self) -> None:
        self._view("output").show_raw(not self._view("output").raw)
        self._look_at_output()

    def action_hold(self) -> None:
        view = self._view(self._shown)
        if view.following:
            view.hold()
        elif view.follows:
            view.follow()
        self._show_titles()

    def _look_at_output(self) -> None:
        if self._shown != "output":
            self._show("output")
        self._show_titles()
