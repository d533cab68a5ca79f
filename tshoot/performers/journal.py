"""Which capture files lie on which target, written down before they do, so that a crashed run's are found at the next connect.

One JSON line a change (`started`, `running` with its pid, `unpulled`, `removed`), flushed to the disk before tshoot goes on, in
a file of the run's own in `folder` (one for all sessions) and, where asked, also in the session's own folder. The owner holds a lock
on its file for as long as it lives, which even `kill -9` ends: a capture whose owner lives is never a leftover.
"""

from __future__ import annotations

import fcntl
import json
import os
import re
import secrets
import stat
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path, PurePosixPath
from typing import Literal

from tshoot.errors import SessionError, UsageError
from tshoot.transports.address import parse_address

State = Literal["started", "running", "unpulled", "removed"]
_SAFE_PATH = re.compile(r"/(?:[^/\0\n]+/)*tshoot-[A-Za-z0-9-]{1,80}\.pcap")
_MAX_FILE = 4 << 20
_LATER = {"platform": str, "place": str, "at": float}  # fields that older journals lack


@dataclass(frozen=True, slots=True)
class CaptureRecord:
    """One capture file on a target; `pid` is the capture program's, once it is known.

    `place` is where `host` led when it was noted ("": as typed), `at` when that was (seconds since the epoch, 0: not known).
    """

    host: str
    path: str
    state: State
    pid: int | None = None
    platform: str = field(default="", compare=False)
    place: str = field(default="", compare=False)
    at: float = field(default=0.0, compare=False)

    @property
    def session(self) -> str:
        """The short id of the session whose capture it is."""
        return PurePosixPath(self.path).name.removeprefix("tshoot-").removesuffix(".pcap").rpartition("-")[0]


@dataclass(frozen=True, slots=True)
class Leftover:
    """A capture of a run that is no more. `journal` is the file that still lists it, `own` the one in its session's folder."""

    record: CaptureRecord
    journal: Path | None
    own: Path | None = None


class CaptureJournal:
    """The journal of one run. Nothing is created before the first `note`. Safe from any thread."""

    def __init__(self, folder: Path, session: str, session_file: Path | None = None) -> None:
        self.folder = folder
        self._file = folder / f"{session}-{os.getpid()}-{secrets.token_hex(3)}.jsonl"  # a resumed session finds its own leftovers too
        self._also = session_file
        self._descriptor: int | None = None
        self._lock = threading.Lock()
        self._there: set[tuple[str, str]] = set()

    def note(self, record: CaptureRecord) -> None:
        """Durable when it returns; SessionError where it cannot be written, and then no capture may start."""
        with self._lock:
            try:
                if self._descriptor is None:
                    self._descriptor = _open_locked(self._file)
                _append(self._descriptor, record)
                if self._also is not None:
                    own = os.open(self._also, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
                    try:
                        _append(own, record)
                    finally:
                        os.close(own)
            except OSError as error:
                hint = "free some space there, or check its permissions: no capture starts without its journal"
                raise SessionError(f"{self._file}: the capture journal cannot be written: {error.strerror}", hint) from error
            change = self._there.discard if record.state == "removed" else self._there.add
            change((record.host, record.path))

    def close(self) -> None:
        """Let go of the lock; the file goes when nothing is left on any target."""
        with self._lock:
            if self._descriptor is not None:
                if not self._there:
                    self._file.unlink(missing_ok=True)
                os.close(self._descriptor)
                self._descriptor = None


def leftovers(folder: Path, host: str, place: str = "") -> list[Leftover]:
    """What runs that ended without cleaning up left on `host` (as typed; the user does not matter, name and port do), or at the same `place`."""
    return [one for one in all_leftovers(folder) if is_on(one.record, host, place)]


def all_leftovers(folder: Path) -> list[Leftover]:
    """What runs that ended without cleaning up left on any target."""
    found = []
    for file in sorted(folder.glob("*.jsonl")) if folder.is_dir() else ():
        with _unowned(file) as descriptor:
            if descriptor is not None:
                found += [Leftover(record, file) for record in _remaining(descriptor)]
    return found


def live_captures(folder: Path) -> list[CaptureRecord]:
    """The captures of runs of this machine that are still going."""
    found = []
    for file in sorted(folder.glob("*.jsonl")) if folder.is_dir() else ():
        with _unowned(file) as ours, suppress(OSError):
            if ours is None and stat.S_ISREG(file.lstat().st_mode):
                found += _remaining_in(file)
    return found


def is_on(record: CaptureRecord, host: str, place: str = "") -> bool:
    """Whether the capture lies on `host`, as typed, or on what has another name there and leads to the same `place`."""
    return same_host(record.host, host) or bool(place and record.place == place)


def of_session(file: Path) -> list[Leftover]:
    """What the `captures.jsonl` of a session that is gone on with still lists: on a machine that has no journal of it, too."""
    with _unowned(file) as descriptor:
        return [] if descriptor is None else [Leftover(record, None, file) for record in _remaining(descriptor)]


def merged(journals: list[Leftover], own: list[Leftover]) -> list[Leftover]:
    """The captures on one host that either lists, each once, with every file that lists it."""
    rest = {one.record.path: one for one in own}
    listed = [replace(one, own=rest.pop(one.record.path).own) if one.record.path in rest else one for one in journals]
    return [*listed, *rest.values()]


def settle_leftover(leftover: Leftover) -> None:
    """Note that it was removed; a journal goes with its last entry."""
    removed = CaptureRecord(leftover.record.host, leftover.record.path, "removed")
    for file in filter(None, (leftover.own, leftover.journal)):
        with _unowned(file) as descriptor, suppress(OSError):
            if descriptor is None:
                continue
            _append(descriptor, removed)
            if file == leftover.journal and not _remaining(descriptor):
                file.unlink(missing_ok=True)


@contextmanager
def _unowned(file: Path) -> Iterator[int | None]:
    """A locked descriptor of a journal whose owner is gone; None where it lives or the file cannot be used."""
    descriptor = None
    try:
        descriptor = os.open(file, os.O_RDWR | os.O_APPEND | os.O_NOFOLLOW | os.O_NONBLOCK)
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise OSError(f"{file} is no regular file")
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        if descriptor is not None:
            os.close(descriptor)
        yield None
        return
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def _open_locked(file: Path) -> int:
    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    descriptor = os.open(file, os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_NOFOLLOW, 0o600)
    fcntl.flock(descriptor, fcntl.LOCK_EX)  # held by others only for the instant of a look
    return descriptor


def _append(descriptor: int, record: CaptureRecord) -> None:
    written = {name: value for name, value in asdict(record).items() if value or name not in _LATER}
    os.write(descriptor, json.dumps(written, ensure_ascii=True).encode() + b"\n")
    os.fsync(descriptor)


def _remaining(descriptor: int) -> list[CaptureRecord]:
    """The latest record of each file that is not removed. A torn line is what a crash leaves; a path that is not ours is none of our business."""
    return _not_removed(os.pread(descriptor, _MAX_FILE, 0))


def _remaining_in(file: Path) -> list[CaptureRecord]:
    with file.open("rb") as journal:
        return _not_removed(journal.read(_MAX_FILE))


def _not_removed(content: bytes) -> list[CaptureRecord]:
    latest: dict[tuple[str, str], CaptureRecord] = {}
    for line in content.split(b"\n"):
        record = _record(line)
        if record is not None:
            latest[record.host, record.path] = record
    return [record for record in latest.values() if record.state != "removed"]


def _record(line: bytes) -> CaptureRecord | None:
    try:
        raw = json.loads(line)
        later = {name: raw[name] for name, kind in _LATER.items() if type(raw.get(name)) is kind}
        record = CaptureRecord(*(raw.get(name) for name in ("host", "path", "state", "pid")), **later)
    except (ValueError, AttributeError, RecursionError):
        return None
    whole = isinstance(record.host, str) and isinstance(record.path, str) and (record.pid is None or (type(record.pid) is int and record.pid > 1))
    return record if whole and record.state in State.__args__ and _SAFE_PATH.fullmatch(record.path) else None  # type: ignore[attr-defined]


def same_host(one: str, other: str) -> bool:
    """Whether two targets, as typed, are one host: name and port count, the user does not."""
    try:
        a, b = parse_address(one), parse_address(other)
    except UsageError:
        return one == other
    return (a.host.lower(), a.port or 22) == (b.host.lower(), b.port or 22)
