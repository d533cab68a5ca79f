"""The index of a root, brought up to date before it is asked: new and changed folders are read, vanished ones forgotten, all others left alone.

`freshness` says which those are. Whether a session is running right now is asked of its lock each time, never remembered.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from ipaddress import ip_address
from pathlib import Path
from typing import Any, TypeVar

from tshoot.cancel import CancelToken
from tshoot.errors import SessionError
from tshoot.model.text import clean_line
from tshoot.session.archive.contents import Contents, contents_of
from tshoot.session.archive.database import with_database
from tshoot.session.archive.freshness import Seen, look, remember, signature
from tshoot.session.log import is_being_written
from tshoot.session.store import SessionEntry, entry_of

T = TypeVar("T")
_BETWEEN = "tshootsnextpiece"  # a word of nobody, between two pieces of a session
_BATCH = 32  # folders that are read before they are written: the lock is held for an instant only
COLUMNS = "number, folder, id, started, playbook, state, verdict, cause, problem, title"
Tell = Callable[[int, int], None]  # folders read, folders to read


@dataclass(frozen=True, slots=True)
class Archive:
    """An index that is up to date. Lives only within `with_archive`."""

    root: Path
    database: sqlite3.Connection

    def count(self) -> int:
        return int(self.database.execute("SELECT count(*) FROM session").fetchone()[0])

    def entries(self, limit: int | None = None) -> list[SessionEntry]:
        """As `list_sessions`: newest first; at most `limit`."""
        most = -1 if limit is None else limit
        rows = self.database.execute(f"SELECT {COLUMNS} FROM session ORDER BY started DESC, id DESC LIMIT ?", (most,))  # noqa: S608
        return [self.entry(row)[1] for row in rows]

    def entry(self, row: Sequence[Any]) -> tuple[int, SessionEntry]:
        """The number in the index, and the session of a row of COLUMNS."""
        number, folder, id_, started, playbook, state, verdict, cause, problem, _ = row
        path = self.root / os.fsdecode(folder)
        if state in ("running", "interrupted"):
            with suppress(SessionError):
                state = "running" if is_being_written(path) else "interrupted"
        texts = text_out(playbook), state, text_out(verdict), text_out(cause), text_out(problem)
        return number, SessionEntry(text_out(id_), path, started, *texts)


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
    seen = look(root, database)
    if seen.gone:
        _write(database, seen.gone, [])
        database.execute("INSERT INTO words (words) VALUES ('optimize')")  # until then the index of words still holds those of the sessions
    for start in range(0, len(seen.changed), _BATCH):
        tell(start, len(seen.changed))
        batch = [_read(one, cancel) for one in seen.changed[start : start + _BATCH]]
        _write(database, [os.fsencode(one.seen.folder.name) for one in batch], batch)
    remember(database, seen)


@dataclass(frozen=True, slots=True)
class _Read:
    seen: Seen
    entry: SessionEntry
    contents: Contents


def _read(seen: Seen, cancel: CancelToken) -> _Read:
    cancel.check()
    entry = entry_of(seen.folder)
    try:
        return _Read(seen, entry, contents_of(seen.folder))
    except Exception as error:  # a defect of ours over one session must not take the others away
        problem = clean_line(f"its words cannot be read: {type(error).__name__}: {error}")[:300]
        return _Read(seen, replace(entry, problem=entry.problem or problem), Contents())


def _write(database: sqlite3.Connection, names: list[bytes], batch: list[_Read]) -> None:
    """One transaction: `names` out, `batch` in."""
    database.execute("BEGIN IMMEDIATE")
    try:
        for name in names:
            for (number,) in database.execute("SELECT number FROM session WHERE folder = ?", (name,)).fetchall():
                _forget(database, number)
        for one in batch:
            _insert(database, one)
        database.execute("COMMIT")
    finally:
        if database.in_transaction:
            database.execute("ROLLBACK")


def _forget(database: sqlite3.Connection, number: int) -> None:
    """The index of words keeps no texts: it forgets those that it is told, and they must be the very ones."""
    texts = [text for (text,) in database.execute("SELECT text FROM piece WHERE session = ? ORDER BY number", (number,))]
    database.execute("INSERT INTO words (words, rowid, text) VALUES ('delete', ?, ?)", (number, _document(texts)))
    for table in ("piece", "term"):
        database.execute(f"DELETE FROM {table} WHERE session = ?", (number,))  # noqa: S608  a name of ours
    database.execute("DELETE FROM session WHERE number = ?", (number,))


def _document(texts: Sequence[str]) -> str:
    """All that a session says; words side by side stand in one piece of it."""
    return f" {_BETWEEN} ".join(texts)


def _is_settled(one: _Read) -> bool:
    """Whether it stays as it was read until somebody goes on with it. Asked while the index is locked: whoever goes on with it says so there."""
    if one.entry.state != "finished" or signature(one.seen.folder) != one.seen.signature:
        return False
    with suppress(SessionError):
        return not is_being_written(one.seen.folder)
    return False


def _insert(database: sqlite3.Connection, one: _Read) -> None:
    entry, contents = one.entry, one.contents
    texts = (entry.id, entry.playbook, entry.state, entry.verdict, entry.cause, entry.problem, contents.title)
    id_, playbook, state, verdict, cause, problem, title = map(_text_in, texts)
    seen = (os.fsencode(one.seen.folder.name), one.seen.inode, *one.seen.signature, _is_settled(one))
    number = database.execute(
        "INSERT INTO session (folder, inode, mtime, size, settled, id, started, playbook, state, verdict, cause, problem, title)"
        " VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?)",
        (*seen, id_, entry.started, playbook, state, verdict, cause, problem, title),
    ).lastrowid
    terms = ((number, kind, value, packed(value) if kind.endswith("address") else None) for kind, value in contents.terms)
    database.executemany("INSERT INTO term (session, kind, value, packed) VALUES (?,?,?,?)", terms)
    pieces = ((number, piece.kind, piece.source, piece.text) for piece in contents.pieces)
    database.executemany("INSERT INTO piece (session, kind, source, text) VALUES (?,?,?,?)", pieces)
    document = _document([piece.text for piece in contents.pieces])
    database.execute("INSERT INTO words (rowid, text) VALUES (?,?)", (number, document))


def packed(address: str) -> bytes | None:
    """An address as bytes that stand in the order of addresses, IPv4 before IPv6; None where it is none."""
    try:
        found = ip_address(address)
    except ValueError:
        return None
    return bytes([found.version]) + found.packed


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
