"""What a verification of a fix would ask, before it asks."""

from __future__ import annotations

from collections.abc import Iterator

from tshoot.retrace.verification import Checks
from tshoot.retrace.verification_plan import planned
from tshoot.tui.lines import BLANK, Line, line, span
from tshoot.wiring import Settings

_MOST = 200  # commands that are named


def plan_lines(checks: Checks, settings: Settings) -> Iterator[Line]:
    """What would be asked of whom."""
    deciding = checks.deciding
    yield line(span(deciding.verdict.cause, "strong"), (" was decided at ", "dim"), span(deciding.decision.node, "strong"), hang=2)
    steps = planned(checks, settings.capture_directories)
    for role in dict.fromkeys(step.target for step in steps):
        target = checks.targets.get(role)
        head = (span(target.host, "strong"), ("  ", ""), span(f"{role}, {target.platform}", "dim")) if target else (("here", "strong"),)
        yield from (BLANK, line(*head))
        for step in [step for step in steps if step.target == role][:_MOST]:
            yield line(("  $ " if target else "  - ", "accent"), span(step.text), ("  CHANGES", "warn") if step.changes else ("", ""), hang=4)
    yield BLANK
    changing = any(step.changes for step in steps)
    yield line(("what changes something is asked about again" if changing else "every command only reads", "dim"))
    yield line(("all else is taken from the session; the result is added to it", "dim"))
    yield from (BLANK, line(("y connects and asks, n leaves it", "accent")))
