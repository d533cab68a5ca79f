"""Times as a person types them: `2026`, `2026-10`, `2026-10-05`, `2026-10-05T14:30`, or an age: `12h`, `7d`, `3w`, `1y`. UTC."""

from __future__ import annotations

import re
from contextlib import suppress
from datetime import UTC, datetime, timedelta

_AGE = re.compile(r"([0-9]{1,5})([hdwy])")
_UNIT = {"h": timedelta(hours=1), "d": timedelta(days=1), "w": timedelta(weeks=1), "y": timedelta(days=365)}
_FORMS = ("%Y", "%Y-%m", "%Y-%m-%d", "%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S")


def age(text: str) -> timedelta | None:
    """`90d` as a length of time, None where it is none."""
    found = _AGE.fullmatch(text.strip().lower())
    return int(found[1]) * _UNIT[found[2]] if found else None


def period(text: str, now: float) -> tuple[float, float] | None:
    """Its first moment, and the first after it, in seconds since the epoch: `2026-10` is all of October. An age is that moment up to now."""
    length = age(text)
    if length is not None:
        return max(now - length.total_seconds(), 0.0), now
    for form in _FORMS:
        with suppress(ValueError, OverflowError):
            begins = datetime.strptime(text.strip().upper().removesuffix("Z"), form).replace(tzinfo=UTC)
            return begins.timestamp(), _after(begins, form).timestamp()
    return None


def _after(begins: datetime, form: str) -> datetime:
    match form:
        case "%Y":
            return begins.replace(year=begins.year + 1)
        case "%Y-%m":
            return begins.replace(year=begins.year + begins.month // 12, month=begins.month % 12 + 1)
        case "%Y-%m-%d":
            return begins + timedelta(days=1)
        case "%Y-%m-%dT%H:%M":
            return begins + timedelta(minutes=1)
    return begins + timedelta(seconds=1)
