"""Where sessions are kept, which there are, and how a person names one: `last`, an id, the start of one, a path.

A folder that cannot be read is listed with its problem: one broken session never hides the others.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from tshoot.errors import SessionError, UsageError
from tshoot.model.events import Event, RunEnded, VerdictReached, VerificationBegan
from tshoot.model.text import clean_line
from tshoot.model.verdicts import Verdict
from tshoot.session.codec_v1 import Header, decode
from tshoot.session.evidence import Evidence
from tshoot.session.files import disk_errors
from tshoot.session.log import is_being_written
from tshoot.session.read import EVIDENCE, LOG, chained_lines, marked_lines, read_events, read_header
from tshoot.user_folders import data_folder

_TELLING = re.compile(rb'"event": "(?:RunStarted|VerdictReached|RunEnded|VerificationBegan)"')
_ASKING = re.compile(rb'"event": "EffectRequested"')
_VERDICT = re.compile(rb'"event": "VerdictReached"')
_HEAD = 200  # bytes of a line in which its event is named
_STAMP = re.compile(r"\d{8}T\d{6}Z(?=-)")
_LONGEST_NAME = 256  # bytes that a name in a folder has less than


@dataclass(frozen=True, slots=True)
class SessionEntry:
    """One session of the list. `started` is seconds since the epoch; `verdict` and `cause` are "" where none was reached.

    `state`: finished (to its verdict), running (another process writes it), interrupted (cancelled, failed or killed),
    broken (`problem` says why).
    """

    id: str
    path: Path
    started: float
    playbook: str = ""
    state: Literal["finished", "interrupted", "running", "broken"] = "interrupted"
    verdict: str = ""
    cause: str = ""
    problem: str = ""


@dataclass(frozen=True, slots=True)
class Session:
    """A session that can be read."""

    folder: Path
    header: Header

    def events(self) -> Iterator[Event]:
        """As `read_events`, without the line numbers."""
        return (event for _, event in read_events(self.folder))

    def evidence_path(self, sha256: str) -> Path:
        """Where the raw bytes with that hash lie."""
        return Evidence(self.folder / EVIDENCE).path(sha256)


def default_root() -> Path:
    """The folder of all sessions."""
    return data_folder() / "sessions"


def list_sessions(root: Path) -> list[SessionEntry]:
    """All sessions under `root`, newest first; none where `root` is not there yet. Reads every log: `archived_sessions` is the quick one."""
    return sorted((entry_of(folder) for folder in session_folders(root)), key=lambda entry: (entry.started, entry.id), reverse=True)


def open_session(root: Path, name: str) -> Session:
    """The session that `name` means: `last`, an id or its start, the short id at its end or its start, a path.

    UsageError where none or several fit, SessionError where it cannot be read.
    """
    folder = _find(root, name)
    return Session(folder, read_header(folder))


def _find(root: Path, name: str) -> Path:
    if os.sep in name or (len(os.fsencode(name)) < _LONGEST_NAME and (Path(name) / LOG).is_file()):
        return Path(name)
    if name == "last":
        folders = [folder for folder in session_folders(root) if (folder / LOG).exists()]
        if not folders:
            raise UsageError(f"there is no session yet in {root}", "`tshoot run PLAYBOOK` or `tshoot demo` makes one")
        return max(_newest(folders), key=_began)
    folders = session_folders(root)
    fitting = [folder for folder in folders if folder.name == name] or [folder for folder in folders if _fits(folder.name, name)]
    if not fitting:
        raise UsageError(f"no session is named {clean_line(name)!r}", "`tshoot sessions list` shows those that there are")
    if len(fitting) > 1:
        names = ", ".join(clean_line(folder.name) for folder in fitting)
        raise UsageError(f"{clean_line(name)!r} fits {len(fitting)} sessions: {names}", "give more of its id")
    return fitting[0]


def _newest(folders: list[Path]) -> list[Path]:
    """Those that may have begun last: names of ours begin with their second, so that not every header of a large archive is read for this."""
    stamps = {folder: found[0] for folder in folders if (found := _STAMP.match(folder.name))}
    last = max(stamps.values(), default="")
    return [folder for folder in folders if stamps.get(folder, last) == last]


def _fits(folder_name: str, name: str) -> bool:
    return bool(name) and (folder_name.startswith(name) or folder_name.rpartition("-")[2].startswith(name))


def session_folders(root: Path) -> list[Path]:
    """Every folder directly below `root` that may be a session, by name; none where `root` is not there yet."""
    with disk_errors("read", root):
        if not root.exists():
            return []
        with os.scandir(root) as entries:
            return [Path(root, name) for name in sorted(entry.name for entry in entries if may_be_session(entry))]


def may_be_session(entry: os.DirEntry[str]) -> bool:
    """Whether it is a folder; a link counts if it leads to one, and one that leads nowhere does not hide the others."""
    with suppress(OSError):
        return not entry.name.startswith(".") and entry.is_dir()
    return False


def entry_of(folder: Path) -> SessionEntry:
    """The entry of one folder, whatever is in it."""
    name = clean_line(folder.name)
    try:
        header = read_header(folder)
        entry = SessionEntry(clean_line(header.session), folder, header.started, clean_line(header.playbook))
    except SessionError as error:
        return SessionEntry(name, folder, _changed(folder), state="broken", problem=clean_line(error.message))
    try:
        return _with_outcome(entry)
    except SessionError as error:
        return replace(entry, state="broken", problem=clean_line(error.message))


def verdict_of(folder: Path) -> Verdict | None:
    """The verdict of a log, which is checked to be whole, without decoding all of it. SessionError where it is not."""
    last: tuple[int, bytes] | None = None
    for number, raw in chained_lines(folder):
        if _VERDICT.search(raw, 0, _HEAD):
            last = number, raw
    if last is None:
        return None
    event = decode(last[1], lambda sha256, size: b"").event
    return event.verdict if isinstance(event, VerdictReached) else None


def _with_outcome(entry: SessionEntry) -> SessionEntry:
    """The entry with how it went. Only the lines that tell are decoded; the engine may ask again after an end (a resume)."""
    ended, after, stop = "", 0, None
    for at, raw in marked_lines(entry.path, _TELLING):
        event = decode(raw, lambda sha256, size: b"").event if at else None
        if isinstance(event, VerificationBegan):
            stop = at  # how the run went is told before it
            break
        ended, after = (event.reason, at) if isinstance(event, RunEnded) else ("", 0)
        if isinstance(event, VerdictReached):
            entry = replace(entry, verdict=clean_line(event.verdict.kind), cause=clean_line(event.verdict.cause))
    if ended == "finished" and next(marked_lines(entry.path, _ASKING, after, stop), None) is None:
        return replace(entry, state="finished")
    return replace(entry, state="running" if is_being_written(entry.path) else "interrupted")


def _began(folder: Path) -> tuple[float, str]:
    """What `list_sessions` orders by, from the header alone."""
    try:
        header = read_header(folder)
        return header.started, clean_line(header.session)
    except SessionError:
        return _changed(folder), clean_line(folder.name)


def _changed(folder: Path) -> float:
    try:
        return folder.stat().st_mtime
    except OSError:
        return 0.0
