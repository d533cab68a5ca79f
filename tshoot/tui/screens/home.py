"""Home: a symptom in the operator's own words finds a playbook, a path opens a file; below are the sessions that were recorded.

Playbooks and sessions are read in threads after the first picture: the screen is there at once.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, ClassVar

from textual import work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.widgets import Footer, Input, OptionList

from tshoot.errors import TshootError
from tshoot.model.text import clean_line
from tshoot.tui.paths import Choice
from tshoot.tui.screens.help import Help
from tshoot.tui.screens.running.fitted import FittedScreen
from tshoot.tui.widgets.home.about import About
from tshoot.tui.widgets.home.choices import Choices
from tshoot.tui.widgets.home.symptom import SymptomField
from tshoot.tui.widgets.status.header import Header

if TYPE_CHECKING:
    from tshoot.opening import Opening
    from tshoot.tui.app import TshootApp
    from tshoot.tui.catalogue import Playbooks, Sessions
    from tshoot.tui.matching import Match


class HomeScreen(FittedScreen):
    app: TshootApp

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("tab", "app.focus_next", "Next"),
        Binding("slash", "out_of_list", "Symptom", key_display="/"),
        Binding("ctrl+o", "open_file", "Open file", key_display="^o"),
        Binding("ctrl+s", "all_sessions", "Sessions", key_display="^s"),
        Binding("f1", "help", "Help"),
        Binding("escape", "leave", "Leave", key_display="esc"),
        Binding("q", "leave", show=False),
        Binding("question_mark", "help", show=False),
    ]
    HELP: ClassVar[dict[str, dict[str, str]]] = {  # type: ignore[assignment]  # Textual's own is one text
        "Home": {
            "enter": "on a playbook: set it up; on a session: show it again",
            "/": "back to the symptom",
            "ctrl+o": "open a capture or a transcript",
            "ctrl+s": "all sessions: search, replay, compare",
            "‹name›": "stands in a command for what is not known yet",
            "◷": "how long it takes",
        }
    }
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (110, "-wide")]  # noqa: RUF012  (Textual's own form)

    def __init__(self, opening: Opening) -> None:
        super().__init__()
        self._opening = opening
        self._playbooks: Playbooks | None = None
        self._sessions: Sessions | None = None
        self._matches: list[Match] = []
        self._files: list[Choice] | None = None  # while the field holds a path

    def compose(self) -> ComposeResult:
        yield Header("from a symptom to its root cause, with proof")
        yield SymptomField()
        with Horizontal(id="home"):
            with Vertical(id="lists"):
                yield Choices(id="playbooks", markup=False)
                yield Choices(id="sessions", markup=False)
            yield About(id="about")
        yield Footer(show_command_palette=False)

    def on_mount(self) -> None:
        for region, title in {"#playbooks": "Playbooks", "#sessions": "Recent sessions"}.items():
            self.query_one(region).border_title = title
        self._list("sessions").border_subtitle = "ctrl+s all of them"
        self.query_one("#symptom").focus()
        self.call_after_refresh(self._read_playbooks)

    def on_screen_resume(self) -> None:
        self.call_after_refresh(self._read_sessions)

    def _list(self, name: str) -> Choices:
        return self.query_one(f"#{name}", Choices)

    # --- what there is ---

    @work(thread=True, exit_on_error=False, group="playbooks")
    def _read_playbooks(self) -> None:
        from tshoot.tui.catalogue import read_playbooks

        self.app.call_from_thread(self._have_playbooks, read_playbooks())

    def _have_playbooks(self, playbooks: Playbooks) -> None:
        self._playbooks = playbooks
        if self._files is None:
            self._match(self.query_one(SymptomField).value)
        for problem in playbooks.problems:
            self.notify(clean_line(problem), severity="warning", markup=False)

    @work(thread=True, exit_on_error=False, exclusive=True, group="sessions")
    def _read_sessions(self) -> None:
        from tshoot.tui.catalogue import read_sessions

        try:
            sessions = read_sessions(self.app.archive_root)
        except TshootError as error:
            self.app.call_from_thread(partial(self.notify, clean_line(error.message), severity="warning", markup=False))
            return
        self.app.call_from_thread(self._have_sessions, sessions)

    def _have_sessions(self, sessions: Sessions) -> None:
        from tshoot.tui.widgets.home.telling import session_row

        self._sessions = sessions
        self._list("sessions").fill([session_row(entry) for entry in sessions.entries], "no session yet: a run makes one")
        if not self._list("sessions").has_focus and self._files is None:
            self._show_playbook(self._list("playbooks").highlighted or 0)

    def on_symptom_field_typed(self, event: SymptomField.Typed) -> None:
        self._take_words(event.words)

    def _take_words(self, words: str) -> None:
        self._files = None
        self._list("playbooks").border_title = "Playbooks"
        self._match(words)

    def _catch_up(self) -> None:
        """With what was typed within the last moment, before one of the list is taken."""
        field = self.query_one(SymptomField)
        if not field.is_path and field.hurried():
            self._take_words(field.value)

    def _match(self, words: str) -> None:
        from tshoot.tui.widgets.home.telling import playbook_row

        if self._playbooks is None:
            return
        self._matches = self._playbooks.finder.matches(words)
        self._list("playbooks").fill([playbook_row(match) for match in self._matches], "no playbook fits these words")
        if self._matches:
            self._show_playbook(0)
        elif self._playbooks.playbooks:
            self.query_one(About).show_nothing_fits()

    # --- a file instead ---

    def on_symptom_field_looked(self, event: SymptomField.Looked) -> None:
        from tshoot.tui.widgets.home.telling import choice_row

        field = self.query_one(SymptomField)
        if event.typed != field.value:
            return
        if event.words and (self._playbooks is None or self._playbooks.finder.matches(event.typed)):
            field.are_words()
            self._take_words(event.typed)
            if event.open_it:
                self._choose_playbook(self._list("playbooks").highlighted or 0)
            return
        field.have(event.found)
        self._files = event.found
        self._list("playbooks").border_title = "Files"
        self._list("playbooks").fill([choice_row(choice) for choice in event.found], "no file begins like this")
        self.query_one(About).show_place(event.place)
        if event.place.kind == "wrong" and (event.open_it or not event.found):
            field.say(f"{event.place.path}: {event.place.said}")
        elif event.open_it and not self.app.open_place(event.place):
            field.take(f"{str(event.place.path).rstrip('/')}/")

    # --- what it will do ---

    def on_option_list_option_highlighted(self, event: OptionList.OptionHighlighted) -> None:
        if event.option_list.id == "sessions":
            if event.option_list.has_focus:
                self._show_session(event.option_index)
        elif self._files is None and not self._list("sessions").has_focus:  # the playbooks may be there after the keys have moved on
            self._show_playbook(event.option_index)

    def on_descendant_focus(self) -> None:
        sessions = self._list("sessions")
        if sessions.has_focus and sessions.highlighted is not None:
            self._show_session(sessions.highlighted)
        elif not sessions.has_focus and not self.query_one("#about").has_focus and self._files is None:
            self._show_playbook(self._list("playbooks").highlighted or 0)

    def _show_playbook(self, index: int) -> None:
        if index < len(self._matches):
            match = self._matches[index]
            took = self._sessions.took.get(match.playbook.id, ()) if self._sessions else ()
            self.query_one(About).show_playbook(match, self._opening, took)

    def _show_session(self, index: int) -> None:
        if self._sessions and index < len(self._sessions.entries):
            self.query_one(About).show_session(self._sessions.entries[index])

    # --- keys ---

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        return action != "out_of_list" or not isinstance(self.focused, Input)

    def action_into_list(self) -> None:
        self._catch_up()
        self._list("playbooks").focus()

    def action_out_of_list(self) -> None:
        self.query_one("#symptom").focus()

    def action_open_file(self) -> None:
        field = self.query_one(SymptomField)
        if not field.is_path:
            field.take("./")

    def action_all_sessions(self) -> None:
        self.app.show_sessions()

    def action_leave(self) -> None:
        self.app.action_leave_screen()

    def on_input_submitted(self, event: Input.Submitted) -> None:
        field = self.query_one(SymptomField)
        if field.is_path:
            field.look(open_it=True)
        else:
            self._catch_up()
            self._choose_playbook(self._list("playbooks").highlighted or 0)

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        if event.option_list.id == "sessions":
            entry = self._sessions.entries[event.option_index] if self._sessions else None
            if entry and entry.state != "broken":
                self.app.show_session(entry.path, entry.playbook)
        elif self._files is not None:
            field = self.query_one(SymptomField)
            field.take(self._files[event.option_index].text)
            if not self._files[event.option_index].folder:
                field.look(open_it=True)
        else:
            self._choose_playbook(event.option_index)

    def _choose_playbook(self, index: int) -> None:
        if index < len(self._matches):
            self.app.set_up(self._matches[index].playbook)

    def action_help(self) -> None:
        self.app.push_screen(Help())
