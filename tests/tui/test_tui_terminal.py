"""The interface in a real terminal (tmux): what a person at the keyboard gets, NO_COLOR included."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

pytestmark = pytest.mark.skipif(shutil.which("tmux") is None, reason="tmux is not installed")


class Terminal:
    """One tmux server of our own; `lines` is what stands on its screen."""

    def __init__(self, socket: Path) -> None:
        self._socket = str(socket)

    def tmux(self, *words: str) -> str:
        return subprocess.run(["tmux", "-S", self._socket, "-f", "/dev/null", *words], capture_output=True, text=True, check=True).stdout

    @property
    def screen(self) -> str:
        return self.tmux("capture-pane", "-p")

    def wait_for(self, text: str, seconds: float = 60.0) -> str:
        deadline = time.monotonic() + seconds
        while text not in (screen := self.screen):
            assert time.monotonic() < deadline, f"waited for {text!r}; on the screen:\n{screen}"
            time.sleep(0.05)
        return screen

    def press_until(self, key: str, text: str) -> None:
        """Again where it came too early: a question has to be in sight for a moment."""
        for _ in range(20):
            self.press(key)
            with suppress(AssertionError):
                self.wait_for(text, 3.0)
                return
        self.wait_for(text, 0.0)

    def press(self, *keys: str) -> None:
        self.tmux("send-keys", *keys)


@pytest.fixture
def terminal(tmp_path: Path) -> Iterator[Terminal]:
    terminal = Terminal(tmp_path / "tmux")
    environment = {**os.environ, "TERM": "xterm-256color", "NO_COLOR": "1", "XDG_DATA_HOME": str(tmp_path / "data")}
    words = ["tmux", "-S", str(tmp_path / "tmux"), "-f", "/dev/null", "new-session", "-d", "-x", "80", "-y", "24", "/bin/sh"]
    subprocess.run(words, env=environment, check=True, cwd=Path(__file__).parents[2])
    yield terminal
    terminal.tmux("kill-server")


def test_the_demo_from_the_first_key_to_the_exit_code(terminal: Terminal) -> None:
    terminal.press(f"{sys.executable} -m tshoot demo; echo exit status $?", "Enter")
    terminal.wait_for("Was it retried?")
    terminal.press("2")
    terminal.wait_for("[2 Output]")
    terminal.wait_for("esxcli storage nfs list")
    terminal.press_until("y", "FAULT  nfs.mount-denied")
    terminal.press("q")
    left = terminal.wait_for("exit status 1")
    assert "FAULT nfs.mount-denied: " in left, "the verdict stays in the shell"
    assert "-nfs-mount-" in left and ": tshoot sessions show last" in left


def test_ctrl_c_stops_a_run(terminal: Terminal) -> None:
    terminal.press(f"{sys.executable} -m tshoot demo; echo exit status $?", "Enter")
    terminal.wait_for("Was it retried?")
    terminal.press("C-c")
    terminal.wait_for("Stop this run and leave?")
    terminal.press("y")
    left = terminal.wait_for("exit status 130")
    assert "STOPPED before a verdict" in left
    assert ": tshoot sessions show last" in left


def test_home_and_back(terminal: Terminal) -> None:
    terminal.press(f"{sys.executable} -m tshoot; echo exit status $?", "Enter")
    terminal.wait_for("nfs-mount")
    terminal.press("?")
    terminal.press("F1")
    terminal.wait_for("Anywhere")
    terminal.press("Escape")
    terminal.press("C-c")
    terminal.wait_for("exit status 0")
