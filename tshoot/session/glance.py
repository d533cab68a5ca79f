"""A look at a session without reading its log: what it was run on, how long it took, its verdict. From the first lines and the last ones alone.

Bounded, whatever lies there; what cannot be seen that way is left out, as in a log whose last line is longer than what is looked at.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from tshoot.errors import SessionError
from tshoot.model.events import Event, RunStarted, TargetSpec, VerdictReached
from tshoot.model.verdicts import Verdict
from tshoot.session import codec_v1
from tshoot.session.files import read_regular
from tshoot.session.read import LOG, complete_lines

_END = 256 << 10  # bytes at the end that are looked at
_LONG_END = 8 << 20  # for a verdict
_HEAD = 8  # lines


@dataclass(frozen=True, slots=True)
class Glance:
    """`seconds` from the first event to the last; None where it cannot be told."""

    targets: tuple[TargetSpec, ...] = ()
    seconds: float | None = None


def glance(folder: Path) -> Glance:
    """Never raises for what a session holds."""
    started = None
    with suppress(SessionError, OSError):
        for number, raw in islice(complete_lines(folder), _HEAD):
            event = _event(raw) if number > 1 else None
            if isinstance(event, RunStarted):
                started = event
                break
    if started is None:
        return Glance()
    last = next(_last_events(folder, _END, b""), None)
    return Glance(started.targets, max(0.0, last.at - started.at) if last else None)


def last_verdict(folder: Path) -> Verdict | None:
    """The verdict that the session reached last, None where there is none among the last megabytes of its log."""
    reached = next(_last_events(folder, _LONG_END, b'"VerdictReached"'), None)
    return reached.verdict if isinstance(reached, VerdictReached) else None


def _last_events(folder: Path, most: int, mark: bytes) -> Iterator[Event]:
    """The events of the last `most` bytes whose line holds `mark`, the last one first."""
    with suppress(SessionError, OSError):
        with read_regular(folder / LOG) as file:
            size = os.fstat(file.fileno()).st_size
            file.seek(max(0, size - most))
            lines = file.read(most).split(b"\n")
        whole = lines[1:-1] if size > most else lines[:-1]
        for raw in reversed(whole):
            event = _event(raw) if mark in raw[:400] else None
            if event is not None:
                yield event


def _event(raw: bytes) -> Event | None:
    try:
        return codec_v1.decode(raw, lambda sha256, size: b"").event
    except SessionError:
        return None
