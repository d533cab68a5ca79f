"""A comment for the ticket: shown, copied and written to a file.

It is copied by OSC 52, which terminals may ignore (and tmux without `set-clipboard on`) without a word: hence the file, and both are said.
"""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import ClassVar

from textual import work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import Footer

from tshoot.cancel import CancelToken
from tshoot.errors import Cancelled, TshootError
from tshoot.model.text import clean_line
from tshoot.retrace.report_file import report_of, write_whole
from tshoot.session.read import read_header
from tshoot.session.store import Session
from tshoot.tui.lines import BLANK, Line, line, span
from tshoot.tui.ways_out import leaving
from tshoot.tui.widgets.lines.view import LinesView

_MOST_NAMES = 100


class TicketComment(ModalScreen[None]):
    HELP: ClassVar[dict[str, dict[str, str]]] = {  # type: ignore[assignment]  # Textual's own is one text
        "A comment for the ticket": {"c": "copy it again", "q, enter, escape": "leave"}
    }
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("c", "copy", "Copy again"),
        *leaving("leave", "Leave"),
    ]

    def __init__(self, folder: Path) -> None:
        super().__init__()
        self._folder, self._cancel, self._text = folder, CancelToken(), ""

    def compose(self) -> ComposeResult:
        with Vertical(id="ticket"):
            yield LinesView(id="ticket-said")
            yield LinesView(id="ticket-lines")
        yield Footer(show_command_palette=False)

    def on_mount(self) -> None:
        self.query_one("#ticket").border_title = "A comment for the ticket"
        self.query_one("#ticket-said", LinesView).can_focus = False
        self._say([line(("reading the session …", "dim"))])
        self.query_one("#ticket-lines").focus()
        self._make()

    def _say(self, rows: list[Line]) -> None:
        self.query_one("#ticket-said", LinesView).put("said", rows)

    @work(thread=True, exit_on_error=False)
    def _make(self) -> None:
        try:
            text = report_of(Session(self._folder, read_header(self._folder)), "ticket", self._cancel)
            self._cancel.check()
        except Cancelled:
            return
        except TshootError as error:
            self.app.call_from_thread(self._refused, error)
            return
        try:
            said = line(("✓ written to ", "good"), span(written(self._folder.name, text), "strong"), hang=2)
        except TshootError as error:
            said = line(("! ", "bad"), span(error.message), hang=2)
        self.app.call_from_thread(self._have, text, said)

    def _refused(self, error: TshootError) -> None:
        if self.is_mounted:
            self._say([line(("! ", "bad"), span(error.message), hang=2), line(("  ", ""), span(error.hint), hang=2)])

    def _have(self, text: str, said: Line) -> None:
        if self.is_mounted:
            self._text = text
            self.action_copy()
            copied = line(("✓ sent to the clipboard", "good"), (" of your terminal, which may not take it (OSC 52)", "dim"), hang=2)
            self._say([copied, said, BLANK])
            self.query_one("#ticket-lines", LinesView).put("ticket", [line(span(row, "", 4000), hang=2) for row in text.splitlines()])

    def action_copy(self) -> None:
        if self._text:
            self.app.copy_to_clipboard(self._text)

    def action_leave(self) -> None:
        self._cancel.cancel()
        self.dismiss(None)


def written(session: str, text: str) -> Path:
    """Where the comment is now: where tshoot was started, else in the folder for temporary files. Nothing is overwritten; TshootError if nowhere."""
    name = f"ticket-{clean_line(session).replace('/', '-')}"
    problem = TshootError("the comment could not be written to a file", "copy it from here")
    for folder in (Path.cwd(), Path(tempfile.gettempdir())):
        for number in range(_MOST_NAMES):
            path = folder / (f"{name}.md" if not number else f"{name}-{number + 1}.md")
            try:
                write_whole(path, text, new=True)
                return path
            except TshootError as error:
                problem = error
                if not path.exists():
                    break  # this folder takes none
    raise problem
