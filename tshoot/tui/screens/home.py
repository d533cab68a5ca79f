"""Home: a symptom in the operator's own words finds a playbook; below are the sessions that were recorded.

Playbooks and sessions are read in a thread: the screen is there at once.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, ClassVar

from textual import work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.screen import Screen
from textual.widgets import Footer, Input, OptionList
from textual.widgets.option_list import Option

from tshoot.errors import TshootError
from tshoot.model.text import clean_line
from tshoot.playbook.causes import Cause, all_causes
from tshoot.playbook.loader import load_playbook, shipped_playbooks
from tshoot.playbook.tree import Playbook
from tshoot.session.archive.index import archived_sessions
from tshoot.session.store import SessionEntry, default_root
from tshoot.tui.lines import BLANK, Line, line, span
from tshoot.tui.matching import Match, matches
from tshoot.tui.outlook import about_lines, outlook_lines
from tshoot.tui.screens.help import Help
from tshoot.tui.widgets.lines.view import LinesView
from tshoot.tui.widgets.status.header import Header
from tshoot.wiring import Opening

if TYPE_CHECKING:
    from tshoot.tui.app import TshootApp

_MOST_SESSIONS = 200
_SIGNS = {"fault": "✗", "healthy": "✓", "inconclusive": "?"}


class SymptomInput(Input):
    BINDINGS: ClassVar[list[BindingType]] = [Binding("enter", "submit", "Choose"), Binding("down", "screen.into_list", "Lists", key_display="↓")]


class Choices(OptionList):
    BINDINGS: ClassVar[list[BindingType]] = [Binding("enter", "select", "Open")]


class HomeScreen(Screen[None]):
    app: TshootApp

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("tab", "app.focus_next", "Next"),
        Binding("slash", "out_of_list", "Symptom", key_display="/"),
        Binding("f1", "help", "Help"),
        Binding("escape", "app.leave_screen", "Leave"),
    ]
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (110, "-wide")]  # noqa: RUF012  (Textual's own form)

    def __init__(self, opening: Opening) -> None:
        super().__init__()
        self._opening = opening
        self._playbooks: list[Playbook] = []
        self._causes: dict[str, Cause] = {}
        self._matches: list[Match] = []
        self._entries: list[SessionEntry] = []

    def compose(self) -> ComposeResult:
        yield Header("from a symptom to its root cause, with proof")
        yield SymptomInput(placeholder="What is wrong? For example: mount denied", id="symptom", select_on_focus=False)
        with Horizontal(id="home"):
            with Vertical(id="lists"):
                yield Choices(id="playbooks", markup=False)
                yield Choices(id="sessions", markup=False)
            yield LinesView(id="about")
        yield Footer(show_command_palette=False)

    def on_mount(self) -> None:
        for region, title in {"#symptom": "Symptom", "#playbooks": "Playbooks", "#sessions": "Recent sessions", "#about": "What it will do"}.items():
            self.query_one(region).border_title = title
        self.query_one("#symptom").focus()
        self._read_playbooks()

    def on_screen_resume(self) -> None:
        self._read_sessions()

    # --- what there is ---

    @work(thread=True, exit_on_error=False, group="playbooks")
    def _read_playbooks(self) -> None:
        playbooks, problems = [], []
        for path in shipped_playbooks():
            try:
                playbooks.append(load_playbook(path))
            except TshootError as error:
                problems.append(error.message)
        self.app.call_from_thread(self._have_playbooks, playbooks, dict(all_causes()), problems)

    def _have_playbooks(self, playbooks: list[Playbook], causes: dict[str, Cause], problems: list[str]) -> None:
        self._playbooks, self._causes = playbooks, causes
        self._match(self.query_one("#symptom", Input).value)
        for problem in problems:
            self.notify(clean_line(problem), severity="warning", markup=False)

    @work(thread=True, exit_on_error=False, exclusive=True, group="sessions")
    def _read_sessions(self) -> None:
        try:
            entries = archived_sessions(self._opening.settings.record or default_root())[:_MOST_SESSIONS]
        except TshootError as error:
            self.app.call_from_thread(partial(self.notify, clean_line(error.message), severity="warning", markup=False))
            return
        self.app.call_from_thread(self._have_sessions, entries)

    def _have_sessions(self, entries: list[SessionEntry]) -> None:
        self._entries = entries
        options = self.query_one("#sessions", OptionList)
        options.clear_options()
        options.add_options([Option(_session_row(entry)) for entry in entries] or [Option(Content("no session yet: a run makes one"), disabled=True)])
        options.highlighted = 0 if entries else None

    def on_input_changed(self, event: Input.Changed) -> None:
        self._match(event.value)

    def _match(self, words: str) -> None:
        self._matches = matches(words, self._playbooks, self._causes)
        options = self.query_one("#playbooks", OptionList)
        options.clear_options()
        options.add_options([Option(_playbook_row(match)) for match in self._matches])
        if self._matches:
            options.highlighted = 0
            self._show_playbook(0)
        elif self._playbooks:
            options.add_option(Option(Content("no playbook fits these words"), disabled=True))
            self._about([line(("No playbook fits. Try other words, such as a line of the error message.", "dim"))])

    # --- what it will do ---

    def on_option_list_option_highlighted(self, event: OptionList.OptionHighlighted) -> None:
        if event.option_list.id == "playbooks":
            self._show_playbook(event.option_index)
        elif event.option_list.has_focus:
            self._show_session(event.option_index)

    def on_descendant_focus(self) -> None:
        sessions = self.query_one("#sessions", OptionList)
        if sessions.has_focus and sessions.highlighted is not None:
            self._show_session(sessions.highlighted)
        elif not sessions.has_focus:
            self._show_playbook(self.query_one("#playbooks", OptionList).highlighted or 0)

    def _show_playbook(self, index: int) -> None:
        if index < len(self._matches):
            match = self._matches[index]
            outlook = outlook_lines(match.playbook, self._opening.targets, self._opening.inputs, self._opening.platforms, match.causes)
            self._about([*about_lines(match.playbook), *outlook])

    def _show_session(self, index: int) -> None:
        if index < len(self._entries):
            self._about(_session_lines(self._entries[index]), "Session")

    def _about(self, lines: list[Line], title: str = "What it will do") -> None:
        about = self.query_one("#about", LinesView)
        about.border_title = title
        about.put("about", lines)
        about.scroll_home(animate=False)

    # --- keys ---

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        return action != "out_of_list" or not isinstance(self.focused, Input)

    def action_into_list(self) -> None:
        self.query_one("#playbooks").focus()

    def action_out_of_list(self) -> None:
        self.query_one("#symptom").focus()

    def on_input_submitted(self, event: Input.Submitted) -> None:
        self._choose_playbook(self.query_one("#playbooks", OptionList).highlighted or 0)

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        if event.option_list.id == "playbooks":
            self._choose_playbook(event.option_index)
        elif event.option_index < len(self._entries):
            entry = self._entries[event.option_index]
            if entry.state != "broken":
                self.app.show_session(entry.path, entry.playbook)

    def _choose_playbook(self, index: int) -> None:
        if index < len(self._matches):
            self.app.set_up(self._matches[index].playbook)

    def action_help(self) -> None:
        self.app.push_screen(Help())


def _playbook_row(match: Match) -> Content:
    because = f"\n  {clean_line(match.because)}" if match.because else ""
    return Content.assemble((clean_line(match.playbook.id), "bold"), "  ", clean_line(match.playbook.title), (because, "dim"))


def _session_row(entry: SessionEntry) -> Content:
    outcome = entry.cause or entry.verdict or entry.state
    return Content.assemble(
        f"{_SIGNS.get(entry.verdict, '-')} ", (clean_line(outcome), "bold"), "  ", (f"{clean_line(entry.playbook)}  {_when(entry)}", "dim")
    )


def _when(entry: SessionEntry) -> str:
    from datetime import datetime

    return datetime.fromtimestamp(entry.started).strftime("%Y-%m-%d %H:%M")


def _session_lines(entry: SessionEntry) -> list[Line]:
    outcome = " ".join(filter(None, (_SIGNS.get(entry.verdict, "-"), entry.verdict or entry.state, entry.cause)))
    rows = {"playbook": entry.playbook, "started": _when(entry), "state": entry.state, "problem": entry.problem, "kept in": str(entry.path)}
    told = [line((f"{name:10}", "dim"), span(text), hang=10) for name, text in rows.items() if text]
    return [line(span(outcome, "strong")), BLANK, *told, BLANK, line(("enter shows it again, from its log alone", "dim"))]
