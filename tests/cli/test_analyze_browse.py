"""`tshoot analyze --browse`: refused where it makes no sense, said where there is no terminal, and in a real terminal (tmux) to the end."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

MOUNT = Path(__file__).parents[2] / "fixtures/captures/nfs.mount-denied/over-tcp.pcap"


def tshoot(*words: str, **given: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "tshoot", "analyze", "--browse", *words],
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
        timeout=120,
        **given,
    )


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--json", str(MOUNT)], "--browse and --json exclude each other"),
        ([str(MOUNT), str(MOUNT)], "--browse shows one capture"),
        ([str(MOUNT.parent)], "--browse shows one capture"),
    ],
)
def test_what_cannot_be_browsed_is_refused(words: list[str], said: str) -> None:
    ran = tshoot(*words)
    assert ran.returncode == 2 and said in ran.stderr and not ran.stdout


def test_without_a_terminal_the_verdict_stands_and_it_is_said() -> None:
    ran = tshoot(str(MOUNT))
    assert ran.returncode == 1
    assert "nfs.mount-denied" in ran.stdout and "--browse needs a terminal" in ran.stderr


@pytest.mark.skipif(shutil.which("tmux") is None, reason="tmux is not installed")
def test_in_a_terminal_and_back_with_a_program_in_front(tmp_path: Path) -> None:
    """termshark (a stand-in) takes the terminal and gives it back; after leaving, the exit status is the verdict's and no tshark is left."""
    (tmp_path / "termshark").write_text('#!/bin/sh\necho "IN FRONT $3 $4"; read answer\n')
    (tmp_path / "termshark").chmod(0o755)
    (tmp_path / "private").mkdir()
    socket, environment = str(tmp_path / "tmux"), {
        **os.environ, "TERM": "xterm-256color", "PATH": f"{tmp_path}:{os.environ['PATH']}", "TMPDIR": str(tmp_path / "private"), "DISPLAY": "", "WAYLAND_DISPLAY": "",
    }  # fmt: skip

    def tmux(*words: str) -> str:
        return subprocess.run(["tmux", "-S", socket, "-f", "/dev/null", *words], capture_output=True, text=True, check=True, env=environment).stdout

    def wait_for(text: str) -> None:
        deadline = time.monotonic() + 60
        while text not in (screen := tmux("capture-pane", "-p")):
            assert time.monotonic() < deadline, f"waited for {text!r}; on the screen:\n{screen}"
            time.sleep(0.05)

    tmux("new-session", "-d", "-x", "80", "-y", "24", "/bin/sh")
    try:
        tmux("send-keys", f"{sys.executable} -m tshoot analyze --browse {MOUNT}; echo exit status $?", "Enter")
        wait_for("50111 → 111 [SYN]")
        tmux("send-keys", "/", "frame.number == 16", "Enter")
        wait_for("1 of 20 frames")
        wait_for("Error:ERR_ACCESS")
        tmux("send-keys", "w")
        wait_for("IN FRONT -Y frame.number == 16")
        tmux("send-keys", "Enter")
        wait_for("1 of 20 frames")
        tmux("send-keys", "q")
        wait_for("exit status 1")
        assert list((tmp_path / "private").iterdir()) == []
    finally:
        tmux("kill-server")
