"""A free session judged again: by today's judges of pasted text, or by a playbook as far as what was typed reaches."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Literal

from tshoot.cancel import CancelToken
from tshoot.engine.advance import begin
from tshoot.engine.state import Assumed, State
from tshoot.knowledge import ShippedKnowledge
from tshoot.model.effects import Effect
from tshoot.model.events import EffectAnswered
from tshoot.model.verdicts import Verdict
from tshoot.playbook.tree import Playbook
from tshoot.retrace.fold import Folded, fold
from tshoot.retrace.free.answers import TypedAnswers
from tshoot.retrace.free.importing import recording_of, verdict_of_recording
from tshoot.retrace.free.playbook import FREE
from tshoot.retrace.free.roles import Cast, cast_of
from tshoot.retrace.free.typed_record import typed_record
from tshoot.retrace.rejudge import Judgement, told
from tshoot.retrace.what_came import refuse_what_is_not_there, without_effect
from tshoot.session.store import Session

Result = Literal["same", "different", "open"]


def rejudge_free(
    session: Session,
    playbook: Playbook,
    assumed: Assumed,
    cancel: CancelToken,
    targets: Mapping[str, str],
    inputs: Mapping[str, str],
) -> Judgement:
    """As `rejudge.rejudge`; `targets` and `inputs` say who plays which role of a playbook, where the recording does not."""
    events = tuple(session.events())
    recording = typed_record(events)
    recorded = recording.verdict
    if playbook.id == FREE:
        today = verdict_of_recording(recording_of(session, events, recording.started.at), cancel)
        by_text: Result = "same" if told(today) == told(recorded) else "different"
        return Judgement(session.header.session, FREE, by_text, recorded, today, None, (), {}, tuple(_by_text(recorded, today)))
    cast = cast_of(playbook, recording, targets, inputs)
    answers = TypedAnswers(recording, cast.devices, cast.targets)
    begun = begin(playbook, cast.targets, cast.inputs, ShippedKnowledge(), assumed=assumed)

    def find(effect: Effect) -> tuple[float, EffectAnswered] | None:
        cancel.check()
        return answers.find(effect)

    folded = fold(begun, find)
    refuse_what_is_not_there(assumed, folded.state)
    verdict = folded.state.verdict
    result: Result = "open" if verdict is None else "same" if told(verdict) == told(recorded) else "different"
    remarks = (*_remarks(cast, folded, recorded, folded.state), *without_effect(assumed, folded.state))
    return Judgement(session.header.session, playbook.id, result, recorded, verdict, None, folded.unanswered, cast.targets, remarks)


def _by_text(recorded: Verdict | None, today: Verdict) -> Iterator[str]:
    if recorded is not None and told(recorded) == told(today) and recorded.reason != today.reason:
        yield f"today's verdict says: {today.reason}"


def _remarks(cast: Cast, folded: Folded, recorded: Verdict | None, state: State) -> Iterator[str]:
    yield from cast.remarks
    path = " -> ".join(decision.node for decision in state.path)
    if folded.state.verdict is None:
        yield f"the recording reaches {path} -> {state.node}" if path else f"the recording does not answer the first question, at `{state.node}`"
        if recorded is not None:
            yield "the verdict of the judges of pasted text stands meanwhile"
        return
    yield f"by the playbook: {path}"
    if recorded is not None and told(recorded) != told(folded.state.verdict):
        yield "recorded is what the judges of pasted text say, today what the playbook says of the same answers"
