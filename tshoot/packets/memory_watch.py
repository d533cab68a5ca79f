"""What this process and its children hold of the machine's memory, watched beside their work (Linux's /proc; elsewhere nothing is watched)."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

_EVERY = 0.05  # seconds
_SHARE = 0.9  # of the limit: what is under way may still need some


class MemoryWatch:
    """Calls `ended` once when the resident memory of the process tree comes near `limit` bytes; within a `with` block."""

    def __init__(self, limit: int, ended: Callable[[], None]) -> None:
        self._limit, self._ended = limit, ended
        self._over, self._done = threading.Event(), threading.Event()
        self._thread = threading.Thread(target=self._watch, name="memory", daemon=True)

    @property
    def reached(self) -> bool:
        return self._over.is_set()

    def __enter__(self) -> MemoryWatch:
        if self._limit and Path("/proc/self/statm").exists():
            self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._done.set()
        if self._thread.is_alive():
            self._thread.join()

    def _watch(self) -> None:
        while not self._done.wait(_EVERY):
            if resident() > self._limit * _SHARE:
                self._over.set()
                self._ended()
                return


def resident(pid: int | None = None) -> int:
    """Bytes of the process and all below it."""
    own = pid or os.getpid()
    return _pages(own) * os.sysconf("SC_PAGE_SIZE") + sum(resident(child) for child in _children(own))


def _pages(pid: int) -> int:
    with suppress(OSError, ValueError, IndexError):
        return int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return 0


def _children(pid: int) -> list[int]:
    found: list[int] = []
    with suppress(OSError):
        for task in Path(f"/proc/{pid}/task").iterdir():
            with suppress(OSError, ValueError):
                found += map(int, (task / "children").read_text().split())
    return found
