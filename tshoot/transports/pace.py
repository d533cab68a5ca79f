"""How hard one device is worked, over all runs of this process: connections at once, commands a second, and when it may be asked again.

A connection holds a place, a locked file that other processes of this user on this machine respect too. Commands are counted in this
process alone: what several processes do together is bounded by the places. A device that says it is busy, or that dropped a connection,
is left alone for a while by everybody: 1, 2, 4 … seconds, never more than 15, each with jitter, so that nobody comes back at once.
"""

from __future__ import annotations

import random
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

from tshoot.cancel import CancelToken
from tshoot.transports.bounded import acquire
from tshoot.transports.places import Place, Places, default_folder

_TICK = 0.2
_LONGEST_PAUSE = 15.0
_JITTER = 0.25
_MOST_REMEMBERED = 1000


class Pace:
    """One a process. `first_pause` and `patience` are seconds: the first wait for a busy device, all waits of one connection together.

    `place_patience`: how long a connection waits for others of ours to the same device to end.
    """

    def __init__(self, folder: Path | None = None, *, first_pause: float = 1.0, patience: float = 30.0, place_patience: float = 60.0) -> None:
        self.first_pause, self.patience, self.place_patience = first_pause, patience, place_patience
        self._places = Places(folder)
        self._devices: dict[tuple[str, int], Device] = {}
        self._lock = threading.Lock()

    def device(self, host: str, port: int) -> Device:
        """The one at that address, the same for every connection to it."""
        with self._lock:
            return self._devices.setdefault((host.lower(), port), Device(f"{host.lower()} {port}", self, self._places))


class Device:
    """What is known of one device's patience. Safe from any thread."""

    def __init__(self, name: str, pace: Pace, places: Places) -> None:
        self._name, self._pace, self._places = name, pace, places
        self._lock = threading.Lock()
        self._login = threading.Lock()
        self._commands: deque[float] = deque(maxlen=_MOST_REMEMBERED)
        self._not_before = 0.0
        self._busy = 0

    # --- connections ---

    def place(self, most: int, cancel: CancelToken, waits: Callable[[], object]) -> Place | None:
        """One of `most` places for a connection; None where none comes free in time. `waits` is called again and again meanwhile, and may raise."""
        end = time.monotonic() + self._pace.place_patience
        while (place := self._places.take(self._name, most)) is None and time.monotonic() < end:
            waits()
            cancel.wait(_TICK)
            cancel.check()
        return place

    @contextmanager
    def logging_in(self, cancel: CancelToken) -> Iterator[None]:
        """One login at a time: what is not yet authenticated counts against MaxStartups and VTY lines."""
        acquire(self._login, cancel)
        try:
            yield
        finally:
            self._login.release()

    # --- when to come back ---

    def busy(self) -> float:
        """It said so: seconds until it is asked again."""
        with self._lock:
            self._busy += 1
            return self._leave_alone(min(_LONGEST_PAUSE, self._pace.first_pause * 2 ** min(self._busy - 1, 10)))

    def dropped(self) -> None:
        """A connection was lost: whoever would open another one waits a moment."""
        with self._lock:
            self._leave_alone(self._pace.first_pause)

    def _leave_alone(self, seconds: float) -> float:
        seconds *= random.uniform(1 - _JITTER, 1 + _JITTER)  # noqa: S311 - no secret
        self._not_before = max(self._not_before, time.monotonic() + seconds)
        return seconds

    @property
    def patience(self) -> float:
        """Seconds that one connection waits in all."""
        return self._pace.patience

    def well(self) -> None:
        """A login came through."""
        with self._lock:
            self._busy, self._not_before = 0, 0.0

    def pause(self) -> float:
        """Seconds that it is still left alone, 0 where it may be asked; for each who asks a little other ones."""
        with self._lock:
            left = self._not_before - time.monotonic()
        return max(0.0, left) * random.uniform(1, 1 + _JITTER)  # noqa: S311 - no secret

    # --- commands ---

    def turn(self, commands_per_second: float, cancel: CancelToken) -> None:
        """Wait until one more command may start: in no second more than allowed."""
        at = self._reserve(commands_per_second)
        while (left := at - time.monotonic()) > 0:
            cancel.wait(min(left, _TICK))
            cancel.check()

    def _reserve(self, rate: float) -> float:
        most = max(1, min(_MOST_REMEMBERED, int(rate)))
        with self._lock:
            at = time.monotonic()
            if len(self._commands) >= most:
                at = max(at, self._commands[-most] + most / rate)
            self._commands.append(at)
        return at


@cache
def pace_of_this_process() -> Pace:
    return Pace(default_folder())
