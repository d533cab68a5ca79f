"""How fast a capture is read and decoded, and how much of it is done: what a person who waits wants to know."""

from __future__ import annotations

import time
from collections.abc import Callable

_SILENT = 0.5  # seconds: a rate over less is chance
OnRead = Callable[[str, int, int, int], None]  # step, bytes done, bytes in all, packets so far (0: not counted in this step)


class Pace:
    """Turns counts into `tell("reading at 812 MB/s, 1,200,000 packets/s", 0.4)`: the rate is that of the step so far."""

    def __init__(self, tell: Callable[[str, float | None], None]) -> None:
        self._tell, self._step, self._begun = tell, "", 0.0

    def read(self, step: str, done: int, size: int, packets: int) -> None:
        seconds, rates = self._seconds(step), []
        if seconds >= _SILENT:
            rates.append(f"{done / seconds / 1e6:,.0f} MB/s")
            if packets:
                rates.append(f"{packets / seconds:,.0f} packets/s")
        self._say(step, rates, done, size)

    def decoded(self, number: int, count: int) -> None:
        seconds = self._seconds("decoding")
        self._say("decoding", [f"{number / seconds:,.0f} packets/s"] if seconds >= _SILENT else [], number, count)

    def _seconds(self, step: str) -> float:
        if step != self._step:
            self._step, self._begun = step, time.monotonic()
        return time.monotonic() - self._begun

    def _say(self, step: str, rates: list[str], done: int, size: int) -> None:
        self._tell(f"{step} at {', '.join(rates)}" if rates else step, min(1.0, done / size) if size else None)
