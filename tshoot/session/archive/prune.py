"""Removing old sessions, carefully: only folders that begin with a header of ours, never a link, never one that is being written.

What to remove is settled first (`prunable`), so that it can be shown and asked about; `remove` looks again at each, under its lock.
"""

from __future__ import annotations

import fcntl
import os
import shutil
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tshoot.errors import SessionError
from tshoot.session.files import disk_errors, open_regular
from tshoot.session.log import is_being_written
from tshoot.session.read import LOG, read_header
from tshoot.session.store import SessionEntry


@dataclass(frozen=True, slots=True)
class Prunable:
    """A session that may go; `bytes` is what its folder takes."""

    entry: SessionEntry
    bytes: int


@dataclass(frozen=True, slots=True)
class Kept:
    """An old session that stays, and why."""

    entry: SessionEntry
    why: str


def prunable(
    entries: Iterable[SessionEntry], before: float, keep_verdicts: frozenset[str], needed: Callable[[Path], str]
) -> tuple[list[Prunable], list[Kept]]:
    """Of all sessions those that began before that time (seconds since the epoch). `needed` says of a folder why it must stay, or ""."""
    going, kept = [], []
    for entry in entries:
        if entry.started >= before or (entry.verdict or "none") in keep_verdicts:
            continue
        why = _why_not(entry.path) or needed(entry.path)
        if why:
            kept.append(Kept(entry, why))
        else:
            going.append(Prunable(entry, _size(entry.path)))
    return going, kept


def remove(folder: Path) -> None:
    """The folder and all in it; SessionError where it is no session of ours, is being written, or cannot be removed."""
    why = _why_not(folder)
    if why:
        raise SessionError(f"{folder}: is not removed: {why}", "look at the folder yourself")
    with _locked(folder), disk_errors("removed", folder):
        shutil.rmtree(folder)  # by descriptors: a link inside is removed, never followed


def _why_not(folder: Path) -> str:
    if folder.is_symlink() or not folder.is_dir():
        return "it is a link, or no folder"
    try:
        read_header(folder)
        return "it is being written" if is_being_written(folder) else ""
    except SessionError as error:
        return f"it is no session that this version can read ({error.message})"


@contextmanager
def _locked(folder: Path) -> Iterator[None]:
    """Nobody begins to write to it while it goes."""
    descriptor = open_regular(folder / LOG)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield
    except BlockingIOError as error:
        raise SessionError(f"{folder}: is not removed: it is being written", "wait for its end") from error
    finally:
        os.close(descriptor)


def _size(folder: Path) -> int:
    total = 0
    for path, _, names in os.walk(folder):
        for name in names:
            try:
                total += (Path(path) / name).lstat().st_size
            except OSError:
                continue
    return total
