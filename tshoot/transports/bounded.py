"""Blocking work of a library that knows no cancelling, made to end: it runs in another thread.

Whoever waits for it leaves when the work is done, the operator cancels, or the time is up; in the last two cases
`cut` closes what the work is blocked on, so that its thread ends by itself. The time stands still while the
operator is being asked.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any, Generic, TypeVar

from tshoot.cancel import CancelToken
from tshoot.errors import Cancelled
from tshoot.threads import aside

T = TypeVar("T")
_TICK = 0.2


class Deadline:
    """Seconds left for a `phase`; restarted when the work gets on."""

    def __init__(self, seconds: float, phase: str = "") -> None:
        self.restart(seconds, phase)
        self._asking = 0

    def restart(self, seconds: float, phase: str = "") -> None:
        self.seconds = seconds
        self.phase = phase
        self._end = time.monotonic() + seconds

    def left(self) -> float:
        return _TICK if self._asking else self._end - time.monotonic()

    @contextmanager
    def paused(self) -> Iterator[None]:
        """The operator is being asked: no time passes."""
        left = self._end - time.monotonic()
        self._asking += 1
        try:
            yield
        finally:
            self._end = time.monotonic() + left
            self._asking -= 1


class _Work(Generic[T]):
    def __init__(self, work: Callable[[], T], woken: threading.Event) -> None:
        self._work, self._woken = work, woken
        self.result: T | None = None
        self.error: BaseException | None = None
        self.finished = False

    def do(self) -> None:
        try:
            self.result = self._work()
        except BaseException as error:
            self.error = error
        self.finished = True
        self._woken.set()


def bounded(work: Callable[[], T], deadline: Deadline, cancel: CancelToken, cut: Callable[[], Any]) -> T:
    """What `work` returns or raises; `Cancelled` or TimeoutError once `cut` was called."""
    woken = threading.Event()
    under_way = _Work(work, woken)
    with cancel.on_cancel(woken.set):
        aside(under_way.do, "tshoot-ssh")
        while not under_way.finished and not cancel.cancelled and deadline.left() > 0:
            woken.wait(min(_TICK, max(deadline.left(), 0.001)))
    if not under_way.finished:
        with suppress(Exception):
            cut()
        if cancel.cancelled:
            raise Cancelled
        raise TimeoutError
    if under_way.error is not None:
        raise under_way.error
    return under_way.result  # type: ignore[return-value]  # no error: the work returned a T


def acquire(lock: threading.Lock | threading.Semaphore, cancel: CancelToken) -> None:
    """Take a lock that others may hold for long; `Cancelled` when the operator does not wait for it."""
    while not lock.acquire(timeout=_TICK):
        cancel.check()
