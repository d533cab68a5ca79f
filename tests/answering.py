"""A program at a terminal where somebody types an answer to each of its questions, once it is to be read."""

from __future__ import annotations

import os
import pty
import select
import subprocess
import time
from collections.abc import Mapping, Sequence
from pathlib import Path


def run_answering(
    words: Sequence[str | Path], answer: bytes, *, env: Mapping[str, str], cwd: Path, asks: bytes = b"[yes/no]", seconds: float = 150.0
) -> tuple[int, str]:
    """Exit status, and all that was printed; standard output is no terminal."""
    keyboard, terminal = pty.openpty()
    said, typed, end = b"", 0, time.monotonic() + seconds
    try:
        with subprocess.Popen(words, stdin=terminal, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, env=env, cwd=cwd) as process:
            assert process.stdout is not None
            while time.monotonic() < end:
                if not select.select([process.stdout], [], [], 0.2)[0]:
                    continue
                piece = os.read(process.stdout.fileno(), 65536)
                if not piece:
                    break
                said += piece
                for _ in range(said.count(asks) - typed):
                    os.write(keyboard, answer)
                typed = said.count(asks)
            else:
                process.kill()
    finally:
        os.close(keyboard)
        os.close(terminal)
    return process.returncode, said.decode("utf-8", "replace")
