"""Times of frames as the list shows them, from nanoseconds since the epoch: since the first frame, by the clock, since the frame before."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Literal

Clock = Literal["first", "utc", "before"]
CLOCKS: tuple[Clock, ...] = ("first", "utc", "before")
TITLES: dict[Clock, str] = {"first": "Time", "utc": "Time UTC", "before": "Delta"}
_SECOND = 1_000_000_000


def elapsed(nanoseconds: int) -> str:
    """`-0.000018`: seconds with their microseconds, of any sign and size."""
    sign, rest = ("-", -nanoseconds) if nanoseconds < 0 else ("", nanoseconds)
    return f"{sign}{rest // _SECOND}.{rest % _SECOND // 1000:06}"


def by_the_clock(nanoseconds: int, *, date: bool = False) -> str:
    """`03:12:12.411160`, in UTC; a time that no calendar holds is shown as seconds."""
    try:
        moment = datetime.fromtimestamp(nanoseconds // _SECOND, UTC)
    except (OverflowError, ValueError, OSError):
        return f"{nanoseconds // _SECOND} s"
    text = moment.strftime("%Y-%m-%d %H:%M:%S" if date else "%H:%M:%S")
    return f"{text}.{nanoseconds % _SECOND // 1000:06}"
