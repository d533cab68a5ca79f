"""When keys were pressed: an answer by one key counts only once its question was in sight for a moment in which none was.

Who is still typing into something else when a question comes has not read it. What he types is no answer to it.
"""

from __future__ import annotations

import time
from collections.abc import Callable

from textual.widget import Widget


class Quiet:
    """Told of every key and paste of the interface. `clock` gives seconds; `count` is how many there were."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self.clock = clock
        self.count = 0
        self._last = float("-inf")

    def key(self) -> None:
        self.count += 1
        self._last = self.clock()

    def lasted(self, since: float = float("-inf")) -> float:
        """Seconds without a key, of those that have passed after `since`."""
        return self.clock() - max(self._last, since)


def is_typed_into(widget: Widget | None) -> bool:
    """Whether letters are typed into it: a field, or a region in which words are looked for."""
    return widget is not None and widget.check_consume_key("y", "y")
