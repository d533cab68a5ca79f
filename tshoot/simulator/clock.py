"""The clock of a served scenario: real time since the first login to any of its devices.

Offline the clock is a number that the rehearsal moves on; here the devices' stand-ins, which are processes of their
own, read from a file when it started. The system's monotonic clock is the same for all processes.
"""

from __future__ import annotations

import threading
import time
from pathlib import Path


class ServedClock:
    """`start` by the first login, later calls do nothing; before it the scenario stands at its beginning."""

    def __init__(self, file: Path) -> None:
        self.file = file
        self._lock = threading.Lock()

    def start(self) -> None:
        with self._lock:
            if not self.file.exists():
                self.file.write_text(repr(time.monotonic()), encoding="utf-8")

    def now(self) -> float:
        """Seconds since the start, 0 before it."""
        with self._lock:
            return time.monotonic() - float(self.file.read_text(encoding="utf-8")) if self.file.exists() else 0.0
