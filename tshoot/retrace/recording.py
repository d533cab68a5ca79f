"""What a session's events come to: what was asked, what was answered, which decisions stand.

A session may have been gone on with, so a request can come twice: the later one counts, and what belonged to the earlier one (the rest of
a capture, the other samples of a series) counts no more. An answer `cancelled` says that the run was ended, nothing of the target: it is
none, and what was decided on it does not stand. A verification comes after the run and is none of it: the record ends where one begins.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from tshoot.engine.advance import step_of
from tshoot.engine.steered import ACTIONS, standing_before
from tshoot.errors import SessionError, UsageError
from tshoot.model.effects import Effect, RunCommand, StartCapture, own_number
from tshoot.model.events import (
    DecisionTaken,
    EffectAnswered,
    EffectRequested,
    Event,
    Failed,
    OperatorSteered,
    RunEnded,
    RunStarted,
    UnknownEvent,
    VerdictReached,
    VerificationBegan,
)
from tshoot.model.text import clean_line
from tshoot.model.verdicts import Decision, Verdict
from tshoot.session.fleet import is_fleet

_NEEDED = frozenset(kind.__name__ for kind in (RunStarted, EffectRequested, EffectAnswered, DecisionTaken, OperatorSteered, VerdictReached))


_OF_REQUESTS = frozenset({"edited", "skipped", "by-hand", "ended-wait"})


@dataclass(frozen=True)
class Steered:
    """What the operator did: its place in the log, how many decisions had been taken until then."""

    place: int
    taken: int
    event: OperatorSteered


@dataclass
class Recording:
    """`requests` and `answers` are by key, in the order of the log; an answer comes with its place in that order.

    `decisions` are those that stand, `taken` also those that the operator's hand undid. Commands of his own are no part of the walk.
    `requested` are all keys that were ever asked for, `changes` when commands were that may change something and were not declined.
    """

    started: RunStarted
    requests: dict[str, Effect] = field(default_factory=dict)
    answers: dict[str, tuple[int, EffectAnswered]] = field(default_factory=dict)
    requested: set[str] = field(default_factory=set)
    changes: dict[str, float] = field(default_factory=dict)
    decisions: list[Decision] = field(default_factory=list)
    taken: list[Decision] = field(default_factory=list)
    steered: list[Steered] = field(default_factory=list)
    unknown: list[str] = field(default_factory=list)
    verdict: Verdict | None = None
    ended: RunEnded | None = None

    def steers(self) -> list[Steered]:
        """What the operator did that counts: where it belongs to a request, one that was answered."""
        return [one for one in self.steered if one.event.action not in _OF_REQUESTS or one.event.key in self.answers]

    def by_hand(self) -> bool:
        """Whether the walk is not the playbook's own: it cannot be walked again without what the operator did."""
        return any(one.event.action in ("edited", "by-hand", "retried", "branched", "ended-wait") for one in self.steers())

    def edited(self) -> dict[str, str]:
        """The playbook's own command, by the key of one that the operator changed."""
        return {one.event.key: one.event.was for one in self.steers() if one.event.action == "edited"}

    def forget(self, effect: Effect) -> None:
        """Drop `effect` and what it begins: the rest of its capture, the other samples of its series."""
        for key in [key for key, asked in self.requests.items() if _belongs(asked, effect)]:
            del self.requests[key]
            self.answers.pop(key, None)


def record_of(events: Iterable[Event]) -> Recording:
    """SessionError where the run never began or the log holds what this version cannot read, UsageError where it is the session of a fleet."""
    recording: Recording | None = None
    stopped = False
    for place, event in enumerate(events):
        if isinstance(event, VerificationBegan) or (isinstance(event, UnknownEvent) and event.name == VerificationBegan.__name__):
            break
        if isinstance(event, UnknownEvent) and event.name in _NEEDED:
            raise SessionError(
                f"{event.name} of the session holds what this version does not know", "use the version that recorded it, or a newer one"
            )
        if isinstance(event, RunStarted) and is_fleet(event.playbook):
            raise UsageError("this is the session of a fleet: what was asked stands in those of its members", "`tshoot sessions show` names them")
        if recording is None:
            recording = Recording(event) if isinstance(event, RunStarted) else None
        elif not _is_own(event):
            stopped = _after(recording, place, event, stopped)
    if recording is None:
        raise SessionError("the run never began: the session holds neither targets nor inputs", "run the playbook anew")
    return recording


def _after(recording: Recording, place: int, event: Event, stopped: bool) -> bool:
    """One event further; whether the run has been told to stop, so that no decision counts."""
    match event:
        case EffectRequested(effect=effect):
            if effect.key in recording.requests:
                recording.forget(effect)
            recording.requests[effect.key] = effect
            recording.requested.add(effect.key)
            if isinstance(effect, RunCommand) and effect.changes:
                recording.changes[effect.key] = event.at
            recording.ended = None
            return False
        case EffectAnswered(outcome=Failed(kind="cancelled")):
            return True
        case EffectAnswered():
            recording.answers[event.key] = (place, event)
            if isinstance(event.outcome, Failed) and event.outcome.kind == "declined":
                recording.changes.pop(event.key, None)
        case DecisionTaken(decision=decision) if not stopped:
            recording.decisions.append(decision)
            recording.taken.append(decision)
        case OperatorSteered():
            _steered(recording, place, event)
        case UnknownEvent(name=name):
            recording.unknown.append(name)
        case VerdictReached(verdict=verdict) if not stopped:
            recording.verdict = verdict
        case RunEnded():
            recording.ended = event
            return False
    return stopped


def _is_own(event: Event) -> bool:
    """Whether it belongs to a command of the operator's own; a cancel that ended one ended the run, too."""
    key = event.effect.key if isinstance(event, EffectRequested) else event.key if isinstance(event, EffectAnswered) else ""
    cancelled = isinstance(event, EffectAnswered) and isinstance(event.outcome, Failed) and event.outcome.kind == "cancelled"
    return own_number(key) > 0 and not cancelled


def _steered(recording: Recording, place: int, event: OperatorSteered) -> None:
    if event.action not in ACTIONS:
        raise SessionError(
            f"the operator did what this version does not know ({clean_line(event.action)[:80]})", "use the version that recorded it, or a newer one"
        )
    recording.steered.append(Steered(place, len(recording.taken), event))
    if event.action in ("retried", "branched"):
        recording.decisions[:] = standing_before(recording.decisions, event.key)


def _belongs(effect: Effect, to: Effect) -> bool:
    """Whether `effect` is `to`, or part of what `to` begins."""
    if isinstance(to, StartCapture):
        return (effect.node, attempt_of(effect)) == (to.node, attempt_of(to))
    if ":sample-1/" in to.key:
        return (step_of(effect), attempt_of(effect)) == (step_of(to), attempt_of(to))
    return effect.key == to.key


def attempt_of(effect: Effect) -> str:
    """`2` of `route:sample-3/2@router`."""
    return effect.key.partition("/")[2].partition("@")[0]
