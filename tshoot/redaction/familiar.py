"""The lines of a log as this version would write them: without events and fields of a newer one, of which nobody here can say what they hold."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tshoot.cancel import CancelToken
from tshoot.errors import SessionError
from tshoot.model.events import UnknownEvent
from tshoot.model.text import clean_line
from tshoot.session.codec_v1 import decode, encode
from tshoot.session.read import LOG, complete_lines

_NAMED = 3  # of what is told in a remark


@dataclass(frozen=True, slots=True)
class Familiar:
    """`lines` are the JSON values behind the header, the seal without `event`; `events` and `fields` the names of what was left out."""

    lines: list[dict[str, Any]]
    events: frozenset[str]
    fields: frozenset[str]


def familiar(folder: Path, cancel: CancelToken) -> Familiar:
    """Of the session in `folder`. SessionError where a line cannot be read."""
    events, fields, lines = set[str](), set[str](), list[dict[str, Any]]()
    for number, raw in complete_lines(folder):
        cancel.check()
        if number == 1:
            continue
        try:
            line = decode(raw, lambda sha256, size: f"{sha256} {size}".encode())
        except SessionError as error:
            raise SessionError(f"{folder / LOG}:{number}: {error.message}", error.hint) from error
        if isinstance(line.event, UnknownEvent):
            events.add(line.event.name)
        elif line.event is None:
            lines.append({"sealed": True})
        else:
            lines.append(json.loads(encode(line.n, line.event, line.prev, _kept)))
            fields |= set(_lost(json.loads(raw), lines[-1]))
    return Familiar(lines, frozenset(events), frozenset(fields))


def remark(what: str, found: Collection[str]) -> list[str]:
    """One remark that names some of what was found; none where nothing was."""
    names = [clean_line(name)[:60] for name in sorted(found)[:_NAMED]]
    return [f"{what}: {', '.join(names)}{f' and {len(found) - _NAMED} more' if len(found) > _NAMED else ''}"] if found else []


def _kept(placeholder: bytes) -> tuple[str, int]:
    """What stands in the place of raw bytes is their reference."""
    sha256, _, size = placeholder.decode().partition(" ")
    return sha256, int(size)


def _lost(before: Any, after: Any) -> Iterator[str]:
    """The fields that `before` holds something in and `after` has not."""
    if isinstance(before, dict) and isinstance(after, dict):
        yield from (name for name, value in before.items() if value and name not in after)
        for name in before.keys() & after.keys():
            yield from _lost(before[name], after[name])
    elif isinstance(before, list) and isinstance(after, list):
        for one, other in zip(before, after, strict=False):
            yield from _lost(one, other)
