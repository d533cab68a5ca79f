"""From `tshoot` typed to the first picture of the home screen, beside what importing Textual alone takes.

Both are measured on a terminal of 80x24 (a pseudo-terminal of ours): the start of the process to the byte by which the frame of
the symptom field is drawn. The median of ROUNDS runs each, taken in turn so that a busy machine slows both down.
0.6 s on a machine that imports Textual in 0.21 s is the bound; exit status 1 above that ratio.

    .venv/bin/python bench/tui_start.py
"""

from __future__ import annotations

import fcntl
import os
import pty
import select
import signal
import statistics
import struct
import subprocess
import sys
import termios
import time
from pathlib import Path
from tempfile import TemporaryDirectory

ROUNDS = 7
MOST = 0.6 / 0.21  # times the import
LONGEST = 30.0
PAINTED = b"hat is wrong?"  # the cursor stands on the W
ROOT = Path(__file__).resolve().parents[1]


def first_paint(home: Path) -> float:
    """Seconds from the start of `tshoot` to the first picture; TimeoutError where there is none."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
    environment = {**os.environ, "TERM": "xterm-256color", "XDG_DATA_HOME": str(home)}
    started = time.perf_counter()
    process = subprocess.Popen(
        [sys.executable, "-m", "tshoot"], stdin=theirs, stdout=theirs, stderr=theirs, cwd=ROOT, env=environment, start_new_session=True
    )
    os.close(theirs)
    try:
        return _painted(ours) - started
    finally:
        os.kill(process.pid, signal.SIGTERM)
        _drained(ours, process)
        os.close(ours)


def _painted(terminal: int) -> float:
    said, end = b"", time.perf_counter() + LONGEST
    while (left := end - time.perf_counter()) > 0:
        if select.select([terminal], [], [], left)[0]:
            said += os.read(terminal, 65536)
            if PAINTED in said:
                return time.perf_counter()
    raise TimeoutError(f"no picture within {LONGEST:g} s; it wrote {said[-400:]!r}")


def _drained(terminal: int, process: subprocess.Popen[bytes]) -> None:
    """Read on until it has ended: a full terminal would block it."""
    end = time.perf_counter() + LONGEST
    while process.poll() is None and time.perf_counter() < end:
        if select.select([terminal], [], [], 0.1)[0]:
            try:
                os.read(terminal, 65536)
            except OSError:
                break
    process.wait(LONGEST)


def import_alone() -> float:
    started = time.perf_counter()
    subprocess.run([sys.executable, "-c", "import textual.app"], check=True, cwd=ROOT)
    return time.perf_counter() - started


def main() -> int:
    with TemporaryDirectory() as folder:
        first_paint(Path(folder))  # compiles what is not compiled yet
        pairs = [(import_alone(), first_paint(Path(folder))) for _ in range(ROUNDS)]
    alone, painted = (statistics.median(times) for times in zip(*pairs, strict=True))
    sys.stdout.write(f"import textual.app     {alone:.3f} s\nfirst picture          {painted:.3f} s\nratio                  {painted / alone:.2f}\n")
    return 0 if painted / alone <= MOST else 1


if __name__ == "__main__":
    sys.exit(main())
