"""The tsharks of one capture that is looked at: started without a shell, read in pieces, ended with whoever asked, or with the screen.

No process outlives `close`. tshark gets no network names to look up, and the same preferences and decode-as rules as for `analyze`.
"""

from __future__ import annotations

import contextlib
import os
import select
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from tshoot.cancel import CancelToken
from tshoot.errors import CaptureFileError, MissingProgram, TshootError
from tshoot.model.text import clean_line
from tshoot.packets.preferences import PREFERENCES
from tshoot.packets.stall import PATIENCE, Stall

LONGEST_XML = 32 << 20  # bytes that tshark may use for one frame
_PIECE = 1 << 16
_COMPLAINT = 4096


@dataclass(slots=True)
class Running:
    """One tshark; iterate over what it prints. `status` and `complaint` are known once it has ended."""

    process: subprocess.Popen[bytes]
    complaints: IO[bytes]
    cancel: CancelToken
    status: int | None = None
    complaint: tuple[str, ...] = ()

    def pieces(self) -> Iterator[bytes]:
        descriptor, stall = self.process.stdout.fileno() if self.process.stdout else -1, Stall()
        poll = select.poll()
        poll.register(descriptor, select.POLLIN | select.POLLHUP)
        while True:
            self.cancel.check()
            if not poll.poll(1000):
                if stall.hangs([self.process.pid]):
                    raise TshootError(f"tshark did nothing for {PATIENCE:g} s and was ended", "try again")
                continue
            piece = os.read(descriptor, _PIECE)
            if not piece:
                break
            yield piece
        self._ended()

    def packets(self) -> Iterator[bytes]:
        """Its XML, one `<packet>…</packet>` after the other; in what fields hold, `<` is always written otherwise."""
        kept, searched = b"", 0
        for piece in self.pieces():
            kept += piece
            while (end := kept.find(b"</packet>", max(0, searched - 9))) >= 0:
                end += 9
                yield kept[max(kept.find(b"<packet>"), 0) : end]
                kept, searched = kept[end:], 0
            searched = len(kept)
            if searched > LONGEST_XML:
                raise CaptureFileError(f"tshark needs more than {LONGEST_XML >> 20} MB to describe one frame", "look at its bytes")

    def _ended(self) -> None:
        self.status = self.process.wait()
        self.complaints.seek(0)
        lines = self.complaints.read(_COMPLAINT).decode("utf-8", "replace").splitlines()
        self.complaint = tuple(line.removeprefix("tshark: ") for line in lines if line.strip() and "Running as user" not in line)
        self.cancel.check()

    def refused(self) -> str:
        """Why it gave up, "" where it did not."""
        if not self.status:
            return ""
        said = clean_line(" ".join(self.complaint))[:300]
        return said or (f"tshark was ended by signal {-self.status}" if self.status < 0 else f"tshark gave up with status {self.status}")


class Tsharks:
    """`own` is set when the screen closes."""

    def __init__(self, own: CancelToken) -> None:
        self._own = own
        self._running: set[subprocess.Popen[bytes]] = set()
        self._rules: list[str] | None = None

    @property
    def program(self) -> str:
        """Its path, "" where tshark is missing."""
        return shutil.which("tshark") or ""

    @contextlib.contextmanager
    def run(self, options: Sequence[str], cancel: CancelToken) -> Iterator[Running]:
        """Raises MissingProgram; Cancelled within, where `cancel` or the screen ends it."""
        if not (program := self.program):
            raise MissingProgram("tshark is not installed here, or not on PATH", "apt-get install tshark (macOS: brew install wireshark)")
        self._own.check()
        command = [program, "-n", *self._settings(), *options]
        with tempfile.TemporaryFile() as complaints:
            process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=complaints)
            self._running.add(process)
            try:
                with self._own.on_cancel(cancel.cancel), cancel.on_cancel(process.kill), process:
                    try:
                        yield Running(process, complaints, cancel)
                    finally:
                        process.kill()
            finally:
                self._running.discard(process)

    def _settings(self) -> list[str]:
        if self._rules is None:
            from tshoot.packets.detect import detectors

            rules = dict.fromkeys(rule for detector in detectors() for rule in detector.decode_as)
            self._rules = [option for rule in rules for option in ("-d", rule)]
        return [*self._rules, *(option for name, value in PREFERENCES.items() for option in ("-o", f"{name}:{value}"))]

    def close(self) -> None:
        """End all of them and see them gone; their readers raise Cancelled."""
        for process in list(self._running):
            process.kill()
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(2.0)

    def share(self, path: Path) -> float | None:
        """How far the tshark that reads `path` has come, where the system tells (Linux); 0.0 to 1.0."""
        with contextlib.suppress(OSError, ValueError, ZeroDivisionError, IndexError):
            size, real = path.stat().st_size, path.resolve()
            for process in list(self._running):
                for link in Path(f"/proc/{process.pid}/fd").iterdir():
                    if link.readlink() == real:
                        text = Path(f"/proc/{process.pid}/fdinfo/{link.name}").read_text()
                        return min(1.0, int(text.split()[1]) / size)
        return None
