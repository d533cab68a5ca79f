"""A place in a session as somebody types it: a node, a decision, a note, a time, an event; the same in the interface and on the command line."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from difflib import get_close_matches

from tshoot.errors import UsageError
from tshoot.model.text import clean_line
from tshoot.session.positions import LandmarkKind, Positions

FORMS = (
    "a node (NODE/2: its 2nd visit), `decision 2`, `note 1`, `event 12`, `verdict`, `verification 1`, `start`, `end`,"
    " a time (03:41:07, UTC) or +1:30 after the start"
)
_NUMBERED = re.compile(r"(decision|note|event|node|verification)[ :#]{0,3}(\d{1,9})", re.IGNORECASE)
_AFTER = re.compile(r"\+(?:(?:(\d{1,4}):)?(\d{1,4}):)?(\d{1,9}(?:\.\d{1,9})?) ?s?")
_CLOCK = re.compile(r"(\d{1,2}):(\d{2})(?::(\d{2}(?:\.\d{1,9})?))?")
_MOST_TYPED = 300


def place_of(positions: Positions, typed: str) -> int:
    """The event that `typed` means. UsageError, with what there is, where it means none."""
    words = " ".join(typed.split())[:_MOST_TYPED]
    found = _named(positions, words.lower()) if len(positions) else None
    if found is None:
        found = _numbered(positions, words)
    if found is None:
        found = _timed(positions, words)
    if found is None:
        found = _node(positions, words)
    if found is None:
        raise UsageError(f"{clean_line(words)!r} is no place of the session", _near(positions, words))
    return found


def _named(positions: Positions, words: str) -> int | None:
    if words in ("start", "begin", "first"):
        return 0
    if words in ("end", "last"):
        return len(positions) - 1
    if words == "verdict":
        return _last(positions, "verdict", "it was interrupted; `end` is where it stopped")
    if words == "verification":
        return _last(positions, "verification", "`tshoot sessions verify-fix` asks the deciding checks again")
    if words == "verified":
        return _last(positions, "verified", "a verification that was stopped has no end")
    return None


def _last(positions: Positions, kind: LandmarkKind, hint: str) -> int:
    reached = positions.of(kind)
    if not reached:
        raise UsageError(f"the session has no {'finished verification' if kind == 'verified' else kind}", hint)
    return reached[-1].event


def _numbered(positions: Positions, words: str) -> int | None:
    found = _NUMBERED.fullmatch(words)
    if found is None:
        return None
    kind, number = found[1].lower(), int(found[2])
    if kind == "event":
        count, events = len(positions), range(len(positions))
    else:
        marks = positions.of(_kind(kind))
        count, events = len(marks), [mark.event for mark in marks]  # type: ignore[assignment]
    if not 1 <= number <= count:
        raise UsageError(f"the session has no {kind} {number}", f"it has {count:,} {kind}{'' if count == 1 else 's'}")
    return events[number - 1]


def _kind(word: str) -> LandmarkKind:
    return "decision" if word == "decision" else "note" if word == "note" else "verification" if word == "verification" else "node"


def _timed(positions: Positions, words: str) -> int | None:
    """The first event at that time or later; the last where all are earlier."""
    moment = _moment(positions, words) if len(positions) else None
    if moment is None:
        return None
    return next((number for number, at in enumerate(positions.times) if at >= moment), len(positions) - 1)


def _moment(positions: Positions, words: str) -> float | None:
    began = positions.times[0]
    if found := _AFTER.fullmatch(words):
        hours, minutes, seconds = found.groups()
        return began + int(hours or 0) * 3600 + int(minutes or 0) * 60 + float(seconds)
    if found := _CLOCK.fullmatch(words):
        midnight = datetime.fromtimestamp(began, UTC).replace(hour=0, minute=0, second=0, microsecond=0)
        clock = midnight + timedelta(hours=int(found[1]), minutes=int(found[2]), seconds=float(found[3] or 0))
        return clock.timestamp() if clock.timestamp() >= began - 43_200 else (clock + timedelta(days=1)).timestamp()
    if re.match(r"\d{4}-\d", words):
        try:
            given = datetime.fromisoformat(words.replace(" UTC", "").replace(" ", "T"))
        except ValueError as error:
            raise UsageError(f"{clean_line(words)!r} is no time: {error}", "for example 2026-11-21T03:41:07, UTC") from error
        return (given if given.tzinfo else given.replace(tzinfo=UTC)).timestamp()
    return None


def _node(positions: Positions, words: str) -> int | None:
    """By its name, else by the beginning of one node's name alone; `NODE/2`: its second visit."""
    name, slash, visit = words.rpartition("/")
    if not slash or not visit.isdecimal():
        name, visit = words, "1"
    marks = positions.of("node")
    names = {mark.name for mark in marks}
    if name not in names:
        beginning = [known for known in names if name and known.startswith(name)]
        if len(beginning) != 1:
            return None
        name = beginning[0]
    visits = [mark for mark in marks if mark.name == name]
    number = int(visit[:9])
    if not 1 <= number <= len(visits):
        raise UsageError(f"`{clean_line(name)}` was not entered a {clean_line(visit)}. time", f"it was entered {len(visits)} times")
    return visits[number - 1].event


def _near(positions: Positions, words: str) -> str:
    names = list(dict.fromkeys(clean_line(mark.name) for mark in positions.of("node")))
    near = get_close_matches(words, names, 3, 0.5)
    if near:
        return f"did you mean {' or '.join(f'`{name}`' for name in near)}? It may be {FORMS}"
    shown = ", ".join(names[:12]) + (", …" if len(names) > 12 else "")
    return f"it may be {FORMS}. Its nodes are: {shown}" if names else f"it may be {FORMS}"
