"""A recorded session judged again by what tshoot knows today, from its evidence alone.

The engine is folded again: parsers read the recorded outputs, detectors the recorded captures, today's causes explain. The recorded
session is only read. What today's playbook would have asked and nobody recorded leaves the judgement open.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

from tshoot.cancel import CancelToken
from tshoot.engine.advance import begin
from tshoot.engine.state import Assumed
from tshoot.errors import CaptureFileError, SessionError, UsageError
from tshoot.knowledge import ShippedKnowledge
from tshoot.model.effects import Decode, Effect, RunCommand
from tshoot.model.events import EffectAnswered, Failed, Ok, RunStarted, TargetSpec
from tshoot.model.text import clean_line
from tshoot.model.verdicts import Verdict
from tshoot.performers.decode import decode_capture
from tshoot.playbook.facts_read import SAMPLE_FACTS
from tshoot.playbook.tree import Playbook
from tshoot.retrace.answers import RecordedAnswers
from tshoot.retrace.fold import Folded, fold
from tshoot.retrace.free.playbook import FREE
from tshoot.retrace.parting import Parting, parting
from tshoot.retrace.recorded_playbook import playbook_of
from tshoot.retrace.recording import Recording, record_of
from tshoot.retrace.what_came import is_assumed, refuse_what_is_not_there, without_effect
from tshoot.session.evidence import Evidence
from tshoot.session.read import EVIDENCE
from tshoot.session.steered_text import steered_words
from tshoot.session.store import Session


@dataclass(frozen=True)
class Judgement:
    """`result`: same (kind and cause are), different, or open: today's walk needs `unanswered`, which nobody recorded.

    `parting` is where the ways part, also where both end in the same verdict. `remarks` are for a person.
    """

    session: str
    playbook: str
    result: Literal["same", "different", "open"]
    recorded: Verdict | None
    today: Verdict | None
    parting: Parting | None
    unanswered: tuple[Effect, ...]
    targets: Mapping[str, TargetSpec]
    remarks: tuple[str, ...] = ()


def recorded_playbook(session: Session) -> Playbook:
    """The playbook as the session holds it. PlaybookError where this version cannot read it."""
    return playbook_of(session.header.playbook_text)


def rejudge(session: Session, playbook: Playbook, assumed: Assumed, cancel: CancelToken) -> Judgement:
    """Judge `session` by `playbook`, with the facts of `assumed` in place of what was read.

    SessionError where the session or its evidence cannot be read, UsageError where the playbook is for something else or the session
    has no such fact, MissingProgram where a capture has to be decoded and tshark is not there.
    """
    if session.header.playbook == FREE:
        from tshoot.retrace.free.rejudged import rejudge_free

        return rejudge_free(session, playbook, assumed, cancel, {}, {})
    recording = record_of(session.events())
    answers = RecordedAnswers(recording)
    targets = _targets(recording.started, playbook)
    begun = begin(playbook, targets, _inputs(session, recording.started, playbook), ShippedKnowledge(), assumed=assumed)
    folded = fold(begun, _Today(session, answers, cancel).find, recording.steers(), answers.today)
    refuse_what_is_not_there(assumed, folded.state)
    today = folded.state.verdict
    return Judgement(
        session.header.session,
        playbook.id,
        "open" if today is None else "same" if told(today) == told(recording.verdict) else "different",
        recording.verdict,
        today,
        _parting(session, recording, folded, answers.renamed, assumed),
        folded.unanswered,
        targets,
        tuple(_remarks(folded, recording, assumed)),
    )


class _Today:
    """Recorded answers, but for captures: these are decoded anew."""

    def __init__(self, session: Session, answers: RecordedAnswers, cancel: CancelToken) -> None:
        self._session, self._answers, self._cancel = session, answers, cancel

    def find(self, effect: Effect) -> tuple[float, EffectAnswered] | None:
        self._cancel.check()
        if not isinstance(effect, Decode):
            return self._answers.find(effect)
        recorded = self._answers.find(effect)
        place, at = (recorded[0], recorded[1].at) if recorded else self._answers.last
        return place, EffectAnswered(at, effect.key, self._decoded(effect))

    def _decoded(self, effect: Decode) -> Ok | Failed:
        evidence = Evidence(self._session.folder / EVIDENCE)
        problem = evidence.problem(effect.sha256, self._answers.size_of(effect.sha256))
        if problem:
            raise SessionError(f"{self._session.folder}: {problem}", "without its evidence a session cannot be judged again")
        try:
            return Ok(decode_capture(effect, evidence.path(effect.sha256), self._cancel, lambda progress: None))
        except CaptureFileError as error:
            return Failed("unreadable", error.message, error.hint)


def told(verdict: Verdict | None) -> tuple[str, ...]:
    """What a verdict comes to: another wording is no other verdict."""
    return () if verdict is None else (verdict.kind, verdict.cause, verdict.target_failed)


def _targets(started: RunStarted, playbook: Playbook) -> dict[str, TargetSpec]:
    """The recorded devices; a role that is new gets a name without a device, so that what is asked of it is said, not passed over."""
    if started.playbook != playbook.id:
        raise UsageError(f"the session is of the playbook {started.playbook}, not of {playbook.id}", "give a version of that playbook")
    recorded = {target.role: target for target in started.targets}
    new = (role for role in playbook.roles.values() if role.name not in recorded and not role.optional)
    return {**recorded, **{role.name: TargetSpec(role.name, "a device that was not named", role.platforms[0]) for role in new}}


def _inputs(session: Session, started: RunStarted, playbook: Playbook) -> dict[str, str | int]:
    """The recorded inputs; a new one has its default."""
    defaults = {name: spec.default for name, spec in playbook.inputs.items() if spec.default is not None}
    missing = [name for name in playbook.inputs if name not in started.inputs and name not in defaults]
    if missing:
        names = ", ".join(missing)
        raise UsageError(f"{session.header.session}: {playbook.id} asks for {names} by now, which the session does not have", "give it a default")
    return {**defaults, **started.inputs}


def _parting(session: Session, recording: Recording, folded: Folded, renamed: Mapping[str, str], assumed: Assumed) -> Parting | None:
    def why(fact: str) -> str:
        return _why(session, folded, fact, assumed)

    found = parting(recording.decisions, folded.state.path, renamed, why)
    interrupted = found is not None and found.recorded is None and recording.verdict is None
    return None if interrupted else found


def _why(session: Session, folded: Folded, fact: str, assumed: Assumed) -> str:
    """Why a fact has another value than it had."""
    step, _, path = fact.partition(".")
    if is_assumed(fact, assumed):
        return "it is assumed"
    if step in assumed and path.split(".")[0] in ("series", *SAMPLE_FACTS):
        return "it follows from what is assumed of each sample"
    result = folded.state.results.get(step)
    effect = result.effect if result else None
    if isinstance(effect, Decode):
        return "today's detectors see it otherwise in the recorded capture"
    if not isinstance(effect, RunCommand):
        return "it follows from what was asked before"
    target = folded.state.targets.get(effect.target)
    knowledge = ShippedKnowledge()
    parser = effect.parser or (knowledge.parser_of(target.platform, effect.command) if target else None) or ""
    then, now = session.header.parsers.get(parser), knowledge.versions().get(parser)
    if parser and then != now:
        return f"the parser {parser} was changed since ({then or 'it was not there'}, now {now or 'it is not there'})"
    return "tshoot reads the recorded output otherwise since"


def _remarks(folded: Folded, recording: Recording, assumed: Assumed) -> Iterator[str]:
    yield from without_effect(assumed, folded.state)
    if recording.unknown:
        yield f"the session holds what this version does not know and passed over: {', '.join(sorted(set(map(clean_line, recording.unknown))))}"
    for one in folded.undone:
        if one.action not in ("paused", "went-on"):
            yield f"not done again, today's way has no place for it: {one.by} {steered_words(one)}"
    today, recorded = folded.state.verdict, recording.verdict
    if recorded is None:
        yield "the session has no verdict: it was interrupted (`tshoot sessions resume` goes on with it)"
    elif today is not None and told(today) == told(recorded) and today.reason != recorded.reason:
        yield f"today's verdict says: {today.reason}"
