"""The time at the head of a log line, as seconds of one clock.

Cisco IOS writes it as `service timestamps` says: `*Mar  1 00:01:02.345:`, `Mar  1 2013 00:01:02 UTC:`, `000123: …`, or the time since
start `00:01:02:`; NX-OS `2013 Mar  1 00:01:02.345`, EOS `Mar  1 00:01:02` or `2013-03-01T00:01:02.345678+00:00`. A server that stored the
line may have put its own time before; the last one before the message is the device's. A year that is not written is taken as the same one
until December turns to January. A start time in days and hours (`1d02h`) is too coarse for a clock: such a line has no time.
"""

from __future__ import annotations

import re

_NAMES = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_MONTHS = {name: at for at, name in enumerate(_NAMES, 1)}
_DAYS = (0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334)
_TIME = r"([0-9]{2}):([0-9]{2}):([0-9]{2})(\.[0-9]{1,9})?"
_STAMP = re.compile(
    rf"(?P<iso>(?P<iy>[0-9]{{4}})-(?P<im>[0-9]{{2}})-(?P<id>[0-9]{{2}})T(?P<it>{_TIME})(?P<zone>Z|[+-][0-9]{{2}}:?[0-9]{{2}})?)"
    rf"|(?:(?P<before>[0-9]{{4}}) )?(?P<month>[A-Z][a-z]{{2}}) {{1,2}}(?P<day>[0-9]{{1,2}})(?: (?P<after>[0-9]{{4}}))? (?P<time>{_TIME})"
    rf"|(?:^|[\s>])(?P<uptime>[0-9]{{1,3}}:[0-9]{{2}}:[0-9]{{2}}(?:\.[0-9]{{1,6}})?): "
)
_HALF_A_YEAR = 183 * 86400


class LogClock:
    """Seconds of the lines so far; one for one log, line by line in its order."""

    def __init__(self) -> None:
        self._last: float | None = None
        self._years = 0

    def at(self, head: str) -> float | None:
        """The time in what stands before the message; None where there is none."""
        stamps = list(_STAMP.finditer(head[:160]))
        if not stamps:
            return None
        found = stamps[-1]
        if found["uptime"]:
            hours, minutes, seconds = found["uptime"].split(":")
            return round(int(hours) * 3600 + int(minutes) * 60 + float(seconds), 3)
        if found["iso"]:
            return round(_date(int(found["iy"]), int(found["im"]), int(found["id"])) + _time(found["it"]) - _offset(found["zone"] or ""), 3)
        month, year = _MONTHS.get(found["month"]), found["before"] or found["after"]
        if month is None:
            return None
        if year:
            return round(_date(int(year), month, int(found["day"])) + _time(found["time"]), 3)
        return self._without_year(_date(1970, month, int(found["day"])) + _time(found["time"]))

    def _without_year(self, seconds: float) -> float:
        known = seconds + self._years * 365 * 86400
        if self._last is not None and known < self._last - _HALF_A_YEAR:
            self._years += 1
            known += 365 * 86400
        self._last = known
        return round(known, 3)


def _date(year: int, month: int, day: int) -> int:
    """Seconds from 1970 to the start of that day, in its own time zone."""
    year, month = max(1970, year), min(12, max(1, month))
    leaps = _leaps(year - 1) - _leaps(1969)
    leap_day = month > 2 and _leaps(year) > _leaps(year - 1)
    return ((year - 1970) * 365 + leaps + _DAYS[month - 1] + leap_day + day - 1) * 86400


def _leaps(year: int) -> int:
    return year // 4 - year // 100 + year // 400


def _time(word: str) -> float:
    hours, minutes, seconds = word.split(":")
    return int(hours) * 3600 + int(minutes) * 60 + float(seconds)


def _offset(zone: str) -> int:
    """Seconds east of Greenwich."""
    if zone in ("", "Z"):
        return 0
    digits = zone[1:].replace(":", "")
    return (1 if zone[0] == "+" else -1) * (int(digits[:2]) * 3600 + int(digits[2:4]) * 60)
