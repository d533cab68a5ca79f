"""Export the report: which format, where to; what is there already is overwritten only after a second Enter that was told so."""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar

from textual import work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Footer, Input, OptionList
from textual.widgets.option_list import Option

from tshoot.cancel import CancelToken
from tshoot.errors import Cancelled, TshootError
from tshoot.model.text import clean_line
from tshoot.retrace.report_file import report_of, write_whole
from tshoot.session.read import read_header
from tshoot.session.store import Session
from tshoot.tui.widgets.static import Static

FORMATS = {
    "html": ("html", "one page for a browser or for paper"),
    "md": ("md", "Markdown for a ticket or a wiki"),
    "ticket": ("ticket.md", "a short comment, about 15 lines"),
    "json": ("json", "data"),
    "cast": ("cast", "a recording for asciinema"),
    "junit": ("xml", "a test result for a CI system"),
}

_KEYS = "enter writes it, escape leaves"


class ExportReport(ModalScreen[Path | None]):
    """Gives the file that was written, None where none was."""

    HELP: ClassVar[dict[str, dict[str, str]]] = {  # type: ignore[assignment]  # Textual's own is one text
        "Export the report": {
            "up down": "choose the format",
            "tab": "to the path and back",
            "enter": "write it",
            "escape": "leave; stops what is under way",
        }
    }
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "write", "Write", show=True),
        Binding("tab", "app.focus_next", "Format or path"),
        Binding("escape", "leave", "Leave"),
    ]

    def __init__(self, folder: Path) -> None:
        super().__init__()
        self._folder, self._cancel = folder, CancelToken()
        self._format = next(iter(FORMATS))
        self._agreed: Path | None = None  # a file that may be overwritten
        self._busy = False
        self._written: Path | None = None

    def compose(self) -> ComposeResult:
        with Vertical(id="exporting"):
            yield OptionList(*(Option(Content(f"{name:<7} {about}"), id=name) for name, (_, about) in FORMATS.items()), markup=False)
            yield Input(self._default(self._format), id="export-path", select_on_focus=False)
            yield Static(_KEYS, id="export-said", markup=False)
        yield Footer(show_command_palette=False)

    def on_mount(self) -> None:
        self.query_one("#exporting").border_title = "Export the report"
        choices = self.query_one(OptionList)
        choices.highlighted = 0
        choices.focus()

    def _default(self, format_: str) -> str:
        return str(Path.cwd() / f"{clean_line(self._folder.name)}.{FORMATS[format_][0]}")

    def on_option_list_option_highlighted(self, event: OptionList.OptionHighlighted) -> None:
        """The name follows the format as long as nobody has typed another."""
        field, chosen = self.query_one("#export-path", Input), str(event.option.id)
        if field.value == self._default(self._format):
            field.value = self._default(chosen)
        self._format = chosen

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        event.stop()
        self.action_write()

    def on_input_submitted(self, event: Input.Submitted) -> None:
        event.stop()
        self.action_write()

    def on_input_changed(self) -> None:
        if not self._busy and self._written is None:
            self._say(_KEYS)

    def _say(self, text: str, *, bad: bool = False) -> None:
        said = self.query_one("#export-said", Static)
        said.set_class(bad, "bad")
        said.update(Content(clean_line(text)))

    def action_write(self) -> None:
        if self._busy:
            return
        if self._written:
            self.action_leave()
            return
        typed = self.query_one("#export-path", Input).value.strip()
        try:
            path = Path(typed).expanduser().absolute()
            problem = _problem(path) if typed else "a path is needed"
        except (OSError, ValueError, RuntimeError) as error:
            path, problem = Path(), f"this is no path: {error}"
        if problem:
            self._say(f"! {problem}", bad=True)
        elif path.exists() and path != self._agreed:
            self._agreed = path
            self._say(f"! {path} is there already: enter once more overwrites it, or type another name", bad=True)
        else:
            self._busy = True
            self._say("writing … escape stops it")
            self._write(path, self._format, path == self._agreed)

    @work(thread=True, exit_on_error=False)
    def _write(self, path: Path, format_: str, overwrite: bool) -> None:
        try:
            text = report_of(Session(self._folder, read_header(self._folder)), format_, self._cancel)
            self._cancel.check()
            write_whole(path, text, new=not overwrite)
        except Cancelled:
            return
        except TshootError as error:
            self.app.call_from_thread(self._ended, " ".join(filter(None, (error.message, error.hint and f"({error.hint})"))), None)
            return
        self.app.call_from_thread(self._ended, f"written: {path}, {len(text.encode('utf-8', 'replace')):,} bytes; enter leaves", path)

    def _ended(self, text: str, path: Path | None) -> None:
        if self.is_mounted:
            self._busy, self._written = False, path
            self._say(text if path else f"! {text}", bad=path is None)

    def on_unmount(self) -> None:
        """However it was left: with the whole interface, too."""
        self._cancel.cancel()

    def action_leave(self) -> None:
        self._cancel.cancel()
        self.dismiss(self._written)


def _problem(path: Path) -> str:
    """Why nothing can be written there, "" where nothing is in the way."""
    if path.is_dir():
        return f"{path} is a folder: name a file in it"
    return "" if path.parent.is_dir() else f"{path.parent} is not there"
