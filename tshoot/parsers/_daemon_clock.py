"""The time at the beginning of a line that a routing daemon logged, as seconds of some clock: only differences mean anything.

2026/11/21 07:08:07.312 BGP: …            FRR's own file
2026-11-21 07:08:07.312 <TRACE> …         BIRD's own file
2026-11-21T07:08:07.312345+00:00 host …   syslog, journal
Nov 21 07:08:07 host bgpd[812]: …         syslog; it names no year, so a leap year is taken
"""

from __future__ import annotations

import re
from calendar import timegm

_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_CLOCK = r"(?P<h>[0-9]{2}):(?P<m>[0-9]{2}):(?P<s>[0-9]{2})(?P<part>\.[0-9]{1,9})?"
_DATED = re.compile(rf"(?P<year>[0-9]{{4}})[-/](?P<month>[0-9]{{2}})[-/](?P<day>[0-9]{{2}})[ T]{_CLOCK}(?:Z|[+-][0-9]{{2}}:?[0-9]{{2}})? ")
_SYSLOG = re.compile(rf"(?P<name>{'|'.join(_MONTHS)}) {{1,2}}(?P<day>[0-9]{{1,2}}) {_CLOCK} ")


def timed(text: str) -> tuple[float | None, str]:
    """The time, and the rest of the line; None where it begins with no time."""
    if found := _DATED.match(text):
        year, month = int(found["year"]), int(found["month"])
    elif found := _SYSLOG.match(text):
        year, month = 2000, _MONTHS.index(found["name"]) + 1
    else:
        return None, text
    day, hour, minute, second = (int(found[name]) for name in ("day", "h", "m", "s"))
    if not (1970 <= year <= 9999 and 1 <= month <= 12 and 1 <= day <= 31 and hour < 24 and minute < 60 and second < 62):
        return None, text
    whole = timegm((year, month, day, hour, minute, second))
    return round(whole + float(found["part"] or 0), 6), text[found.end() :]
