"""The index of a root, brought up to date before it is asked: new and changed folders are read, vanished ones forgotten, all others left alone.

A folder has changed where the time or size of its log has. Whether a session is running right now is asked of its lock each time, never remembered.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, TypeVar

from tshoot.cancel import CancelToken
from tshoot.errors import SessionError
from tshoot.session.archive.contents import Contents, contents_of
from tshoot.session.archive.database import with_database
from tshoot.session.log import is_being_written
from tshoot.session.read import LOG
from tshoot.session.store import SessionEntry, entry_of, session_folders

T = TypeVar("T")
_BATCH = 32  # folders that are read before they are written: the lock is held for an instant only
COLUMNS = "number, folder, id, started, playbook, state, verdict, cause, problem, title"
Tell = Callable[[int, int], None]  # folders read, folders to read


@dataclass(frozen=True, slots=True)
class Archive:
    """An index that is up to date. Lives only within `with_archive`."""

    root: Path
    database: sqlite3.Connection

    def entries(self) -> list[SessionEntry]:
        """As `list_sessions`: newest first."""
        rows = self.database.execute(f"SELECT {COLUMNS} FROM session").fetchall()  # noqa: S608
        return sorted((entry for _, entry in map(self.entry, rows)), key=lambda entry: (entry.started, entry.id), reverse=True)

    def entry(self, row: Sequence[Any]) -> tuple[int, SessionEntry]:
        """The number in the index, and the session of a row of COLUMNS."""
        number, folder, id_, started, *texts = row
        playbook, state, verdict, cause, problem, _ = map(text_out, texts)
        path = self.root / os.fsdecode(folder)
        entry = SessionEntry(text_out(id_), path, started, playbook, state, verdict, cause, problem)  # type: ignore[arg-type]
        if state in ("running", "interrupted"):
            with suppress(SessionError):
                entry = replace(entry, state="running" if is_being_written(path) else "interrupted")
        return number, entry


def with_archive(
    root: Path, work: Callable[[Archive], T], *, reindex: bool = False, tell: Tell = lambda done, total: None, cancel: CancelToken | None = None
) -> T:
    """`work` on the archive of `root`; `tell` hears how far the reading is. SessionError where the root cannot be read, Cancelled where told."""
    cancel = cancel or CancelToken()

    def ask(database: sqlite3.Connection) -> T:
        _update(root, database, tell, cancel)
        return work(Archive(root, database))

    return with_database(root, ask, anew=reindex)


def archived_sessions(root: Path) -> list[SessionEntry]:
    """As `list_sessions`, from the index."""
    return with_archive(root, Archive.entries)


def _update(root: Path, database: sqlite3.Connection, tell: Tell, cancel: CancelToken) -> None:
    known = {folder: (mtime, size) for folder, mtime, size in database.execute("SELECT folder, mtime, size FROM session")}
    found = {os.fsencode(folder.name): (folder, _signature(folder)) for folder in session_folders(root)}
    gone = [name for name in known if name not in found]
    changed = [(name, folder, signature) for name, (folder, signature) in found.items() if known.get(name) != signature]
    if gone:
        _write(database, gone, [])
        database.execute("INSERT INTO words (words) VALUES ('optimize')")  # until then the index of words still holds those of the sessions
    for start in range(0, len(changed), _BATCH):
        tell(start, len(changed))
        batch = [(name, signature, *_read(folder, cancel)) for name, folder, signature in changed[start : start + _BATCH]]
        _write(database, [name for name, *_ in batch], batch)


def _read(folder: Path, cancel: CancelToken) -> tuple[SessionEntry, Contents]:
    cancel.check()
    return entry_of(folder), contents_of(folder)


def _signature(folder: Path) -> tuple[int, int]:
    """Time in nanoseconds and size of the log; of the folder, with a size of -1, where it has none."""
    with suppress(OSError):
        status = (folder / LOG).lstat()
        return status.st_mtime_ns, status.st_size
    with suppress(OSError):
        return folder.lstat().st_mtime_ns, -1
    return 0, -1


_Read = tuple[bytes, tuple[int, int], SessionEntry, Contents]


def _write(database: sqlite3.Connection, names: list[bytes], batch: list[_Read]) -> None:
    """One transaction: `names` out, `batch` in."""
    database.execute("BEGIN IMMEDIATE")
    try:
        for name in names:
            for (number,) in database.execute("SELECT number FROM session WHERE folder = ?", (name,)).fetchall():
                database.execute("DELETE FROM words WHERE rowid IN (SELECT number FROM piece WHERE session = ?)", (number,))
                for table in ("piece", "term"):
                    database.execute(f"DELETE FROM {table} WHERE session = ?", (number,))  # noqa: S608  a name of ours
                database.execute("DELETE FROM session WHERE number = ?", (number,))
        for name, signature, entry, contents in batch:
            _insert(database, name, signature, entry, contents)
        database.execute("COMMIT")
    finally:
        if database.in_transaction:
            database.execute("ROLLBACK")


def _insert(database: sqlite3.Connection, name: bytes, signature: tuple[int, int], entry: SessionEntry, contents: Contents) -> None:
    texts = (entry.id, entry.playbook, entry.state, entry.verdict, entry.cause, entry.problem, contents.title)
    id_, playbook, state, verdict, cause, problem, title = map(_text_in, texts)
    values = (name, *signature, id_, entry.started, playbook, state, verdict, cause, problem, title)
    number = database.execute(
        "INSERT INTO session (folder, mtime, size, id, started, playbook, state, verdict, cause, problem, title) VALUES (?,?,?,?,?,?,?,?,?,?,?)",
        values,
    ).lastrowid
    database.executemany("INSERT INTO term (session, kind, value) VALUES (?,?,?)", ((number, kind, value) for kind, value in contents.terms))
    for piece in contents.pieces:
        row = database.execute("INSERT INTO piece (session, kind, source) VALUES (?,?,?)", (number, piece.kind, piece.source)).lastrowid
        database.execute("INSERT INTO words (rowid, text) VALUES (?,?)", (row, piece.text))


def _text_in(text: str) -> str | bytes:
    """Text for a column; as bytes where it is no valid Unicode (the name of a folder), so that it comes out as it was."""
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return text.encode("utf-8", "surrogatepass")
    return text


def text_out(value: str | bytes) -> str:
    """The text of a column."""
    return value if isinstance(value, str) else value.decode("utf-8", "surrogatepass")


def rows_of(archive: Archive, numbers: Iterator[int] | Sequence[int]) -> dict[int, tuple[SessionEntry, str]]:
    """The sessions of these numbers in the index, each with its verdict's title."""
    found = {}
    for number in numbers:
        row = archive.database.execute(f"SELECT {COLUMNS} FROM session WHERE number = ?", (number,)).fetchone()  # noqa: S608
        if row is not None:
            found[number] = (archive.entry(row)[1], text_out(row[-1]))
    return found
