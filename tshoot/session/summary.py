"""A session in numbers: how long, on what, how much was asked, how it ended."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from tshoot.model.effects import RunCommand
from tshoot.model.events import (
    CaptureTaken,
    EffectAnswered,
    EffectRequested,
    Event,
    Failed,
    Ok,
    RunEnded,
    RunStarted,
    TargetSpec,
    VerdictReached,
    VerificationBegan,
)
from tshoot.model.verdicts import Verdict


@dataclass(frozen=True, slots=True)
class Summary:
    """`started` is seconds since the epoch; `seconds` from the first event to the last. `ended` is None where the run was cut off;
    a verification after it (`verifying`) changes nothing of that."""

    playbook: str = ""
    targets: tuple[TargetSpec, ...] = ()
    started: float = 0.0
    seconds: float = 0.0
    events: int = 0
    commands: int = 0
    captures: int = 0
    failures: int = 0
    verdict: Verdict | None = None
    ended: RunEnded | None = None
    verifying: bool = False

    def after(self, event: Event) -> Summary:
        """The summary with one more event."""
        started = self.started or event.at
        summary = replace(self, started=started, seconds=max(self.seconds, event.at - started), events=self.events + 1)
        match event:
            case RunStarted(playbook=playbook, targets=targets):
                return replace(summary, playbook=playbook, targets=targets)
            case EffectRequested(effect=effect):
                return replace(summary, commands=self.commands + isinstance(effect, RunCommand), ended=self.ended if self.verifying else None)
            case EffectAnswered(outcome=Failed()):
                return replace(summary, failures=self.failures + 1)
            case EffectAnswered(outcome=Ok(answer=CaptureTaken())):
                return replace(summary, captures=self.captures + 1)
            case VerdictReached(verdict=verdict):
                return replace(summary, verdict=verdict)
            case RunEnded():
                return replace(summary, ended=event)
            case VerificationBegan():
                return replace(summary, verifying=True)
        return summary


def summarize(events: Iterable[Event]) -> Summary:
    """The summary of a whole session."""
    summary = Summary()
    for event in events:
        summary = summary.after(event)
    return summary
