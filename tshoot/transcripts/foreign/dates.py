"""Times of a recording's commands to dates: a time of day gets a day, a date without a year its year, from what was told before it.

The recording program's own lines (`Head`) say when what follows them was recorded: each begins a section, as an appended log has several. Where no
line says so the file's date is the end, and days are counted back from it. What nobody told a zone of is given as UTC, which is said.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime

from tshoot.transcripts.foreign.recorded import Recorded
from tshoot.transcripts.foreign.stream import epoch
from tshoot.transcripts.foreign.typed_piece import Typed

_DAY = 86_400.0
_YEAR_2000 = 946_598_400.0  # the day before its first, for zones
_YEAR_2001 = 978_307_200.0  # what has no year was read as one in 2000
_MOST_NAMES = 5


def on_one_calendar(found: Sequence[Typed], recorded: Recorded) -> list[Typed]:
    """The commands, in their order, with dates as times. `recorded.started` must be there."""
    starts = [head.line for head in recorded.heads[1:]]
    sections: dict[int, list[int]] = {}
    clocks: dict[tuple[int, str], list[int]] = {}
    for place, one in enumerate(found):
        section = bisect_right(starts, one.line)
        sections.setdefault(section, []).append(place)
        clocks.setdefault((section, one.host), []).append(place)
    dated = list(found)
    for (section, _), places in clocks.items():
        base = recorded.heads[section].at if recorded.heads else recorded.started or 0.0
        told = dates([found[place].at for place in places], base, backwards=not recorded.heads and not recorded.times)
        for place, at in zip(places, told, strict=True):
            dated[place] = replace(found[place], at=at)
    for section, (first, *rest) in sections.items() if starts else ():
        if dated[first].at is None:  # what has no time of its own stays behind the one before it: not in another section
            head = recorded.heads[section]
            dated[first] = replace(dated[first], at=_began(head.at, head.zoned, [dated[place] for place in rest]))
    return dated


def beginning(recorded: Recorded, dated: Iterable[Typed]) -> float:
    """When the recording began: by its own start or its first command; by the commands alone, where only their clocks tell their zones."""
    return _began(recorded.started or 0.0, recorded.zoned, dated)


def _began(start: float, zoned: bool, dated: Iterable[Typed]) -> float:
    told = [(one.at, one.zoned) for one in dated if one.at is not None]
    only_clocks = not zoned and any(known for _, known in told)
    return min([at for at, _ in told] if only_clocks else [start, *(at for at, _ in told)])


def clock_remarks(recorded: Recorded, found: Sequence[Typed]) -> Iterator[str]:
    """What is to be said of times before they get their dates: whose zone nobody told, and those of clocks that were never set."""
    told = [(one.host or "a device without a name", one.at, one.zoned) for one in found if one.at is not None and one.command]
    hosts = _names(host for host, _, zoned in told if not zoned)
    head = not recorded.zoned and not all(one.at is not None and one.zoned for one in found)
    if places := ["in the head of the recording"] * head + [f"beside the times of {hosts}"] * bool(hosts):
        yield f"no time zone is told {' and '.join(places)}: these are given as if they were UTC"
    if never := _names(host for host, at, _ in told if 100 * _DAY <= at < _YEAR_2000):
        yield f"the clock of {never} tells a year before 2000: it was never set, and the dates that it gives are not those of the recording"


def _names(hosts: Iterable[str]) -> str:
    names = list(dict.fromkeys(hosts))
    return ", ".join(names[:_MOST_NAMES]) + (f" and {len(names) - _MOST_NAMES} more" if len(names) > _MOST_NAMES else "")


def dates(times: Sequence[float | None], base: float, backwards: bool = False) -> list[float | None]:
    """Times of one clock in order (see transcripts/times.py) to seconds since the epoch; None stays, and stands for what is no date of a recording.

    `base` is when that clock's first time was told, or a little earlier; with `backwards` when its last was told, or a little later.
    """
    moved: list[float | None] = []
    for time in reversed(times) if backwards else times:
        at = None if time is None else _near(time, base, backwards)
        base = base if at is None else at
        moved.append(at)
    return moved[::-1] if backwards else moved


def _near(at: float, base: float, backwards: bool) -> float | None:
    """A time of day runs on from `base`, over midnight where it would be more than half a day off; a year is the one that comes nearest."""
    if 0 <= at < 100 * _DAY:
        day = base - base % _DAY
        ahead = day + at - base
        return day + at + (-_DAY if backwards and ahead > _DAY / 2 else _DAY if not backwards and ahead < -_DAY / 2 else 0.0)
    if at < 0 or at >= _YEAR_2001:
        return epoch(at)
    read, year = datetime.fromtimestamp(at, UTC), datetime.fromtimestamp(base, UTC).year
    found = [moved for near in (year - 1, year, year + 1) if (moved := _in_year(read, near)) is not None]
    return min(found, key=lambda moved: abs(moved - base)) if found else None


def _in_year(read: datetime, year: int) -> float | None:
    try:
        return read.replace(year=year).timestamp()
    except ValueError:  # 29 February
        return None
