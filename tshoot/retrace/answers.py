"""The recorded answer to what the engine asks: by its key, else by what it asks of whom, each answer once.

The same command on the same role, a capture of the same interface and filter, the same question: that is the same request, whatever
a playbook calls its node. The same key with another command is another request. A wait shows nothing of a device: it may always be answered.
"""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import replace

from tshoot.model.effects import AskOperator, Decode, Effect, RunCommand, StartCapture, StopCapture, Wait
from tshoot.model.events import CaptureTaken, EffectAnswered, Ok, OperatorSteered, Waited
from tshoot.retrace.recording import Recording


class RecordedAnswers:
    """`renamed` maps a node that asks to the node that asked then, where an answer was found by what was asked; `last` is the place and time
    of the answer that was given last."""

    def __init__(self, recording: Recording) -> None:
        self._recording = recording
        asked = {key: content(effect, recording) for key, effect in _as_asked(recording).items()}
        self._free = {key: wanted for key, wanted in asked.items() if key in recording.answers}
        self._never = {
            key: wanted for key, wanted in asked.items() if key not in recording.answers
        }  # the operator went on without it, or it was cut off
        self._captures: dict[str, str] = {}  # key of a StartCapture that was asked for -> the one whose answer it got
        self.last = (0.0, recording.started.at)
        self.renamed: dict[str, str] = {}
        self._asked_as: dict[str, str] = {}  # key of a recorded request -> the key of the one that got its answer

    def find(self, effect: Effect) -> tuple[float, EffectAnswered] | None:
        """The place in the order, and the answer under the key of `effect`; None where nothing of the kind was recorded."""
        key = self._key_for(effect)
        if key is None:
            place, at = self.last
            return (place, EffectAnswered(at, effect.key, Ok(Waited(effect.seconds)))) if isinstance(effect, Wait) else None
        del self._free[key]
        self._asked_as[key] = effect.key
        then = self._recording.requests[key]
        if then.node != effect.node:
            self.renamed[effect.node] = then.node
        if isinstance(effect, StartCapture):
            self._captures[effect.key] = key
        place, answered = self._recording.answers[key]
        self.last = (float(place), answered.at)
        return place, replace(answered, key=effect.key)

    def _key_for(self, effect: Effect) -> str | None:
        wanted = content(effect, self._recording, self._captures)
        if self._free.get(effect.key) == wanted:
            return effect.key
        if self._never.get(effect.key) == wanted:
            return None  # and not the answer of another request that was the same
        return next((key for key, asked in self._free.items() if asked == wanted), None)

    def today(self, event: OperatorSteered) -> OperatorSteered | None:
        """What the operator did, in today's names of nodes and keys; None where it was done to what is not asked today."""
        named = {then: now for now, then in self.renamed.items()}
        node, to = named.get(event.node, event.node), event.to
        if event.action in ("retried", "branched"):
            return replace(event, node=node, key=f"{node}/{event.key.rpartition('/')[2]}", to=named.get(to, to))
        key = self._asked_as.get(event.key, "")
        return replace(event, node=node, key=key) if key or not event.key else None

    def size_of(self, sha256: str) -> int:
        """Bytes of a capture that was fetched; -1 where none with that hash was."""
        for _, answered in self._recording.answers.values():
            outcome = answered.outcome
            if isinstance(outcome, Ok) and isinstance(outcome.answer, CaptureTaken) and outcome.answer.capture.sha256 == sha256:
                return outcome.answer.capture.size
        return -1


class AnswersByKey(RecordedAnswers):
    """By the key alone: for the playbook that recorded them, even where today's reading of an output would word a command otherwise."""

    def _key_for(self, effect: Effect) -> str | None:
        return effect.key if effect.key in self._free else None


def _as_asked(recording: Recording) -> dict[str, Effect]:
    """The requests as the playbook made them: a command that the operator changed answers the playbook's own."""
    edited = recording.edited()
    return {
        key: replace(effect, command=edited[key]) if key in edited and isinstance(effect, RunCommand) else effect
        for key, effect in recording.requests.items()
    }


def content(effect: Effect, recording: Recording, captures: dict[str, str] | None = None) -> Hashable:
    """What `effect` asks of whom; its `why`, its bounds in time and its key do not count."""
    match effect:
        case RunCommand():
            return "run", effect.target, effect.command
        case StartCapture():
            return "capture", effect.target, effect.interface, effect.filter
        case StopCapture():
            return "stop", effect.target, (captures or {}).get(effect.capture, effect.capture)
        case Decode():
            return "decode", effect.target, effect.sha256, effect.families
        case AskOperator():
            return "ask", effect.question, effect.form, effect.choices
        case Wait():
            return "wait", effect.seconds
