"""A token that carries the operator's wish to stop to everything that may block.

Whoever waits, waits on the token (`wait`) or asks it often (`check`); whoever holds a resource that
must be cut loose to wake a blocked call registers it with `on_cancel`.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

from tshoot.errors import Cancelled


class CancelToken:
    """Set once, never cleared; safe from any thread."""

    def __init__(self) -> None:
        self._event = threading.Event()
        self._callbacks: list[Callable[[], None]] = []
        self._lock = threading.RLock()

    @property
    def cancelled(self) -> bool:
        return self._event.is_set()

    def cancel(self) -> None:
        with self._lock:
            if self._event.is_set():
                return
            self._event.set()
            callbacks = list(self._callbacks)
        for callback in callbacks:
            with suppress(Exception):
                callback()

    def check(self) -> None:
        """Raise `Cancelled` once the token is set."""
        if self._event.is_set():
            raise Cancelled

    def wait(self, seconds: float) -> bool:
        """Sleep; True as soon as the token is set, False when the time has passed."""
        return self._event.wait(seconds)

    @contextmanager
    def on_cancel(self, callback: Callable[[], None]) -> Iterator[None]:
        """Call `callback` if the token is set within the block (at once if it is set already)."""
        with self._lock:
            already = self._event.is_set()
            self._callbacks.append(callback)
        if already:
            callback()
        try:
            yield
        finally:
            with self._lock:
                self._callbacks.remove(callback)
