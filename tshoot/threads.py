"""Threads that are used again: what must not block its caller is done aside, by a thread that has just become free, else by a new one.

A command needs a thread for an instant, and a fleet runs thousands of them: to make a thread costs more than to wake one. One that found
nothing to do for half a second ends. All are daemons: none keeps a process alive.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from queue import Empty, SimpleQueue

_IDLE = 0.5  # seconds
_SPARE = "tshoot spare"
_free: list[_Spare] = []  # the one that became free last is at the end, and the first to be used
_lock = threading.Lock()


def aside(work: Callable[[], object], name: str) -> None:
    """Do `work`, which should not raise, in another thread of that name; returns at once."""
    with _lock:
        thread = _free.pop() if _free else None
    if thread is None:
        thread = _Spare()
        thread.start()
    thread.work.put((work, name))


class _Spare(threading.Thread):
    def __init__(self) -> None:
        super().__init__(name=_SPARE, daemon=True)
        self.work: SimpleQueue[tuple[Callable[[], object], str]] = SimpleQueue()

    def run(self) -> None:
        while True:
            try:
                work, name = self.work.get(timeout=_IDLE)
            except Empty:
                if self._may_end():
                    return
                continue
            self.name = name
            work()  # what it raises ends this thread as it would end any other
            del work
            self.name = _SPARE
            with _lock:
                _free.append(self)

    def _may_end(self) -> bool:
        """Not where it was given work just now, which is on its way."""
        with _lock:
            if self not in _free:
                return False
            _free.remove(self)
            return True


def _forked() -> None:
    _free.clear()  # no thread but the one that forked lives on
    _lock.release()


os.register_at_fork(before=_lock.acquire, after_in_parent=_lock.release, after_in_child=_forked)
