"""Writing a session: each event is durable when `append` returns, several that belong together when `sync` does.

Evidence first, then the line that speaks of it: a line never names bytes that are not there.
One writer a session: the log itself is locked, and the kernel frees the lock when the writer dies.
A line that could not be written to its end is cut off again, so that the log stays readable.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import re
import secrets
import shutil
import threading
import time
from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType

from tshoot import __version__
from tshoot.errors import SessionError
from tshoot.model.events import Event
from tshoot.model.evidence import EvidenceRef
from tshoot.session.codec_v1 import Header, encode, encode_header, encode_seal
from tshoot.session.evidence import Evidence
from tshoot.session.files import create_private, disk_errors, make_private_folder, open_regular, sync_folder, write_all
from tshoot.session.masking import masked
from tshoot.session.read import EVIDENCE, LOG, chained_lines, line_hash, read_header
from tshoot.session.writer import sign, strike, told


class SessionLog:
    """The one writer of a session. Safe from any thread; a context manager that closes it."""

    def __init__(self, folder: Path, descriptor: int, header: Header) -> None:
        """Use `create` or `reopen`."""
        self.folder, self._path = folder, folder / LOG
        self.header = header
        self._descriptor = descriptor
        self._evidence = Evidence(folder / EVIDENCE)
        self._lock = threading.Lock()
        self._closed = False
        self._n = 0
        self._end = 0  # bytes of the log that are whole lines
        self._prev = ""
        self._durable = (0, 0, "")  # the three as they were when all was on the disk
        self._torn = False

    @classmethod
    def create(cls, root: Path, playbook_id: str, playbook_text: str, versions: Mapping[str, str], *, started: float | None = None) -> SessionLog:
        """Make the folder `<started>-<playbook>-<short id>` under `root`. `versions` maps a parser's name to its version."""
        started = time.time() if started is None else started
        safe_name = re.sub(r"[^A-Za-z0-9._-]+", "-", playbook_id)[:60]
        session = f"{datetime.fromtimestamp(started, UTC):%Y%m%dT%H%M%SZ}-{safe_name}-{secrets.token_hex(3)}"
        text_hash = hashlib.sha256(playbook_text.encode("utf-8", "surrogatepass")).hexdigest()
        header = Header(__version__, session, playbook_id, playbook_text, text_hash, versions, started)
        folder = root / session
        with disk_errors("written", folder):
            make_private_folder(folder)
        try:
            return cls._begin(folder, header)
        except BaseException:
            shutil.rmtree(folder, ignore_errors=True)
            raise

    @classmethod
    def _begin(cls, folder: Path, header: Header) -> SessionLog:
        with disk_errors("written", folder):
            make_private_folder(folder / EVIDENCE)
            descriptor = create_private(folder / LOG)
        log = cls(folder, descriptor, header)
        try:
            _claim(descriptor, folder)
            sign(folder)
            log._write(encode_header(header))
            log._durable = log._n, log._end, log._prev  # with the first event: before it nothing rests on it
            with disk_errors("written", folder):
                sync_folder(folder)
                sync_folder(folder.parent)
        except BaseException:
            os.close(descriptor)
            raise
        return log

    @classmethod
    def reopen(cls, folder: Path) -> SessionLog:
        """Go on with a session whose writer has ended or died; its torn last line is cut off. SessionError where another writes it."""
        descriptor = open_regular(folder / LOG, os.O_RDWR)
        try:
            _claim(descriptor, folder)
            return cls._go_on(folder, descriptor)
        except BaseException:
            os.close(descriptor)
            raise

    @classmethod
    def _go_on(cls, folder: Path, descriptor: int) -> SessionLog:
        from tshoot.session.archive.freshness import unsettle  # brings sqlite3

        sign(folder)
        unsettle(folder)
        try:
            log = cls(folder, descriptor, read_header(folder))
            last = b""
            for number, line in chained_lines(folder):  # raises where the log is broken
                log._n, log._end, last = number, log._end + len(line), line
            log._prev = line_hash(last)
            log._cut()
            log._durable = log._n, log._end, log._prev
            _remove_unfinished(folder)
        except BaseException:
            strike(folder)
            raise
        return log

    def append(self, event: Event) -> None:
        """Write one event, without secrets; durable when it returns, and so is all before it. SessionError where it cannot be written:
        the log is as before, or where the disk keeps nothing more, as it was when it was durable last."""
        with self._lock:
            self._write(encode(self._n, masked(event), self._prev, self._evidence.keep))
            self._sync()

    def write(self, event: Event) -> None:
        """As `append`, but durable only when `sync` has returned, or a later `append`: until then nothing may rest on it."""
        with self._lock:
            self._write(encode(self._n, masked(event), self._prev, self._evidence.keep))

    def sync(self) -> None:
        """Make durable what was written. SessionError where the disk does not take it: the log is as it was before."""
        with self._lock:
            self._sync()

    def add_capture(self, source: Path, origin: str = "") -> EvidenceRef:
        """Move a pulled capture into evidence; `source` is gone afterwards. `origin` says target and interface."""
        with disk_errors("read", source), source.open("rb") as file:
            sha256, size = self._evidence.keep_stream(file)
        with suppress(OSError):
            source.unlink()
        return EvidenceRef(sha256, size, "capture", origin)

    def evidence_path(self, sha256: str) -> Path:
        """Where the raw bytes with that hash lie."""
        return self._evidence.path(sha256)

    def close(self) -> None:
        """Seal the log and let it go; twice is harmless."""
        with self._lock:
            if self._closed:
                return
            try:
                self._write(encode_seal(self._n, self._prev))
                self._sync()
            finally:
                self._let_go()

    def release(self) -> None:
        """Let the log go as it is: nothing is added, not even a seal."""
        with self._lock:
            if not self._closed:
                self._let_go()

    def _let_go(self) -> None:
        self._closed = True
        strike(self.folder)
        os.close(self._descriptor)

    def __enter__(self) -> SessionLog:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()

    def _write(self, line: bytes) -> None:
        if self._closed:
            raise SessionError(f"{self._path}: the session is closed", "reopen it to add to it")
        with disk_errors("written", self._path):
            if self._torn:
                self._cut()
            try:
                write_all(self._descriptor, line)
            except OSError:
                self._cut_if_possible()
                raise
        self._n, self._end, self._prev = self._n + 1, self._end + len(line), line_hash(line)

    def _sync(self) -> None:
        if self._end == self._durable[1]:
            return
        with disk_errors("written", self._path):
            try:
                os.fsync(self._descriptor)
            except OSError:
                self._n, self._end, self._prev = self._durable
                self._cut_if_possible()
                raise
        self._durable = self._n, self._end, self._prev

    def _cut_if_possible(self) -> None:
        self._torn = True  # else the next write tries again
        with suppress(OSError):
            self._cut()

    def _cut(self) -> None:
        """Leave whole lines only, and stand behind the last."""
        if os.fstat(self._descriptor).st_size != self._end:
            os.ftruncate(self._descriptor, self._end)
        os.lseek(self._descriptor, self._end, os.SEEK_SET)
        self._torn = False


def _remove_unfinished(folder: Path) -> None:
    """What a writer that died was about to keep: evidence without its name, a capture on its way."""
    for file in (*folder.glob("pulled-*.pcap"), *(folder / EVIDENCE).glob(".*.part")):
        with suppress(OSError):
            file.unlink()


def _claim(descriptor: int, folder: Path) -> None:
    """Lock the log. A reader that looks whether it is being written holds it for an instant: hence the second tries."""
    for _ in range(10):
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return
        except BlockingIOError:
            time.sleep(0.02)
        except OSError as error:
            raise SessionError(f"{folder}: cannot be locked: {error.strerror}", "keep sessions on a local disk by setting XDG_DATA_HOME") from error
    raise SessionError(
        f"{folder}: another tshoot is writing this session{told(folder)}", "wait for it to end, or watch it with `tshoot sessions show`"
    )


def is_being_written(folder: Path) -> bool:
    """Whether a writer, of this process or another, has the session now."""
    descriptor = open_regular(folder / LOG)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError:  # a file system without locks: no one can be writing there
        return False
    finally:
        os.close(descriptor)
    return False
