"""The real program at a terminal of its own."""

from __future__ import annotations

import os
import pty
import select
import signal
import sys
import termios
import time
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


class Program:
    """`python -m tshoot …` at a terminal of its own."""

    def __init__(self, home: Path, *words: str, size: tuple[int, int] = (100, 30)) -> None:
        self.pid, self.terminal = pty.fork()
        if self.pid == 0:
            columns, lines = map(str, size)
            os.environ.update(TERM="xterm-256color", COLUMNS=columns, LINES=lines, XDG_DATA_HOME=str(home), XDG_CONFIG_HOME=str(home), HOME=str(home))
            os.chdir(ROOT)
            os.execv(sys.executable, [sys.executable, "-m", "tshoot", *words])
        self.before = termios.tcgetattr(self.terminal)
        self.said = b""

    def wait_for(self, text: bytes, seconds: float = 60.0) -> None:
        deadline = time.monotonic() + seconds
        while text not in self.said:
            assert time.monotonic() < deadline, f"waited for {text!r}: {self.said[-2000:]!r}"
            self._read(0.2)

    def _read(self, seconds: float) -> bool:
        if select.select([self.terminal], [], [], seconds)[0]:
            try:
                self.said += (got := os.read(self.terminal, 65536))
            except OSError:
                return False
            return bool(got)
        return True

    def family(self) -> list[int]:
        listed = Path(f"/proc/{self.pid}/task/{self.pid}/children")
        return [int(word) for word in listed.read_text().split()] if listed.exists() else []

    def left(self, seconds: float) -> int:
        """The exit status; it must have gone within `seconds`."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            self._read(0.05)
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            if pid:
                while self._read(0.0) and select.select([self.terminal], [], [], 0)[0]:
                    pass
                return os.waitstatus_to_exitcode(status)
        os.kill(self.pid, signal.SIGKILL)
        os.waitpid(self.pid, 0)
        pytest.fail(f"it was still there after {seconds} s")

    def restored(self) -> bool:
        """The other screen left, the cursor shown, mouse and paste reports ended."""
        ends = (b"\x1b[?1049l", b"\x1b[?25h", b"\x1b[?1000l", b"\x1b[?2004l")
        return all(self.said.rfind(end) > self.said.rfind(end.translate(bytes.maketrans(b"lh", b"hl"))) for end in ends)

    def more(self, seconds: float, least: int) -> bool:
        """Whether more than `least` bytes came within `seconds`."""
        before = len(self.said)
        self._read(seconds)
        return len(self.said) - before > least
