"""Times in pasted text: stamps in front of lines, and lines of `show clock`, `date` and prompts with a time.

A time is seconds of a clock: since the epoch where the date is written, else since midnight. Only differences are used.
The year that IOS and syslog leave out is taken as 2000 (a leap year); zones are passed over: one file, one clock.
"""

from __future__ import annotations

import re
from calendar import timegm

_MONTHS = {name: at for at, name in enumerate(["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"], 1)}
_CLOCK = r"(?P<h>[0-2]?[0-9]):(?P<m>[0-5][0-9]):(?P<s>[0-5][0-9])(?P<f>[.,][0-9]{1,9})?"
_DAY = "(?P<day>[0-3]?[0-9])"
_ISO = rf"(?P<year>[12][0-9]{{3}})[-/](?P<month>[01]?[0-9])[-/]{_DAY}[T _]{_CLOCK}(?:Z|[+-][0-9]{{2}}:?[0-9]{{2}})?"
_SYSLOG = rf"(?:(?P<year>[12][0-9]{{3}}) )?(?P<name>[A-Z][a-z]{{2}}) {{1,2}}{_DAY}(?: (?P<year2>[12][0-9]{{3}}))? {_CLOCK}(?: [A-Z]{{2,5}}(?=:))?"
_STAMPS = tuple(
    re.compile(rf"\s{{0,8}}[\[(<]?(?:{form})[\])>]?(?P<end>[:|,]? {{0,4}})")
    for form in (_ISO, rf"(?:\d{{1,9}}: )?[*.]?{_SYSLOG}", rf"(?:[A-Z][a-z]{{2}} )?{_SYSLOG}(?: [A-Z]{{2,5}})?", rf"[*.]?{_CLOCK}")
)
_WHOLE = (
    # *07:01:22.123 UTC Sat Nov 21 2026 (show clock; also behind `Time source is NTP,`)
    re.compile(
        rf"(?:Time source is [^,]{{1,60}}, )?[*.]?{_CLOCK} \S{{1,6}} [A-Z][a-z]{{2}} (?P<name>[A-Z][a-z]{{2}}) {{1,2}}{_DAY} (?P<year>[12][0-9]{{3}})"
    ),
    # Sat Nov 21 07:01:22 UTC 2026 (date, EOS)
    re.compile(rf"[A-Z][a-z]{{2}} (?P<name>[A-Z][a-z]{{2}}) {{1,2}}{_DAY} {_CLOCK}(?: [A-Z+0-9-]{{2,6}})? (?P<year>[12][0-9]{{3}})"),
    # Sat 21 Nov 2026 07:01:22 AM UTC (date in other locales)
    re.compile(rf"[A-Z][a-z]{{2}} {_DAY} (?P<name>[A-Z][a-z]{{2}}) (?P<year>[12][0-9]{{3}}) {_CLOCK}(?P<half> [AP]M)?(?: [A-Z+0-9-]{{2,6}})?"),
    re.compile(rf"{_ISO}"),
    re.compile(rf"[-=#+* ]{{1,12}}{_ISO}[-=#+* ]{{0,12}}"),
    re.compile(rf"[-=#+* ]{{0,12}}{_CLOCK}(?: [A-Z]{{2,5}})?[-=#+* ]{{0,12}}"),
    re.compile(r"(?P<epoch>1[0-9]{9})(?P<f>\.[0-9]{1,9})?"),
)


def stamped(line: str) -> tuple[float | None, str]:
    """The time in front of `line`, and the line without it; None and the whole line where there is none."""
    head = line[:12].lstrip(" [(<*.")
    if not head or not (head[0].isdigit() or head[0].isupper()):
        return None, line
    for pattern in _STAMPS:
        match = pattern.match(line)
        if match and match.end() < len(line) and (match["end"] or line[match.end() - 1] in ")]>" or match.end() == len(line)):
            return _seconds(match), line[match.end() :]
    return None, line


def clock_line(line: str) -> float | None:
    """The time that a whole line tells, as `show clock` and `date` print it; None where it is no such line."""
    text = line.strip()
    if not 7 <= len(text) <= 120 or not any(character.isdigit() for character in text):
        return None
    for pattern in _WHOLE:
        if match := pattern.fullmatch(text):
            return _seconds(match)
    return None


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
    return timegm((year, month, int(groups["day"]), 0, 0, 0)) + seconds
