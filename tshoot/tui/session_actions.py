"""What can be done with the session that is chosen in the list. A part of the sessions screen: it has `root`, `chosen` and `archived`."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack
from functools import cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING

from textual import work
from textual.screen import Screen

from tshoot.cancel import CancelToken
from tshoot.errors import Cancelled, TshootError
from tshoot.model.text import clean_line
from tshoot.session.archive.index import Archive, Tell, with_archive
from tshoot.session.archive.query import Query
from tshoot.session.archive.search import Hit, search
from tshoot.session.packed.export import SUFFIX, export_session
from tshoot.session.packed.unpack import import_session, is_session_file, unpacked
from tshoot.session.read import read_header
from tshoot.session.store import Session, SessionEntry
from tshoot.session.verify import verify
from tshoot.tui.lines import BLANK, Line, line, span
from tshoot.tui.screens.ask_path import AskPath
from tshoot.tui.screens.confirm import Confirm
from tshoot.tui.widgets.lines.view import LinesView

if TYPE_CHECKING:
    from tshoot.tui.app import TshootApp
    from tshoot.tui.widgets.sessions.list import SessionList

MOST_HITS = 1000  # of a search; without one all are shown
_MOST_PROBLEMS = 100
Found = tuple[Sequence[SessionEntry], dict[Path, Hit], int]


def found_sessions(root: Path, query: Query, tell: Tell, cancel: CancelToken) -> Found:
    """The sessions that fit, newest first, where the words were found, and how many there are."""

    def ask(archive: Archive) -> Found:
        if query == Query():
            entries = archive.entries()
            return entries, {}, len(entries)
        hits, total = search(archive, query, MOST_HITS)
        return [hit.entry for hit in hits], {hit.entry.path: hit for hit in hits}, total

    return with_archive(root, ask, tell=tell, cancel=cancel)


class SessionActions(Screen[None]):
    app: TshootApp
    root: Path
    verified: Path | None = None  # the session whose verification is shown in place of what is known of it

    @property
    def chosen(self) -> SessionEntry | None:
        raise NotImplementedError

    @property
    def archived(self) -> SessionList:
        raise NotImplementedError

    def look_again(self) -> None:
        raise NotImplementedError

    def say(self, text: str, *, bad: bool = False) -> None:
        self.notify(clean_line(text), severity="error" if bad else "information", timeout=8 if bad else 4, markup=False)

    def say_error(self, error: TshootError) -> None:
        self.say(" ".join(filter(None, (error.message, error.hint and f"({error.hint})"))), bad=True)

    def show_detail(self, rows: Sequence[Line]) -> None:
        view = self.query_one("#detail", LinesView)
        view.clear()
        view.put("detail", rows)

    def _readable(self) -> SessionEntry | None:
        """The chosen one, where it can be read; else why not is said."""
        entry = self.chosen
        if entry is None:
            self.say("no session is chosen")
        elif entry.state == "broken":
            self.say(f"{entry.id} cannot be read: {entry.problem}", bad=True)
        else:
            return entry
        return None

    # --- show, play, go on, compare ---

    def on_session_list_chosen(self) -> None:
        if entry := self._readable():
            self.app.show_session(entry.path, entry.playbook)

    def action_replay(self) -> None:
        if entry := self._readable():
            self.app.show_replay(entry.path, entry.playbook)

    def action_resume(self) -> None:
        entry = self._readable()
        if entry and entry.state == "finished":
            self.say("the run ended with its verdict: there is nothing to go on with; enter shows it, p plays it")
        elif entry and entry.state == "running":
            self.say("another tshoot is writing this session: wait for it to end")
        elif entry:
            self.app.resume_session(entry.path)

    def action_compare(self) -> None:
        """Mark the first one; with the second both are compared."""
        entry = self._readable()
        if entry is None:
            return
        self.archived.mark(entry.path)
        if len(self.archived.marked) == 2:
            first, second = self.archived.marked
            self.archived.marked = []
            self.app.compare_sessions(first, second)
        elif self.archived.marked:
            self.say("marked; c on another session compares the two")

    # --- verify ---

    def action_verify(self) -> None:
        if entry := self.chosen:
            self.verified = entry.path
            self.show_detail([line(span(f"verifying {entry.id} …", "dim"))])
            self._verify(entry)

    @work(thread=True, exit_on_error=False, exclusive=True, group="verify")
    def _verify(self, entry: SessionEntry) -> None:
        try:
            problems = verify(entry.path, self._left)
        except Cancelled:
            return
        broken = sum(not problem.remark for problem in problems)
        said = (
            f"! altered or damaged: {broken} problem{'s' * (broken != 1)}" if broken else "✓ intact: every line and all evidence is as it was written"
        )
        rows = [line(span(entry.id, "strong")), line((said, "bad" if broken else "good")), BLANK]
        rows += [line(("! " if not problem.remark else "- ", "warn"), span(str(problem)), hang=2) for problem in problems[:_MOST_PROBLEMS]]
        rows += [line((f"… {len(problems) - _MOST_PROBLEMS} more", "dim"))] if len(problems) > _MOST_PROBLEMS else []
        self.app.call_from_thread(self._have_verified, entry, rows)

    def _have_verified(self, entry: SessionEntry, rows: Sequence[Line]) -> None:
        if self.is_mounted and self.verified == entry.path:
            self.show_detail(rows)

    # --- files ---

    def action_export(self) -> None:
        entry = self._readable()
        if entry is None:
            return
        question = f"Export {entry.id} with everything in it, names and addresses included, to"
        self.app.push_screen(AskPath(question, f"{entry.id}{SUFFIX}", _no_target, "export"), partial(self._export_to, entry))

    def _export_to(self, entry: SessionEntry, given: tuple[Path, str] | None) -> None:
        if given and given[0].exists():
            sure = Confirm(f"{clean_line(str(given[0]))} is there already. Overwrite it?")
            self.app.push_screen(sure, partial(self._overwrite, entry, given[0]))
        elif given:
            self._export(entry, given[0], force=False)

    def _overwrite(self, entry: SessionEntry, target: Path, sure: bool | None) -> None:
        if sure:
            self._export(entry, target, force=True)

    @work(thread=True, exit_on_error=False, group="files")
    def _export(self, entry: SessionEntry, target: Path, *, force: bool) -> None:
        self.app.call_from_thread(self.say, f"writing {target} …: leaving this screen stops it")
        try:
            size = export_session(Session(entry.path, read_header(entry.path)), target, force=force, cancel=self._left)
        except Cancelled:
            return
        except TshootError as error:
            self.app.call_from_thread(self.say_error, error)
            return
        self.app.call_from_thread(self.say, f"{target}: {size:,} bytes; for strangers there is `tshoot sessions redact`")

    def action_import(self) -> None:
        question = "A session file (.tshoot). Nothing in it is believed: all of it is checked first."
        self.app.push_screen(AskPath(question, "", _no_session_file, "import and keep it", "only look into it"), self._take)

    def _take(self, given: tuple[Path, str] | None) -> None:
        if given and given[1] == "other":
            self._look_into_file(given[0])
        elif given:
            self._import(given[0])

    @work(thread=True, exit_on_error=False, group="files")
    def _import(self, file: Path) -> None:
        try:
            session, new = import_session(file, self.root, self._left)
        except Cancelled:
            return
        except TshootError as error:
            self.app.call_from_thread(self.say, str(error), bad=True)
            return
        said = "imported" if new else "the very same session is there already"
        self.app.call_from_thread(self._imported, f"{session.header.session}: {said}")

    def _imported(self, said: str) -> None:
        self.say(said)
        self.look_again()

    @work(thread=True, exit_on_error=False, group="files")
    def _look_into_file(self, file: Path) -> None:
        """Unpacked privately until the screen is left."""
        try:
            session = self._files.enter_context(unpacked(file, self._left))
        except Cancelled:
            return
        except TshootError as error:
            self.app.call_from_thread(self.say, str(error), bad=True)
            return
        self.app.call_from_thread(self.app.show_replay, session.folder, f"{session.header.playbook}: {file.name}")

    @property
    def _files(self) -> ExitStack:
        if not hasattr(self, "_unpacked"):
            self._unpacked = ExitStack()
        return self._unpacked

    @cached_property
    def _left(self) -> CancelToken:
        """Set when the screen is left: what is written or read for it in a thread ends, and leaves no file."""
        return CancelToken()

    def let_files_go(self) -> None:
        self._left.cancel()
        self._files.close()


def _no_target(path: Path) -> str:
    """Why nothing can be written there."""
    if path.is_dir():
        return f"{path} is a folder: name a file in it"
    return "" if path.absolute().parent.is_dir() else f"{path.absolute().parent} is not there"


def _no_session_file(path: Path) -> str:
    if not path.is_file():
        return f"{path} is not there" if not path.exists() else f"{path} is no file"
    return "" if is_session_file(path) else f"{path} is no session file: `tshoot sessions export` makes them"
