"""All sessions: searched as on the command line, looked at, shown again, played, gone on with, compared, verified, given away and taken in.

The index is asked in a thread, rows are looked at when they are seen: ten thousand sessions scroll like ten.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from textual import work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.content import Content
from textual.timer import Timer
from textual.widgets import Footer, Input

from tshoot.cancel import CancelToken
from tshoot.errors import Cancelled, TshootError
from tshoot.model.text import clean_line
from tshoot.model.verdicts import Verdict
from tshoot.session.archive.query import parse_query
from tshoot.session.archive.remarks import query_remarks
from tshoot.session.archive.search import Hit
from tshoot.session.archive.similar import Similar, similar_to
from tshoot.session.glance import Glance, glance, last_verdict
from tshoot.session.store import SessionEntry, default_root
from tshoot.tui.screens.help import Help
from tshoot.tui.session_actions import SessionActions, found_sessions
from tshoot.tui.ways_out import ways_out
from tshoot.tui.widgets.lines.view import LinesView
from tshoot.tui.widgets.sessions.list import SessionList
from tshoot.tui.widgets.sessions.rows import detail_lines
from tshoot.tui.widgets.static import Static
from tshoot.tui.widgets.status.header import Header
from tshoot.wiring import Opening

if TYPE_CHECKING:
    from tshoot.tui.app import TshootApp

_PAUSE = 0.15  # seconds after the last key before something is looked for


class QueryInput(Input):
    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape,enter,down", "screen.into_list", "List", key_display="esc")]


class SessionsScreen(SessionActions):
    app: TshootApp

    HELP: ClassVar[dict[str, dict[str, str]]] = {  # type: ignore[assignment]  # Textual's own is one text
        "Sessions": {
            "/": "search: words, cause: verdict: playbook: target: address: state: since: until:",
            "enter": "show the run again, at its end",
            "p": "play it again with a time line",
            "r": "go on with an interrupted one; says first what that means",
            "c": "mark one; compare two that are marked, or the marked one with the chosen one",
            "v": "verify that nothing was altered",
            "e i": "export as one file; import one, or only look into it",
        }
    }
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("slash", "search", "Find", key_display="/"),
        Binding("p", "replay", "Play"),
        Binding("r", "resume", "Go on"),
        Binding("c", "compare", "Diff"),
        Binding("v", "verify", "Verify"),
        Binding("e", "export", "Files", key_display="ei"),
        Binding("i", "import", "Import", show=False),
        Binding("tab", "app.focus_next", "Next", show=False),
        *ways_out("app.leave_screen"),
    ]
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (110, "-wide")]  # noqa: RUF012  (Textual's own form)

    def __init__(self, opening: Opening) -> None:
        super().__init__()
        self.root: Path = opening.settings.record or default_root()
        self._hits: dict[Path, Hit] = {}
        self._soon: Timer | None = None
        self._soon_detail: Timer | None = None
        self._asking = CancelToken()

    def compose(self) -> ComposeResult:
        yield Header("sessions: what was recorded")
        yield QueryInput(
            placeholder="words, and filters such as  cause:nfs  verdict:fault  target:esx01  since:7d", id="query", select_on_focus=False
        )
        yield Static("", id="query-remark", markup=False)
        with Horizontal(id="archive"):
            yield SessionList(id="archived")
            yield LinesView(id="detail")
        yield Footer(show_command_palette=False)

    def on_mount(self) -> None:
        self.query_one("#query").border_title = "Search"
        self.query_one("#detail").border_title = "Session"
        self.archived.focus()

    def on_screen_resume(self) -> None:
        self.look_again()

    def on_unmount(self) -> None:
        self._asking.cancel()
        self.let_files_go()

    @property
    def archived(self) -> SessionList:
        return self.query_one(SessionList)

    @property
    def chosen(self) -> SessionEntry | None:
        return self.archived.chosen

    # --- looking for sessions ---

    def on_input_changed(self, event: Input.Changed) -> None:
        remarks = query_remarks(event.value, time.time())
        told = self.query_one("#query-remark", Static)
        told.update(Content("\n".join(remarks)))
        told.display = bool(remarks)
        if self._soon:
            self._soon.stop()
        self._soon = self.set_timer(_PAUSE, self.look_again)

    def look_again(self) -> None:
        """Ask the index; what was being asked is of no use any more."""
        self._asking.cancel()
        self._asking = CancelToken()
        self._look(self.query_one("#query", Input).value, self._asking)

    @work(thread=True, exit_on_error=False, group="archive")
    def _look(self, text: str, cancel: CancelToken) -> None:
        def tell(done: int, total: int) -> None:
            if total > 50:
                self.app.call_from_thread(self._state, f"reading {done:,} of {total:,}")

        try:
            entries, hits, total = found_sessions(self.root, parse_query(text, time.time()), tell, cancel)
        except Cancelled:
            return
        except TshootError as error:
            self.app.call_from_thread(self._have, [], {}, 0, error, cancel)
            return
        self.app.call_from_thread(self._have, entries, hits, total, None, cancel)

    def _have(self, entries: Sequence[SessionEntry], hits: dict[Path, Hit], total: int, error: TshootError | None, asked: CancelToken) -> None:
        if not self.is_mounted or asked.cancelled:
            return
        self._hits = hits
        self.archived.put(entries)
        if error:
            self.say_error(error)
        more = f"{len(entries):,} of {total:,}" if total > len(entries) else f"{total:,}"
        self._state(f"{more} session{'' if total == 1 else 's'}")

    def _state(self, text: str) -> None:
        if self.is_mounted:
            self.query_one(Header).show_state(text, "accent")

    # --- the one that is chosen ---

    def on_session_list_moved(self) -> None:
        entry = self.chosen
        if self._soon_detail:
            self._soon_detail.stop()
        if entry is None or self.verified != entry.path:
            self.verified = None
        if entry is None:
            self._show(["no session fits" if self.query_one("#query", Input).value.strip() else "no session yet: a run makes one"])
            return
        self._detail(entry, None, [])
        self._soon_detail = self.set_timer(_PAUSE, lambda: self._look_into(entry))

    @work(thread=True, exit_on_error=False, exclusive=True, group="detail")
    def _look_into(self, entry: SessionEntry) -> None:
        verdict = last_verdict(entry.path) if entry.state != "broken" else None
        self.app.call_from_thread(self._detail, entry, verdict, [])
        try:
            similar = similar_to(self.root, entry.path)
        except TshootError:
            return
        self.app.call_from_thread(self._detail, entry, verdict, similar)

    def _detail(self, entry: SessionEntry, verdict: Verdict | None, similar: Sequence[Similar]) -> None:
        if self.is_mounted and self.chosen == entry and self.verified != entry.path:
            rows = detail_lines(entry, self.archived.glances.get(entry.path), verdict, self._hits.get(entry.path), list(similar))
            self.show_detail(list(rows))

    def on_session_list_unseen(self) -> None:
        paths = list(self.archived.unseen)
        self._see(paths)

    @work(thread=True, exit_on_error=False, group="glances")
    def _see(self, paths: Sequence[Path]) -> None:
        self.app.call_from_thread(self._seen, {path: glance(path) for path in paths})

    def _seen(self, seen: dict[Path, Glance]) -> None:
        if self.is_mounted:
            self.archived.unseen = {path: None for path in self.archived.unseen if path not in seen}
            self.archived.know(seen)

    # --- keys ---

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        typing = isinstance(self.focused, Input)
        return not typing or action not in ("search", "replay", "resume", "compare", "verify", "export", "import")

    def action_search(self) -> None:
        self.query_one("#query").focus()

    def action_into_list(self) -> None:
        self.archived.focus()

    def action_help(self) -> None:
        self.app.push_screen(Help())

    def _show(self, texts: Sequence[str]) -> None:
        from tshoot.tui.lines import line, span

        self.show_detail([line(span(clean_line(text), "dim")) for text in texts])
