"""The time at the head of a log line, as seconds of one clock.

Cisco IOS writes it as `service timestamps` says: `*Mar  1 00:01:02.345:`, `Mar  1 2013 00:01:02 UTC:`, `000123: …`, or the time since
start `00:01:02:`; NX-OS `2013 Mar  1 00:01:02.345`, EOS `Mar  1 00:01:02` or `2013-03-01T00:01:02.345678+00:00`; FRR `2026/11/21 07:08:07.312`,
BIRD `2026-11-21 07:08:07.312 <TRACE> …`, both also as syslog and the journal write them. A server that stored the line may have put its own time
before; the last one before the message is the device's. A year that is not written is taken as the same one until December turns to January. A
start time in days and hours (`1d02h`) is too coarse for a clock: such a line has no time. Only differences between times mean anything.
"""

from __future__ import annotations

import re

_NAMES = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_MONTHS = {name: at for at, name in enumerate(_NAMES, 1)}
_DAYS = (0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334)
_TIME = r"([0-9]{2}):([0-9]{2}):([0-9]{2})(\.[0-9]{1,9})?"
_STAMP = re.compile(
    rf"(?P<iso>(?P<iy>[0-9]{{4}})[-/](?P<im>[0-9]{{2}})[-/](?P<id>[0-9]{{2}})[T ](?P<it>{_TIME})(?P<zone>Z|[+-][0-9]{{2}}:?[0-9]{{2}})?)"
    rf"|(?:(?P<before>[0-9]{{4}}) )?(?P<month>[A-Z][a-z]{{2}}) {{1,2}}(?P<day>[0-9]{{1,2}})(?: (?P<after>[0-9]{{4}}))? (?P<time>{_TIME})"
    rf"|(?:^|[\s>])(?P<uptime>[0-9]{{1,3}}:[0-9]{{2}}:[0-9]{{2}}(?:\.[0-9]{{1,6}})?): "
)
_HALF_A_YEAR = 183 * 86400


class LogClock:
    """Seconds of the lines so far; one for one log, line by line in its order. `year`: of times that are written without one."""

    def __init__(self, year: int = 1970) -> None:
        self._year = year
        self._last: float | None = None
        self._years = 0

    def at(self, head: str) -> float | None:
        """The time in what stands before the message; None where there is none."""
        stamps = list(_STAMP.finditer(head[:160]))
        return self._seconds(stamps[-1]) if stamps else None

    def split(self, text: str) -> tuple[float | None, str]:
        """The date and time that the line begins with, and the rest of it; None where it begins with none."""
        found = _STAMP.match(text[:160])
        if found is None or found["uptime"] or text[found.end() : found.end() + 1] != " ":
            return None, text
        at = self._seconds(found)
        return (None, text) if at is None else (at, text[found.end() + 1 :])

    def _seconds(self, found: re.Match[str]) -> float | None:
        if found["uptime"]:
            hours, minutes, seconds = found["uptime"].split(":")
            return round(int(hours) * 3600 + int(minutes) * 60 + float(seconds), 3)
        if found["iso"]:
            return _moment(int(found["iy"]), int(found["im"]), int(found["id"]), found["it"], found["zone"] or "")
        month, year = _MONTHS.get(found["month"], 0), found["before"] or found["after"]
        known = _moment(int(year or self._year), month, int(found["day"]), found["time"])
        return known if year or known is None else self._without_year(known)

    def _without_year(self, seconds: float) -> float:
        known = seconds + self._years * 365 * 86400
        if self._last is not None and known < self._last - _HALF_A_YEAR:
            self._years += 1
            known += 365 * 86400
        self._last = known
        return round(known, 3)


def _moment(year: int, month: int, day: int, time: str, zone: str = "") -> float | None:
    """Seconds from 1970; None for what is no date, or no time of day."""
    hours, minutes, seconds = time.split(":")
    if not (year >= 1970 and 1 <= month <= 12 and 1 <= day <= 31 and int(hours) < 24 and int(minutes) < 60 and float(seconds) < 62):
        return None
    return round(_date(year, month, day) + int(hours) * 3600 + int(minutes) * 60 + float(seconds) - _offset(zone), 3)


def _date(year: int, month: int, day: int) -> int:
    """Seconds from 1970 to the start of that day, in its own time zone."""
    leaps = _leaps(year - 1) - _leaps(1969)
    leap_day = month > 2 and _leaps(year) > _leaps(year - 1)
    return ((year - 1970) * 365 + leaps + _DAYS[month - 1] + leap_day + day - 1) * 86400


def _leaps(year: int) -> int:
    return year // 4 - year // 100 + year // 400


def _offset(zone: str) -> int:
    """Seconds east of Greenwich."""
    if zone in ("", "Z"):
        return 0
    digits = zone[1:].replace(":", "")
    return (1 if zone[0] == "+" else -1) * (int(digits[:2]) * 3600 + int(digits[2:4]) * 60)
