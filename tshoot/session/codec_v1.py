"""Format 1 of `session.jsonl`: one event to one line of JSON and back, exactly.

A line is {"n", "at", "event", the event's fields (see values.py), "prev"}: `n` counts from 1 (the header is 0),
`at` is ISO 8601 in UTC with at least microseconds, `prev` is the sha256 of the line before, newline included.
An event, or a class inside one, that this version does not know makes an UnknownEvent: kept and shown.
Lines are pure ASCII: safe to print, and text that is no valid Unicode (a file name) survives.
"""

from __future__ import annotations

import json
from calendar import timegm
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from functools import lru_cache
from typing import Any

from tshoot.errors import SessionError
from tshoot.model.events import EVENTS, Event, UnknownEvent
from tshoot.session.values import Keep, Load, UnfamiliarClass, build, pack, scalar

FORMAT = 1
MAX_LINE = 64 << 20  # bytes; longer is no line of ours
_MOST_VALUES = 2_000_000  # commas and brackets of a line: Python takes a hundred bytes for what JSON writes in three
_LATEST = 253_370_764_800.0  # the year 9999, of which not every zone has the end

_EVENTS = {event.__name__: event for event in EVENTS}
_UNFIT = (ValueError, LookupError, TypeError, OverflowError, RecursionError)
_LINE_KEYS = frozenset({"n", "at", "event", "prev"})


@dataclass(frozen=True, slots=True)
class Header:
    """Line 0: what must be known to read the rest. `parsers` maps a parser's name to its version."""

    tshoot: str
    session: str
    playbook: str
    playbook_text: str
    playbook_sha256: str
    parsers: Mapping[str, str]
    started: float


@dataclass(frozen=True, slots=True)
class Line:
    """Line `n` (the header is 0). `event` is None for the seal of an orderly end; `prev` is the sha256 of the line before."""

    n: int
    prev: str
    event: Event | None


# --- lines ---------------------------------------------------------------------------------------


def encode_header(header: Header) -> bytes:
    return _dump({"n": 0, "format": FORMAT, **pack(header, Header, _no_bytes), "started": stamp(header.started)})


def decode_header(line: bytes) -> Header:
    """SessionError where the line is no header, or the header of a newer format."""
    try:
        body = _load(line)
        version = body.get("format")
        if body.get("n") != 0 or not isinstance(version, int):
            raise ValueError("it is no header of a session")
        if version == FORMAT:
            header: Header = build(Header, {**body, "started": seconds(scalar(body["started"], str))}, _no_load)
            return header
    except _UNFIT as error:
        raise SessionError(f"the header cannot be read: {_why(error)}", "this is no session, or it was edited") from error
    raise SessionError(f"the session has format {version}, this tshoot reads format {FORMAT}", "open it with a newer tshoot")


def encode(n: int, event: Event, prev: str, keep: Keep) -> bytes:
    """One line with its newline. `keep` has stored the raw bytes when this returns; SessionError where the event does not fit the format."""
    try:
        name, body = _event_body(event, keep)
        line = _dump({"n": n, "at": stamp(event.at), "event": name, **body, "prev": prev})
    except _UNFIT as error:
        raise SessionError(f"{type(event).__name__} cannot be recorded: {_why(error)}", "this is a fault in tshoot: please report it") from error
    if len(line) > MAX_LINE or _holds_too_much(line):
        raise SessionError(f"{name} cannot be recorded: {len(line)} bytes are too much for one line", "narrow the command or capture")
    return line


def encode_seal(n: int, prev: str) -> bytes:
    """The line that an orderly end adds, so that a change to the last event, or its removal, shows too."""
    return _dump({"n": n, "sealed": True, "prev": prev})


def decode(line: bytes, load: Load) -> Line:
    """Any line but the header. `load` fetches raw bytes from evidence; SessionError where the line is broken."""
    try:
        body = _load(line)
        n, prev = scalar(body["n"], int), scalar(body["prev"], str)
        if body.get("sealed") is True and "event" not in body:
            return Line(n, prev, None)
        return Line(n, prev, _event(body, load))
    except _UNFIT as error:
        raise SessionError(f"the line cannot be read: {_why(error)}", "the log was edited or damaged: `tshoot sessions verify` says where") from error


def _event_body(event: Event, keep: Keep) -> tuple[str, dict[str, Any]]:
    if isinstance(event, UnknownEvent):
        if event.name in _EVENTS or _LINE_KEYS & event.body.keys():
            raise ValueError(f"an unknown event may not be named {event.name} or hold {sorted(_LINE_KEYS)}")
        return event.name, dict(event.body)
    if type(event) not in EVENTS:
        raise TypeError("it is no event")
    body: dict[str, Any] = pack(event, type(event), keep)
    del body["at"]
    return type(event).__name__, body


def _event(body: dict[str, Any], load: Load) -> Event:
    name, at = scalar(body["event"], str), seconds(scalar(body["at"], str))
    rest = {key: value for key, value in body.items() if key not in _LINE_KEYS}
    try:
        if name in _EVENTS:
            event: Event = build(_EVENTS[name], {**rest, "at": at}, load)
            return event
    except UnfamiliarClass:
        pass
    return UnknownEvent(at, name, rest)


# --- text ----------------------------------------------------------------------------------------


def stamp(at: float) -> str:
    """Seconds since the epoch as `2026-11-21T03:41:07.123456Z`, with as many digits as the number has, at least six."""
    if at < 0 or at >= _LATEST:
        raise ValueError(f"{at} lies before 1970 or after 9998")
    digits = repr(float(at))
    whole, _, fraction = (format(Decimal(digits), "f") if "e" in digits else digits).partition(".")
    return f"{_second(int(whole))}.{fraction:0<6}Z"


@lru_cache(maxsize=64)
def _second(at: int) -> str:
    return f"{datetime.fromtimestamp(at, UTC):%Y-%m-%dT%H:%M:%S}"


def seconds(text: str) -> float:
    """The inverse of `stamp`."""
    whole, _, fraction = text.removesuffix("Z").partition(".")
    if not fraction.isdecimal() or not text.endswith("Z"):
        raise ValueError(f"{text[:40]!r} is no time")
    at = float(f"{timegm(datetime.strptime(whole, '%Y-%m-%dT%H:%M:%S').timetuple())}.{fraction}")
    if not 0 <= at < _LATEST:
        raise ValueError(f"{text[:40]!r} lies before 1970 or after 9998")
    return at


def _dump(body: dict[str, Any]) -> bytes:
    return json.dumps(body, allow_nan=False).encode("ascii") + b"\n"


def _load(line: bytes) -> dict[str, Any]:
    if _holds_too_much(line):
        raise ValueError(f"it holds more than {_MOST_VALUES:,} values")
    body = json.loads(line.decode("utf-8"), parse_constant=_refuse)
    if not isinstance(body, dict):
        raise ValueError("it is no JSON object")
    return body


def _holds_too_much(line: bytes) -> bool:
    return len(line) > _MOST_VALUES and sum(map(line.count, (b",", b"[", b"{"))) > _MOST_VALUES


def _refuse(constant: str) -> Any:
    raise ValueError(f"{constant} is no JSON")


def _why(error: Exception) -> str:
    if isinstance(error, KeyError):
        return f"{error.args[0]!r} is missing"
    return "it is nested too deeply" if isinstance(error, RecursionError) else str(error)


def _no_bytes(data: bytes) -> tuple[str, int]:
    raise ValueError("a header holds no raw bytes")


def _no_load(sha256: str, size: int) -> bytes:
    raise ValueError("a header holds no raw bytes")
