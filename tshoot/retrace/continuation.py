"""Where an interrupted session goes on: its log folded to a state, the decisions that were taken standing as they were taken.

What has no answer is asked again. What must be seen in one piece is begun again: a capture whose file was not fetched, a series of samples
that was not complete. A command that may change something and has no answer may have been done: whoever performs it asks first.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from tshoot.engine.advance import Advanced, begin, step_of
from tshoot.engine.state import State
from tshoot.engine.steered import BY_HAND
from tshoot.errors import UsageError
from tshoot.knowledge import ShippedKnowledge
from tshoot.model.effects import Decode, Effect, StartCapture
from tshoot.model.events import Event
from tshoot.model.verdicts import Decision
from tshoot.playbook.tree import CaptureStep, Playbook, RunStep
from tshoot.retrace.answers import AnswersByKey, RecordedAnswers
from tshoot.retrace.fold import Folded, fold
from tshoot.retrace.parting import Parting, parting
from tshoot.retrace.recorded_playbook import playbook_of
from tshoot.retrace.recording import Recording, attempt_of, record_of
from tshoot.runner import Told
from tshoot.session.codec_v1 import Header


@dataclass(frozen=True)
class Continuation:
    """`begun` is what the run goes on from, `told` what its log tells already. `anew` are the requests that are made once more.

    `doubtful` are changes that were asked for and have no answer: key to when. `parting`: today a decision that was taken would be another.
    """

    begun: Advanced
    told: Told
    anew: tuple[Effect, ...]
    doubtful: dict[str, float]
    parting: Parting | None


def continuation(header: Header, events: tuple[Event, ...]) -> Continuation:
    """Fold a log to where it stops. UsageError where the run had ended with its verdict, SessionError where it never began."""
    recording = record_of(events)
    if recording.verdict is not None and recording.ended is not None and recording.ended.reason == "finished":
        raise UsageError(f"{header.session}: the run ended with its verdict", f"`tshoot sessions rejudge {header.session}` judges it again")
    playbook = playbook_of(header.playbook_text)
    apart = _parting(recording, playbook)
    folded = _folded(recording, playbook, standing=True)
    begun_again = _in_one_piece(recording, folded.state)
    for effect in begun_again:
        recording.forget(effect)
    folded = _folded(recording, playbook, standing=True) if begun_again else folded
    state = folded.state if recording.verdict is None else replace(folded.state, verdict=recording.verdict, waiting={})
    effects = tuple(state.waiting.values())
    return Continuation(
        (state, effects),
        Told(events, min(len(recording.decisions), len(state.path)), recording.verdict is not None),
        tuple(effect for effect in effects if effect.key in recording.requested),
        {key: at for key, at in recording.changes.items() if key not in recording.answers},
        apart,
    )


def _folded(recording: Recording, playbook: Playbook, *, standing: bool) -> Folded:
    targets = {target.role: target for target in recording.started.targets}
    own = (one for one in recording.taken if not one.branch.startswith(BY_HAND)) if standing else ()
    taken: dict[tuple[str, int], Decision] = {(one.node, one.attempt): one for one in own}
    answers = AnswersByKey(recording) if standing else RecordedAnswers(recording)
    begun = begin(playbook, targets, recording.started.inputs, ShippedKnowledge(), standing=taken)
    return fold(begun, answers.find, recording.steers(), answers.today)


def _parting(recording: Recording, playbook: Playbook) -> Parting | None:
    """The first decision of the log that today would be another. What today's walk would decide beyond the log is none of it."""
    path = _folded(recording, playbook, standing=False).state.path
    why = "tshoot reads the recorded output otherwise since"
    return parting(recording.decisions, path[: len(recording.decisions)], {}, lambda fact: why)


def _in_one_piece(recording: Recording, state: State) -> list[Effect]:
    """The requests that began what is under way in the node and cannot be gone on with in the middle."""
    node = state.playbook.nodes[state.node]
    steps = dict(node.steps())
    begins: Iterable[Effect] = ()
    if isinstance(node.step, CaptureStep):
        if not any(isinstance(effect, Decode) for effect in state.waiting.values()):
            begins = (one for one in recording.requests.values() if isinstance(one, StartCapture) and one.node == node.id)
    else:
        sampled = {step_of(effect) for effect in state.waiting.values() if _is_sampled(steps.get(step_of(effect)))}
        begins = (one for one in recording.requests.values() if step_of(one) in sampled and ":sample-1/" in one.key)
    return [effect for effect in begins if attempt_of(effect) == str(state.attempt)] if state.verdict is None else []


def _is_sampled(step: object) -> bool:
    return isinstance(step, RunStep) and step.sampling is not None
