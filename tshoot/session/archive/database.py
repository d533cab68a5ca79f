"""The file of the index, `index.sqlite` beside the sessions: opened, made anew where it is not sound, or done without.

Whatever is wrong with the file is no error for whoever asks: one that is damaged, or of another version, is built again; where none can be written
(a read-only folder, no room, a lock that never ends) the index is made in memory. It is private (0600), as the sessions are.
"""

from __future__ import annotations

import fcntl
import os
import sqlite3
import stat
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TypeVar
from urllib.parse import quote

from tshoot.errors import SessionError

T = TypeVar("T")

FILE = "index.sqlite"
VERSION = 3  # of the tables and of what is put into them: another one is built anew
_BUSY = 5.0  # seconds to wait for another process that writes
# A session is one document of `words`, so that a search is one walk over the lists of its words; the texts themselves are in `piece`, once.
# `settled`: nothing of it changes unless tshoot goes on with it. `packed`: an address as bytes, in the order of addresses. `looked`: what was there.
_TABLES = """
CREATE TABLE session (
  number INTEGER PRIMARY KEY, folder BLOB NOT NULL UNIQUE, inode INTEGER NOT NULL, mtime INTEGER NOT NULL, size INTEGER NOT NULL,
  settled INTEGER NOT NULL, id TEXT NOT NULL, started REAL NOT NULL, playbook TEXT NOT NULL, state TEXT NOT NULL, verdict TEXT NOT NULL,
  cause TEXT NOT NULL, problem TEXT NOT NULL, title TEXT NOT NULL
);
CREATE INDEX session_order ON session (started, id);
CREATE INDEX session_settled ON session (settled);
CREATE INDEX session_verdict ON session (verdict);
CREATE INDEX session_cause ON session (cause);
CREATE INDEX session_playbook ON session (playbook);
CREATE TABLE term (session INTEGER NOT NULL, kind TEXT NOT NULL, value TEXT NOT NULL, packed BLOB);
CREATE INDEX term_value ON term (kind, value, session);
CREATE INDEX term_packed ON term (packed, session) WHERE packed IS NOT NULL;
CREATE INDEX term_session ON term (session);
CREATE TABLE piece (number INTEGER PRIMARY KEY, session INTEGER NOT NULL, kind TEXT NOT NULL, source TEXT NOT NULL, text TEXT NOT NULL);
CREATE INDEX piece_session ON piece (session);
CREATE TABLE looked (names BLOB NOT NULL);
CREATE VIRTUAL TABLE words USING fts5 (text, content = '', tokenize = 'unicode61 remove_diacritics 2');
"""


class _Unsound(Exception):
    """The file is no index of this version."""


def with_database(root: Path, work: Callable[[sqlite3.Connection], T], *, anew: bool = False) -> T:
    """`work` on the index of `root`; called again, on a new one, where the first turns out to be damaged. It must be able to start over."""
    if not root.is_dir():
        return _in_memory(None, work)
    path = root / FILE
    for again in (False, True):
        try:
            with _opened(path, anew or again) as connection:
                return work(connection)
        except _Unsound:
            continue
        except sqlite3.DatabaseError as error:
            if not _means_damage(error):
                break
        except OSError:
            break
    return _in_memory(None if anew else path, work)


@contextmanager
def _opened(path: Path, anew: bool) -> Iterator[sqlite3.Connection]:
    if anew:
        _remove(path)
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, 0o600)
    try:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise OSError(f"{path} is no regular file")
    finally:
        os.close(descriptor)
    connection = sqlite3.connect(path, timeout=_BUSY, isolation_level=None)
    try:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = NORMAL")
        connection.execute("PRAGMA secure_delete = ON")  # what was removed with its session does not linger here
        _prepare(connection)
        yield connection
    finally:
        connection.close()


def _prepare(connection: sqlite3.Connection) -> None:
    """Make the tables of a new file; _Unsound where it is of another version, or somebody else's."""
    if _version(connection) == VERSION:
        return
    connection.execute("BEGIN IMMEDIATE")
    try:
        if _version(connection) == VERSION:  # another process was faster
            return
        if connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()[0]:
            raise _Unsound
        for statement in _TABLES.split(";\n"):
            connection.execute(statement)
        connection.execute(f"PRAGMA user_version = {VERSION}")
        connection.execute("COMMIT")
    finally:
        if connection.in_transaction:
            connection.execute("ROLLBACK")


def _version(connection: sqlite3.Connection) -> int:
    return int(connection.execute("PRAGMA user_version").fetchone()[0])


def _in_memory(copied: Path | None, work: Callable[[sqlite3.Connection], T]) -> T:
    """Without a file of its own; what is in one that can only be read is taken over."""
    if copied is not None:
        with suppress(sqlite3.Error, OSError, _Unsound), _copy(copied) as connection:
            return work(connection)
    connection = sqlite3.connect(":memory:", isolation_level=None)
    try:
        _prepare(connection)
    except sqlite3.OperationalError as error:
        connection.close()
        raise SessionError(f"there can be no index of the sessions: {error}", "SQLite needs its module FTS5; `sessions list` needs none") from error
    try:
        return work(connection)
    finally:
        connection.close()


@contextmanager
def _copy(path: Path) -> Iterator[sqlite3.Connection]:
    if not stat.S_ISREG(path.lstat().st_mode):
        raise _Unsound
    memory = sqlite3.connect(":memory:", isolation_level=None)
    try:
        source = sqlite3.connect(f"file:{quote(os.fsencode(path.absolute()))}?mode=ro&immutable=1", uri=True)
        try:
            source.backup(memory)
        finally:
            source.close()
        if _version(memory) != VERSION:
            raise _Unsound
        yield memory
    finally:
        memory.close()


def _means_damage(error: sqlite3.DatabaseError) -> bool:
    """Whether the file is to blame. A lock, a full disk, a read-only folder are operational errors, as are tables that somebody changed."""
    if isinstance(error, sqlite3.ProgrammingError):
        raise error
    told = str(error)
    return not isinstance(error, sqlite3.OperationalError) or told.startswith(("no such ", "malformed")) or " has no column" in told


def _remove(path: Path) -> None:
    """Under a lock of the folder: of two processes that find the same damage, the second must not take away what the first has begun."""
    folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        with suppress(OSError):
            fcntl.flock(folder, fcntl.LOCK_EX)
        for name in (path, path.with_name(f"{path.name}-wal"), path.with_name(f"{path.name}-shm")):
            if name.is_dir() and not name.is_symlink():
                raise IsADirectoryError(f"{name} is a folder")
            name.unlink(missing_ok=True)
    finally:
        os.close(folder)
