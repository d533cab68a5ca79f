"""Step mode: what the operator says to an effect before it is performed."""

from __future__ import annotations

from dataclasses import dataclass

from tshoot.model.effects import Effect, RunCommand


@dataclass(frozen=True, slots=True)
class Run:
    """Perform it as it is."""


@dataclass(frozen=True, slots=True)
class Edit:
    """Perform this command in its place, through the same read-only gate."""

    command: str


@dataclass(frozen=True, slots=True)
class Skip:
    """Do not perform it; what it would have shown stays unknown."""

    why: str = ""


@dataclass(frozen=True, slots=True)
class ByHand:
    """Somebody did it elsewhere; `output` is what it printed."""

    output: str


Approval = Run | Edit | Skip | ByHand


def approvals_for(effect: Effect) -> tuple[type[Approval], ...]:
    """What can be said to this effect: a capture is run or skipped, a command may also be edited or done by hand."""
    return (Run, Edit, Skip, ByHand) if isinstance(effect, RunCommand) else (Run, Skip)
