"""Who did what when: one moment a request with what came of it, a decision, a note, the verdict.

The samples of one series are one moment, counted; the waits between them are none.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace

from tshoot.model.effects import AskOperator, Decode, Effect, RunCommand, StartCapture, StopCapture, Wait, own_number
from tshoot.model.events import (
    Answer,
    CaptureStarted,
    CaptureTaken,
    CommandRan,
    DecisionTaken,
    Decoded,
    EffectAnswered,
    EffectRequested,
    Event,
    FixVerified,
    MemberEnded,
    NoteAdded,
    Ok,
    OperatorAnswered,
    OperatorSteered,
    Outcome,
    RunEnded,
    RunStarted,
    UnknownEvent,
    VerdictReached,
    VerificationBegan,
)
from tshoot.session.fleet import member_words
from tshoot.session.prose import duration, plural
from tshoot.session.report.model import Moment
from tshoot.session.report.recorded import Piece
from tshoot.session.report.text import line
from tshoot.session.steered_text import steered_words

ENGINE, OPERATOR = "tshoot", "operator"
_SAMPLE = re.compile(r"(?P<step>[a-z0-9_]+):(?P<what>sample|wait)-[0-9]+/(?P<rest>.*)")


def timeline(events: Iterable[Event]) -> list[Moment]:
    """All moments in order; a question counts from its answer on, everything else from its request on."""
    told = _Timeline()
    for event in events:
        told.take(event)
    return sorted(told.moments, key=lambda moment: moment.at)


class _Timeline:
    def __init__(self) -> None:
        self.moments: list[Moment] = []
        self._asked: dict[str, tuple[int, Effect]] = {}  # key -> place in `moments`, the request
        self._series: dict[str, tuple[int, int, float]] = {}  # step and target -> place, samples, when it began

    def take(self, event: Event) -> None:
        match event:
            case EffectRequested():
                self._requested(event)
            case EffectAnswered():
                self._answered(event)
            case _:
                if isinstance(event, VerificationBegan):
                    self._series = {}  # a series that is asked again is another one
                self.moments.append(_plain(event))

    def _requested(self, event: EffectRequested) -> None:
        effect, sample = event.effect, _SAMPLE.match(event.effect.key)
        if sample and (sample["what"] == "wait" or _series(sample) in self._series):
            return
        if sample:
            self._series[_series(sample)] = (len(self.moments), 0, event.at)
        self._asked[effect.key] = (len(self.moments), effect)
        self.moments.append(_request(event.at, effect))

    def _answered(self, event: EffectAnswered) -> None:
        sample = _SAMPLE.match(event.key)
        if sample and sample["what"] == "sample" and _series(sample) in self._series:
            self._sampled(event, _series(sample))
        elif event.key in self._asked:
            place, effect = self._asked.pop(event.key)
            at = event.at if isinstance(effect, AskOperator) else self.moments[place].at
            self._put(place, at, event.outcome)

    def _sampled(self, event: EffectAnswered, series: str) -> None:
        place, samples, began = self._series[series]
        self._series[series] = (place, samples + 1, began)
        if not samples or not isinstance(event.outcome, Ok):
            self._put(place, began, event.outcome)
        if samples and not self.moments[place].failed:
            outcome = f"sampled {samples + 1} times in {duration(max(event.at - began, 0.0))}"
            self.moments[place] = replace(self.moments[place], outcome=outcome)

    def _put(self, place: int, at: float, outcome: Outcome) -> None:
        self.moments[place] = replace(self.moments[place], at=at, outcome=outcome_words(outcome), failed=not isinstance(outcome, Ok))


def _series(sample: re.Match[str]) -> str:
    return f"{sample['step']}/{sample['rest']}"


def _plain(event: Event) -> Moment:
    match event:
        case RunStarted():
            return Moment(event.at, "start", ENGINE, f"began {line(event.playbook)} on {plural(len(event.targets), 'target')}")
        case DecisionTaken(decision=decision):
            return Moment(event.at, "decision", ENGINE, f"decided at {line(decision.node)}", line(decision.leads_to) or "no branch applied")
        case OperatorSteered():
            return Moment(event.at, "steering", line(event.by), line(steered_words(event)))
        case NoteAdded():
            return Moment(event.at, "note", line(event.author), f"noted: {line(event.text)}")
        case VerdictReached(verdict=verdict):
            words = ": ".join(filter(None, (line(verdict.cause), line(verdict.title or verdict.reason))))
            return Moment(event.at, "verdict", ENGINE, f"verdict {line(verdict.kind)}", words)
        case RunEnded():
            return Moment(event.at, "end", ENGINE, line(event.reason), line(event.detail))
        case VerificationBegan():
            return Moment(event.at, "verification", line(event.by), f"asked the deciding checks of {line(event.cause)} again")
        case FixVerified(verification=verification):
            said = line(verification.outcome).replace("-", " ")
            return Moment(event.at, "verification", ENGINE, f"verified the fix: {said}", line(verification.reason))
        case MemberEnded():
            told = f"the run on {line(event.host)} ended{f', session {line(event.session)}' if event.session else ''}"
            return Moment(event.at, "member", ENGINE, told, line(member_words(event)), bool(event.failure) or event.state == "failed")
        case UnknownEvent():
            return Moment(event.at, "other", ENGINE, f"{line(event.name)} (not known to this version)")
        case _:
            raise AssertionError(type(event).__name__)


def _request(at: float, effect: Effect) -> Moment:
    match effect:
        case RunCommand():
            own = " (the operator's own command)" if own_number(effect.key) else ""
            return Moment(at, "command", line(effect.target), f"{line(effect.command)}{own}", "no answer")
        case StartCapture():
            return Moment(at, "capture", line(effect.target), f"capture on {line(effect.interface)}: {line(effect.filter)}", "no answer")
        case StopCapture():
            return Moment(at, "capture", line(effect.target), "capture stopped and fetched", "no answer")
        case Decode():
            return Moment(at, "capture", ENGINE, f"decoded the capture for {line(', '.join(effect.families)) or 'all families'}", "no answer")
        case AskOperator():
            return Moment(at, "question", OPERATOR, f"was asked: {line(effect.question)}", "no answer")
        case Wait():
            return Moment(at, "wait", ENGINE, f"waited {duration(effect.seconds)}")


def outcome_words(outcome: Outcome) -> str:
    """What came of a request, in a few words."""
    if isinstance(outcome, Ok):
        return _answer(outcome.answer)
    return f"failed ({line(outcome.kind)}): {line(outcome.detail)}"


def _answer(answer: Answer) -> str:
    match answer:
        case CommandRan():
            status = "" if answer.exit_status is None else f"exit status {answer.exit_status}, "
            return f"{status}{plural(Piece.of(answer.stdout).size + Piece.of(answer.stderr).size, 'byte')} in {duration(answer.seconds)}"
        case CaptureStarted():
            measured = f"; {line(answer.sample.told)}" if answer.sample and answer.sample.told else ""
            return f"capturing with {line(answer.program)}, process {answer.pid}{measured}"
        case CaptureTaken():
            packets = "" if answer.received is None else f"{plural(answer.received, 'packet')}, "
            dropped = f", {answer.dropped:,} dropped" if answer.dropped else ""
            return f"{packets}{plural(answer.capture.size, 'byte')}{dropped}, after {duration(answer.seconds)}"
        case Decoded():
            found = ", ".join(line(finding.cause) for finding in answer.findings) or "nothing found"
            return f"{plural(answer.packets, 'packet')}: {found}"
        case OperatorAnswered():
            return f"answered: {line(answer.answer)}"
    return ""
