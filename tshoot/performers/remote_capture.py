"""Captures on one target: room first, then whether another run captures there, a sample, the journal; start, settle, stop, pull, compare, remove.

What is on the target is removed in every case but one: a file that could not be pulled stays, is named in the failure
and in the journal, and the next connect pulls and removes it. A cancelled start leaves nothing.
"""

from __future__ import annotations

import hashlib
import re
import shlex
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Literal

from tshoot.cancel import CancelToken
from tshoot.errors import Cancelled, TargetError, TshootError
from tshoot.model.effects import StartCapture, StopCapture
from tshoot.model.events import CaptureStarted, CaptureTaken, Progress
from tshoot.model.evidence import EvidenceRef
from tshoot.model.text import clean_line, decode
from tshoot.performers.capture_claim import Agrees, CaptureClaims, mark
from tshoot.performers.capture_said import PCAP_HEADER, counts, listens
from tshoot.performers.capture_sample import take_sample
from tshoot.performers.capture_script import OCCUPIED, bound_megabytes, capture_script, file_name
from tshoot.performers.capture_space import directory_with_room
from tshoot.performers.capture_watch import Show, unseen, watch
from tshoot.performers.journal import CaptureJournal, CaptureRecord, State
from tshoot.platforms.loader import CaptureRecipe
from tshoot.transports.base import OnBytes, Process, Transport
from tshoot.transports.listing import size_command, size_of

_START, _STOP, _SHORT = 15.0, 8.0, 20.0  # seconds: until it listens, until it has ended, for a small command


@dataclass
class _Running:
    effect: StartCapture
    process: Process
    path: str
    pid: int
    settle: float
    started: float = field(default_factory=time.monotonic)
    ended: float = 0.0  # when it was seen to have ended, 0: not yet

    def note_end(self) -> None:
        self.ended = time.monotonic()


class RemoteCapture:
    """The captures of one target, by the key of their StartCapture. `session` is the session's short id.

    `about` is noted of the target in the journal beside its host; `tell` is told what the operator should know.
    """

    def __init__(
        self,
        transport: Transport,
        journal: CaptureJournal,
        session: str,
        about: Mapping[str, str] = MappingProxyType({}),
        tell: Callable[[str], None] = lambda text: None,
    ) -> None:
        self._transport, self._journal, self._session, self._about = transport, journal, session, about
        self._claims = CaptureClaims(transport, session, tell)
        self._running: dict[str, _Running] = {}
        self._lock = threading.Lock()

    # --- start -------------------------------------------------------------------------------------

    def start(
        self,
        effect: StartCapture,
        recipe: CaptureRecipe,
        directory: str | None,
        cancel: CancelToken,
        show: Show = unseen,
        agrees: Agrees = lambda question: False,
    ) -> CaptureStarted:
        """Returns once it listens and has settled; `show` is told how far it is until it ends, `agrees` asks whether to capture beside another run.

        TargetErrors: "no-space", "declined" (another run captures there), "permission-denied", "missing-program", "not-found", …
        """
        place = directory_with_room(self._transport, recipe, directory, bound_megabytes(effect), cancel)
        path = f"{place.rstrip('/')}/{file_name(self._session, effect.key)}"
        said = mark(self._session, effect.interface)
        script = capture_script(effect, recipe, path, said)
        self._claims.check(effect, recipe, agrees, cancel)
        with ExitStack() as held:  # the sample's mark goes when the capture's is there
            sample = take_sample(self._transport, effect, recipe, said, cancel, show, held)
            show(Progress(effect.key, f"starting {recipe.program} on {effect.interface}, waiting until it listens"))
            running = self._begun(effect, recipe, script, path, cancel)
        try:
            self._await_listening(running, recipe, cancel)
            self._claims.check(effect, recipe, agrees, cancel, listening=True)
            if cancel.wait(recipe.settle_seconds):
                cancel.check()
        except BaseException:
            self._discard(running)
            raise
        with self._lock:
            self._running[effect.key] = running
        watch(running.process, effect, show, running.note_end, sample)
        return CaptureStarted(path, running.pid, recipe.program, sample)

    def _begun(self, effect: StartCapture, recipe: CaptureRecipe, script: str, path: str, cancel: CancelToken) -> _Running:
        """The capture's script runs, in the journal before it does."""
        self._note(path, "started")
        try:
            process = self._transport.spawn(script, cancel=cancel)
        except BaseException:
            self._note(path, "removed")
            raise
        running = _Running(effect, process, path, 0, recipe.settle_seconds)
        try:
            running.pid = self._await_pid(process, recipe, cancel)
            self._note(path, "running", running.pid)
        except BaseException:
            self._discard(running)
            raise
        return running

    def _await_pid(self, process: Process, recipe: CaptureRecipe, cancel: CancelToken) -> int:
        end = time.monotonic() + _START
        while time.monotonic() < end:
            cancel.check()
            line = process.read_line(0.2)
            if line is not None and re.fullmatch(r"pid [0-9]{1,10}", line) and int(line[4:]) > 1:
                return int(line[4:])
            if process.wait(0) and line is None:
                raise self._not_started(process, recipe)
        raise TargetError("timeout", f"{self._transport.host}: the capture did not start within {_START:g} s", "is the host very busy?")

    def _await_listening(self, running: _Running, recipe: CaptureRecipe, cancel: CancelToken) -> None:
        """It listens when it says so, or when the file has its header."""
        end = time.monotonic() + _START
        while time.monotonic() < end:
            cancel.check()
            ended = running.process.wait(0.1)
            if listens(running.process.output()[1]):
                return
            if ended:
                raise self._not_started(running.process, recipe)
            if self._size(running.path, cancel) >= PCAP_HEADER:
                return
        raise TargetError(
            "timeout", f"{self._transport.host}: {recipe.program} did not begin to listen within {_START:g} s", "is the host very busy?"
        )

    def _not_started(self, process: Process, recipe: CaptureRecipe) -> TargetError:
        said = clean_line(decode(process.output()[1]))[-300:]
        status, low = process.exit_status, said.lower()
        host = self._transport.host
        if status == 127 or f"{recipe.program}: not found" in low:
            return TargetError("missing-program", f"{host}: {recipe.program} is not there: {said}", f"install {recipe.program} on the target")
        if "permission" in low or "not permitted" in low:
            return TargetError(
                "permission-denied", f"{host}: this user may not capture: {said}", "log in as root, or give the program the right to capture"
            )
        if "no such device" in low or "no such file" in low:
            return TargetError("not-found", f"{host}: {said}", "check the interface name on the target")
        if status == OCCUPIED:
            return TargetError("internal", f"{host}: {said}", "remove the file by hand")
        return TargetError("internal", f"{host}: {recipe.program} ended at once with status {status}: {said}", "check interface and capture filter")

    # --- stop --------------------------------------------------------------------------------------

    def stop(self, effect: StopCapture, into: Path, cancel: CancelToken, on_bytes: OnBytes | None = None) -> CaptureTaken:
        """Pull the capture to `into` (created 0600), whose sha256 equals the target's; then remove it there."""
        with self._lock:
            running = self._running.pop(effect.capture, None)
        if running is None:
            raise TargetError("not-found", f"{self._transport.host}: no capture `{effect.capture}` is running", "start it first")
        try:
            asked = self._end(running, cancel)
            seconds = (running.ended or time.monotonic()) - running.started
            sha256, size = self._pull(running, into, cancel, on_bytes)
        except TargetError as error:
            self._leave(running)
            hint = f"the capture stays on the target as {running.path} until the next connect; {error.hint}"
            raise TargetError(error.kind, error.message, hint) from error
        except Cancelled:
            self._discard(running)
            into.unlink(missing_ok=True)
            raise
        except BaseException:
            self._leave(running)
            raise
        captured, received, dropped = counts(running.process.output()[1])
        removed = self._remove(running.path)
        reason = self._reason(running, asked, captured, size)
        origin = f"{running.effect.target}: {running.effect.interface} {clean_line(running.effect.filter)}".rstrip()
        return CaptureTaken(EvidenceRef(sha256, size, "capture", origin), reason, seconds, received, dropped, removed)

    def _end(self, running: _Running, cancel: CancelToken) -> bool:
        """Whether it had to be ended: it was still running."""
        if running.process.wait(0):
            return False
        if cancel.wait(running.settle):
            cancel.check()
        if running.process.wait(0):
            return False
        self._kill(running, cancel)
        return True

    def _kill(self, running: _Running, cancel: CancelToken) -> None:
        for signal in ("INT", "TERM", "KILL"):
            self._transport.run(f"kill -{signal} {running.pid}", timeout=_SHORT, cancel=cancel)
            if running.process.wait(_STOP / 2):
                break
        running.process.close()

    def _pull(self, running: _Running, into: Path, cancel: CancelToken, on_bytes: OnBytes | None) -> tuple[str, int]:
        size = self._size(running.path, cancel)
        summed = self._transport.run(f"sha256sum {shlex.quote(running.path)}", timeout=_SHORT * 6, cancel=cancel)
        expected = re.match(rb"[0-9a-f]{64}(?=\s)", summed.stdout) if summed.exit_status == 0 else None
        failure: TargetError | None = None
        for _ in range(2):
            try:
                sha256, copied = self._copy(running.path, into, cancel, on_bytes)
            except TargetError as error:
                failure = error
                continue
            if copied == size and (expected is None or sha256.encode() == expected[0]):
                return sha256, size
            failure = TargetError("unreadable", f"{self._transport.host}: {running.path}: the copy differs from the original", "try again")
        raise failure or TargetError("unreadable", running.path, "")

    def _copy(self, path: str, into: Path, cancel: CancelToken, on_bytes: OnBytes | None) -> tuple[str, int]:
        into.unlink(missing_ok=True)
        into.touch(0o600)
        with into.open("r+b") as file:
            copied = self._transport.fetch(path, file, cancel=cancel, on_bytes=on_bytes)
            file.seek(0)
            return hashlib.file_digest(file, "sha256").hexdigest(), copied

    def _reason(
        self, running: _Running, asked: bool, captured: int | None, size: int
    ) -> Literal["operator", "seconds", "packets", "megabytes", "closed", "low-space"]:
        if asked:
            return "operator"
        said = running.process.output()[0]
        if b"\nlow space\n" in said:
            return "low-space"
        if captured is not None and captured >= running.effect.packets:
            return "packets"
        if size >= running.effect.megabytes * 2**20:
            return "megabytes"
        return "seconds" if b"\ntime over\n" in said else "closed"

    # --- what is left ------------------------------------------------------------------------------

    def abandon(self) -> None:
        """End and remove all captures that were not stopped: the run ends. Never raises; what stays is in the journal."""
        with self._lock:
            running, self._running = list(self._running.values()), {}
        for one in running:
            self._discard(one)

    def _discard(self, running: _Running) -> None:
        with suppress(TshootError):
            if running.pid and not running.process.wait(0):
                self._kill(running, CancelToken())
        running.process.close()
        self._remove(running.path)

    def _leave(self, running: _Running) -> None:
        running.process.close()
        with suppress(TshootError):
            self._note(running.path, "unpulled", running.pid)

    def _remove(self, path: str) -> bool:
        """Not cancellable: it is the cleaning up. False where it did not work; the journal keeps it then."""
        quoted = shlex.quote(path)
        try:
            gone = self._transport.run(f"rm -f {quoted} && [ ! -e {quoted} ]", timeout=_SHORT, cancel=CancelToken()).exit_status == 0
            if gone:
                self._note(path, "removed")
        except TshootError:
            return False
        return gone

    def _size(self, path: str, cancel: CancelToken) -> int:
        """Bytes of the remote file so far; -1 where it is not there."""
        found = size_of(self._transport.run(size_command(path), timeout=_SHORT, cancel=cancel).stdout)
        return -1 if found is None else found

    def _note(self, path: str, state: State, pid: int | None = None) -> None:
        self._journal.note(CaptureRecord(self._transport.host, path, state, pid or None, **self._about, at=time.time()))
