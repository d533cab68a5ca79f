"""Tests wait for conditions, never for seconds."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any


def wait_until(condition: Callable[[], Any], what: str = "the condition", seconds: float = 60.0) -> Any:
    """What `condition` returns once it is true; AssertionError when it did not come true in time."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if result := condition():
            return result
        time.sleep(0.01)
    raise AssertionError(f"{what} did not come true within {seconds:g} s")
