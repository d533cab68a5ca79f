"""Telling a program that works silently from one that hangs: by the processor time it uses.

tshark prints nothing while no frame matches, for minutes on a large file; very rarely one has been seen to sleep
for ever before its first frame. Asleep without using the processor for `PATIENCE` seconds is a hang; waiting
for a disk is not.
"""

from __future__ import annotations

import time
from pathlib import Path

PATIENCE = 30.0


class Stall:
    """Asked now and then about the processes `pids`."""

    def __init__(self, patience: float = PATIENCE) -> None:
        self._patience = patience
        self._used: dict[int, int] = {}
        self._since = time.monotonic()

    def hangs(self, pids: list[int]) -> bool:
        """Whether all of them have slept without using the processor for the patience; False where the system does not tell."""
        used = {pid: ticks for pid in pids if (ticks := _processor_ticks(pid)) is not None}
        if used != self._used or not used:
            self._used, self._since = used, time.monotonic()
            return False
        return time.monotonic() - self._since >= self._patience


def _processor_ticks(pid: int) -> int | None:
    """User and system time in clock ticks (proc(5): fields 14 and 15), None unless it sleeps."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except (OSError, UnicodeDecodeError):
        return None
    return int(fields[11]) + int(fields[12]) if fields[0] == "S" else None
