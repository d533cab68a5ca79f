"""Times in pasted text: stamps in front of lines, and lines of `show clock`, `date` and prompts with a time.

A time is seconds since the epoch where the date is written, else since midnight of whatever day. The year that IOS and syslog leave out is taken as
2000 (a leap year). A zone that is told, and is one (zones.py), is honoured beside a date; without one the clock's own time is given, as if it were
UTC, and `names_zone` says so. Judges of one host use differences only; an imported recording (foreign/dates.py) gives day and year.
"""

from __future__ import annotations

import re
from calendar import timegm

from tshoot.transcripts.zones import offset_of

_MONTHS = {name: at for at, name in enumerate(["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"], 1)}
_CLOCK = r"(?P<h>[0-2]?[0-9]):(?P<m>[0-5][0-9]):(?P<s>[0-5][0-9])(?P<f>[.,][0-9]{1,9})?"
_DAY = "(?P<day>[0-3]?[0-9])"
_ISO = rf"(?P<year>[12][0-9]{{3}})[-/](?P<month>[01]?[0-9])[-/]{_DAY}[T _]{_CLOCK}(?P<zone>Z|[+-][0-9]{{2}}:?[0-9]{{2}})?"
_NAME = "(?P<name>[A-Z][a-z]{2})"
_YEAR = "(?P<year>[12][0-9]{3})"
_ZONE = "(?: (?P<zone>[A-Z+0-9-]{2,6}))?"
_SYSLOG = rf"(?:{_YEAR} )?{_NAME} {{1,2}}{_DAY}(?: (?P<year2>[12][0-9]{{3}}))? {_CLOCK}(?: (?P<zone>[A-Z]{{2,5}})(?=:))?"
_STAMPS = tuple(
    re.compile(rf"\s{{0,8}}[\[(<]?(?:{form})[\])>]?(?P<end>[:|,]? {{0,4}})")
    for form in (_ISO, rf"(?:\d{{1,9}}: )?[*.]?{_SYSLOG}", rf"(?:[A-Z][a-z]{{2}} )?{_SYSLOG}(?: (?P<zone2>[A-Z]{{2,5}}))?", rf"[*.]?{_CLOCK}")
)
_WHOLE = (
    # *07:01:22.123 UTC Sat Nov 21 2026 (show clock; also behind `Time source is NTP,`)
    re.compile(rf"(?:Time source is [^,]{{1,60}}, )?[*.]?{_CLOCK} (?P<zone>\S{{1,6}}) [A-Z][a-z]{{2}} {_NAME} {{1,2}}{_DAY} {_YEAR}"),
    # Sat Nov 21 07:01:22 UTC 2026 (date, EOS)
    re.compile(rf"[A-Z][a-z]{{2}} {_NAME} {{1,2}}{_DAY} {_CLOCK}{_ZONE} {_YEAR}"),
    # Sat 21 Nov 2026 07:01:22 AM UTC (date in other locales)
    re.compile(rf"[A-Z][a-z]{{2}} {_DAY} {_NAME} {_YEAR} {_CLOCK}(?P<half> [AP]M)?{_ZONE}"),
    re.compile(rf"{_ISO}"),
    re.compile(rf"[-=#+* ]{{1,12}}{_ISO}[-=#+* ]{{0,12}}"),
    re.compile(rf"[-=#+* ]{{0,12}}{_CLOCK}(?: [A-Z]{{2,5}})?[-=#+* ]{{0,12}}"),
    re.compile(r"(?P<epoch>1[0-9]{9})(?P<f>\.[0-9]{1,9})?"),
)


def stamped(line: str) -> tuple[float | None, str]:
    """The time in front of `line`, and the line without it; None and the whole line where there is none."""
    match = _stamp(line)
    return (_seconds(match), line[match.end() :]) if match else (None, line)


def clock_line(line: str) -> float | None:
    """The time that a whole line tells, as `show clock` and `date` print it; None where it is no such line."""
    match = _whole(line)
    return _seconds(match) if match else None


def names_zone(line: str) -> bool:
    """Whether the time that `line` tells, in front or as a whole, is one of a known zone: only then it can be compared with that of another clock."""
    match = _whole(line) or _stamp(line)  # `*07:01:22 UTC Sat Nov 21 2026` begins as a stamp does
    return match is not None and _ahead(match) is not None


def _stamp(line: str) -> re.Match[str] | None:
    head = line[:12].lstrip(" [(<*.")
    if not head or not (head[0].isdigit() or head[0].isupper()):
        return None
    for pattern in _STAMPS:
        match = pattern.match(line)
        if match and match.end() < len(line) and (match["end"] or line[match.end() - 1] in ")]>"):
            return match
    return None


def _whole(line: str) -> re.Match[str] | None:
    text = line.strip()
    if not 7 <= len(text) <= 120 or not any(character.isdigit() for character in text):
        return None
    return next((match for pattern in _WHOLE if (match := pattern.fullmatch(text))), None)


def _ahead(match: re.Match[str]) -> float | None:
    """Seconds by which the clock is ahead of UTC, None where it does not tell; a time of day belongs to no day, so its zone says little."""
    groups = match.groupdict()
    if groups.get("epoch"):
        return 0.0
    zone = groups.get("zone") or groups.get("zone2")
    return offset_of(zone) if zone and groups.get("day") else None


def _seconds(match: re.Match[str]) -> float | None:
    groups = match.groupdict()
    fraction = float(f"0.{groups['f'][1:]}") if groups.get("f") else 0.0
    if groups.get("epoch"):
        return int(groups["epoch"]) + fraction
    hour = int(groups["h"])
    if groups.get("half"):
        hour = hour % 12 + (12 if groups["half"].strip() == "PM" else 0)
    seconds = hour * 3600 + int(groups["m"]) * 60 + int(groups["s"]) + fraction
    month = int(groups["month"]) if groups.get("month") else _MONTHS.get(groups.get("name") or "", 0)
    if not month:
        return seconds if not groups.get("name") else None
    year = int(groups.get("year") or groups.get("year2") or 2000)
    if not 1 <= month <= 12 or not 1 <= int(groups["day"]) <= 31:
        return None
    return timegm((year, month, int(groups["day"]), 0, 0, 0)) + seconds - (_ahead(match) or 0.0)
