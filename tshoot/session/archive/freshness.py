"""Which session folders have to be read, found without looking into each of them.

One listing of the root tells which folders are new, gone or replaced: names and inodes, no file is looked at. The log itself (its time and size)
is looked at for sessions that may still change (running, interrupted, broken) and for the newest LOOKED_AT by name. An older one that has its
verdict stays as it was read: whoever goes on with it unsettles it here, under its lock. So a root of 10,000 sessions costs a listing and some
hundred looks a query. What somebody edits by hand in an old finished session is not noticed, nor need it be: `verify` finds it, `--reindex` reads it.
"""

from __future__ import annotations

import hashlib
import os
import sqlite3
from array import array
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from tshoot.session.archive.database import FILE
from tshoot.session.files import disk_errors
from tshoot.session.read import LOG
from tshoot.session.store import may_be_session

LOOKED_AT = 200  # settled sessions, the last by name, whose log is looked at all the same
_BUSY = 2.0  # seconds that going on with a session waits for the index
_Row = tuple[bytes, int, int, int, int]  # folder, inode, mtime, size, settled


@dataclass(frozen=True, slots=True)
class Seen:
    """A folder as it is before it is read. `signature`: time in nanoseconds and size of its log; of the folder, and -1, where it has none."""

    folder: Path
    inode: int
    signature: tuple[int, int]


@dataclass(frozen=True, slots=True)
class Look:
    """`changed` are new or have to be read again, `gone` are names that the index knows and the root does not. `names` stands for all that
    is there, `known`: nothing came or went."""

    changed: list[Seen]
    gone: list[bytes]
    names: bytes
    known: bool


def look(root: Path, database: sqlite3.Connection) -> Look:
    """What has changed since `remember`. SessionError where the root cannot be listed."""
    found = _listed(root)
    names = _digest(found)
    known = database.execute("SELECT names FROM looked").fetchone() == (names,)
    rows = list(_in_doubt(database) if known else _all(database))
    indexed = {row[0]: row for row in rows}
    changed = [_seen(root, name, inode) for name, inode in ([] if known else found.items()) if name not in indexed]
    newest = {row[0] for row in sorted(rows, reverse=True)[:LOOKED_AT]}
    for name, inode, mtime, size, settled in rows:
        if name in found and not (settled and found[name] == inode and name not in newest):
            seen = _seen(root, name, found[name])
            if (seen.inode, *seen.signature) != (inode, mtime, size):
                changed.append(seen)
    return Look(sorted(changed, key=lambda seen: seen.folder.name), [name for name in indexed if name not in found], names, known)


def remember(database: sqlite3.Connection, look: Look) -> None:
    """All of `look` is in the index now."""
    if not look.known:
        database.execute("BEGIN IMMEDIATE")
        database.execute("DELETE FROM looked")
        database.execute("INSERT INTO looked (names) VALUES (?)", (look.names,))
        database.execute("COMMIT")


def unsettle(folder: Path) -> None:
    """Somebody goes on with a session: look at it again, from now on. Its log is locked. Where there is no index, there is nothing to tell."""
    if not (folder.parent / FILE).is_file():
        return
    with suppress(sqlite3.Error):
        connection = sqlite3.connect(folder.parent / FILE, timeout=_BUSY, isolation_level=None)
        try:
            connection.execute("UPDATE session SET settled = 0 WHERE folder = ?", (os.fsencode(folder.name),))
        finally:
            connection.close()


def signature(folder: Path) -> tuple[int, int]:
    for path, log in ((f"{folder}{os.sep}{LOG}", True), (str(folder), False)):
        with suppress(OSError):
            status = os.lstat(path)
            return status.st_mtime_ns, status.st_size if log else -1
    return 0, -1


def _listed(root: Path) -> dict[bytes, int]:
    """Name and inode of every folder that may be a session."""
    if not root.is_dir():
        return {}
    with disk_errors("read", root), os.scandir(root) as entries:
        return {os.fsencode(entry.name): entry.inode() for entry in entries if may_be_session(entry)}


def _digest(found: dict[bytes, int]) -> bytes:
    ordered = sorted(found)
    return hashlib.sha256(b"\0".join(ordered) + array("Q", (found[name] for name in ordered)).tobytes()).digest()


def _in_doubt(database: sqlite3.Connection) -> Iterable[_Row]:
    """Sessions that may change by themselves, and the newest."""
    columns = "SELECT folder, inode, mtime, size, settled FROM session"
    newest = database.execute(f"{columns} ORDER BY folder DESC LIMIT ?", (LOOKED_AT,)).fetchall()
    return {row[0]: row for row in [*newest, *database.execute(f"{columns} WHERE settled = 0")]}.values()


def _all(database: sqlite3.Connection) -> Iterable[_Row]:
    return database.execute("SELECT folder, inode, mtime, size, settled FROM session")


def _seen(root: Path, name: bytes, inode: int) -> Seen:
    folder = root / os.fsdecode(name)
    return Seen(folder, inode, signature(folder))
