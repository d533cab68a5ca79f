"""What is left in the shell when the interface has gone: how the last run ended, and where it is kept; the exit code."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from tshoot.errors import Cancelled
from tshoot.model.text import clean_line

if TYPE_CHECKING:
    from tshoot.tui.bridge import Bridge
    from tshoot.tui.messages import RunClosed

_LONGEST = 300


def parting_lines(bridges: Sequence[Bridge], record: Path | None) -> list[str]:
    """Two lines, clean; none where nothing was run on targets, or no session was begun. `record`: where sessions are kept, other than usual."""
    runs = [bridge for bridge in bridges if bridge.on_targets and bridge.session]
    if not runs:
        return []
    where = f" --record {shlex.quote(str(record))}" if record else ""
    told = (_ended(runs[-1].closed), f"session {runs[-1].session}: tshoot sessions show last{where}")
    return [clean_line(text) for text in told]


def _ended(closed: RunClosed | None) -> str:
    if closed is None:
        return "STOPPED it was left before all was cleaned up"
    if closed.error:
        return f"FAILED {closed.error.message}"[:_LONGEST]
    if closed.verdict is None:
        return "STOPPED before a verdict"
    said = ": ".join(filter(None, (closed.verdict.cause, closed.verdict.title))) or closed.verdict.reason
    return f"{closed.verdict.kind.upper()} {said}"[:_LONGEST]


def exit_code(closed: RunClosed | None) -> int:
    """The exit code of the command line's contract for how a run ended (None: it was not waited for)."""
    if closed is None:
        return Cancelled.exit_code
    if closed.error:
        return closed.error.exit_code
    if closed.verdict is None:
        return Cancelled.exit_code
    if closed.verdict.kind == "inconclusive":
        return 4 if closed.verdict.target_failed else 3
    return 1 if closed.verdict.kind == "fault" else 0
