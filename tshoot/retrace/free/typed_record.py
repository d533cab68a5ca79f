"""What was typed in a free session and what came of it: commands of somebody's own, which `recording.record_of` leaves out of a playbook's walk."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from tshoot.errors import SessionError
from tshoot.model.effects import RunCommand, own_number
from tshoot.model.events import EffectAnswered, EffectRequested, Event, Failed, RunStarted, VerdictReached
from tshoot.model.verdicts import Verdict


@dataclass
class TypedRecord:
    """`requests` and `answers` by key in the order of the log; an answer comes with its place in it. The first verdict is the recording's own."""

    started: RunStarted
    requests: dict[str, RunCommand] = field(default_factory=dict)
    answers: dict[str, tuple[int, EffectAnswered]] = field(default_factory=dict)
    verdict: Verdict | None = None


def typed_record(events: Iterable[Event]) -> TypedRecord:
    """SessionError where the session has no beginning."""
    record: TypedRecord | None = None
    for place, event in enumerate(events):
        if record is None:
            record = TypedRecord(event) if isinstance(event, RunStarted) else None
            continue
        match event:
            case EffectRequested(effect=RunCommand() as effect) if own_number(effect.key):
                record.requests[effect.key] = effect
            case EffectAnswered(outcome=Failed(kind="cancelled")):
                pass
            case EffectAnswered(key=key) if key in record.requests:
                record.answers[key] = (place, event)
            case VerdictReached(verdict=verdict) if record.verdict is None:
                record.verdict = verdict
    if record is None:
        raise SessionError("the session never began: it holds no targets", "import the recording anew")
    return record
