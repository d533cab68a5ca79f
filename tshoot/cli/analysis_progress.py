"""How an analysis gets on, in the passing line of a terminal: step, rate, share, and how long it will still take."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

from tshoot.cli import diagnostics

_EVERY = 0.1  # seconds
_SURE = 1.0  # seconds of a step after which its remaining time is worth saying


def progress_of(path: Path, place: str = "") -> Callable[[str, float | None], None]:
    """`place` is "2/5 " for the second of five files."""
    begun, step, shown = 0.0, "", 0.0

    def on_progress(text: str, share: float | None) -> None:
        nonlocal begun, step, shown
        now = time.monotonic()
        if (name := text.partition(" at ")[0]) != step:
            step, begun = name, now
        elif now - shown < _EVERY:
            return
        shown = now
        left = (now - begun) * (1 - share) / share if share and now - begun >= _SURE else 0.0
        parts = (f"{share:.0%}" if share is not None else "", f"{_duration(left)} left" if left >= 1 else "")
        diagnostics.status(f"{place}{path.name}: {', '.join(part for part in (text, *parts) if part)}")

    return on_progress


def _duration(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes // 60} h {minutes % 60} min" if minutes >= 60 else f"{minutes} min {rest} s" if minutes else f"{rest} s"
