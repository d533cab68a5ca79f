"""What a terminal was sent, in timed pieces, to lines with their times: a line's time is that of the piece that ended it."""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Sequence

LONGEST_PAUSE = 366 * 86_400.0  # seconds; a recording is no longer, whatever it says


def line_times(stream: bytes, ends: Sequence[int], times: Sequence[float]) -> tuple[float | None, ...]:
    """`ends` are the offsets in `stream` at which the pieces end, rising; `times` theirs. None for what lies behind the last piece."""
    found: list[float | None] = []
    at = -1
    while (at := stream.find(b"\n", at + 1)) >= 0:
        found.append(_time_at(at + 1, ends, times))
    if stream and not stream.endswith(b"\n"):
        found.append(_time_at(len(stream), ends, times))
    return tuple(found)


def _time_at(offset: int, ends: Sequence[int], times: Sequence[float]) -> float | None:
    place = bisect_left(ends, offset)
    return times[place] if place < len(times) else None


def seconds(value: object) -> float | None:
    """A number of seconds within bounds; None where `value` is none."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        number = float(value)
    except OverflowError:
        return None
    return number if math.isfinite(number) and abs(number) <= LONGEST_PAUSE else None


def epoch(value: object) -> float | None:
    """A date that a recording can have, 1980 to 2100, in seconds since the epoch; None for anything else."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return float(value) if 315_532_800 <= value <= 4_102_444_800 else None
