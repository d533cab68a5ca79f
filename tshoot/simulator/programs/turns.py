"""What a command prints at a moment: its turns follow each other by the scenario's clock.

Standard library only: the device's stand-in for programs runs this file by its path, outside the package.
"""

from __future__ import annotations

from collections.abc import Sequence

AGE = "‹age›".encode()  # no device prints these two quotation marks; the package writes ‹…› for what is filled in

Turn = tuple[bytes, float | None]
"""What is printed, and for how many seconds: None where it stays for ever (only the last one)."""


def printed(turns: Sequence[Turn], at: float) -> bytes:
    """The output `at` seconds after the scenario began; `‹age›` in it is the time since its turn began, as HH:MM:SS."""
    *others, (output, last) = turns
    if last is not None:
        at %= sum(seconds or 0.0 for _, seconds in others) + last
    for text, seconds in others:
        if seconds is None or at < seconds:
            return text.replace(AGE, _clock(at))
        at -= seconds
    return output.replace(AGE, _clock(at))


def _clock(seconds: float) -> bytes:
    minutes, second = divmod(int(max(seconds, 0.0)), 60)
    hour, minute = divmod(minutes, 60)
    return f"{hour:02}:{minute:02}:{second:02}".encode()
