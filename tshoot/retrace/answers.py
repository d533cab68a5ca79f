"""The recorded answer to what the engine asks: by its key, else by what it asks of whom, each answer once.

The same command on the same role, a capture of the same interface and filter, the same question: that is the same request, whatever
a playbook calls its node. The same key with another command is another request. A wait shows nothing of a device: it may always be answered.
"""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import replace

from tshoot.model.effects import AskOperator, Decode, Effect, RunCommand, StartCapture, StopCapture, Wait
from tshoot.model.events import CaptureTaken, EffectAnswered, Ok, Waited
from tshoot.retrace.recording import Recording


class RecordedAnswers:
    """`renamed` maps a node that asks to the node that asked then, where an answer was found by what was asked; `last` is the place and time
    of the answer that was given last."""

    def __init__(self, recording: Recording) -> None:
        self._recording = recording
        self._free: dict[str, Hashable] = {key: content(effect, recording) for key, effect in recording.requests.items() if key in recording.answers}
        self._captures: dict[str, str] = {}  # key of a StartCapture that was asked for -> the one whose answer it got
        self.last = (0.0, recording.started.at)
        self.renamed: dict[str, str] = {}

    def find(self, effect: Effect) -> tuple[float, EffectAnswered] | None:
        """The place in the order, and the answer under the key of `effect`; None where nothing of the kind was recorded."""
        key = self._key_for(effect)
        if key is None:
            place, at = self.last
            return (place, EffectAnswered(at, effect.key, Ok(Waited(effect.seconds)))) if isinstance(effect, Wait) else None
        del self._free[key]
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
        return next((key for key, asked in self._free.items() if asked == wanted), None)

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
