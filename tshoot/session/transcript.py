"""A session as plain lines, event by event: what a person follows live and reads in a postmortem.

A request is shown when it is made, its answer under it; where something else came between, the answer
names its request again. Of a command that is repeated the first output is shown whole, then what is new in each. Times are UTC.
The same for a live run, a replay and `sessions show`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime

from tshoot.model.effects import AskOperator, Decode, Effect, RunCommand, SampleKey, StartCapture, StopCapture, Wait, own_number, sample_key
from tshoot.model.events import (
    Answer,
    CommandRan,
    DecisionTaken,
    EffectAnswered,
    EffectRequested,
    Event,
    FixVerified,
    MemberEnded,
    NoteAdded,
    Ok,
    OperatorSteered,
    RunEnded,
    RunStarted,
    UnknownEvent,
    VerdictReached,
    VerificationBegan,
)
from tshoot.model.text import decode
from tshoot.model.verdicts import ConditionValue, Decision
from tshoot.session.fleet import member_line
from tshoot.session.outcome_text import outcome_lines
from tshoot.session.prose import LONGEST_VALUE, duration, one_line, plural, wrapped
from tshoot.session.steered_text import steered_words
from tshoot.session.summary import Summary
from tshoot.session.verdict_text import verdict_lines
from tshoot.session.verification_text import verification_lines

MOST_LINES = 60  # of one output
_TIME = re.compile(r"[0-9]{1,4}:[0-9]{2}:[0-9]{2}(?:\.[0-9]{1,9})?")


def transcript_lines(events: Iterable[Event], most: int | None = MOST_LINES) -> Iterator[str]:
    """All lines of a session; `most` lines of each output, None for all."""
    transcript = Transcript(most)
    for event in events:
        yield from transcript.lines(event)


class Transcript:
    """Turns events into lines, one at a time and in order."""

    def __init__(self, most: int | None = MOST_LINES) -> None:
        self._most = most
        self._requests: dict[str, Effect] = {}
        self._latest = ""  # key of the request that the last line belongs to
        self._whys: dict[str, str] = {}  # the reason shown last, by node
        self._samples: dict[str, set[str]] = {}  # the lines of the sample before, by step and target
        self._summary = Summary()
        self._members = 0  # of a fleet, that have ended

    def lines(self, event: Event) -> list[str]:
        """What `event` adds: lines without newlines, clean, for any terminal."""
        self._summary = self._summary.after(event)
        if not isinstance(event, EffectRequested | EffectAnswered):
            self._latest = ""
        clock = f"{datetime.fromtimestamp(event.at, UTC):%H:%M:%S}  "
        match event:
            case RunStarted():
                return _started(event)
            case EffectRequested():
                return self._requested(clock, event.effect)
            case EffectAnswered():
                return self._answered(clock, event)
            case DecisionTaken():
                return self._decided(clock, event.decision)
            case OperatorSteered() | NoteAdded():
                return _said(clock, event)
            case VerdictReached():
                return ["", *verdict_lines(event.verdict), ""]
            case RunEnded():
                return self._ended(clock, event)
            case _:
                return self._of_the_session(clock, event)

    def _of_the_session(self, clock: str, event: Event) -> list[str]:
        """What is no part of a run's walk."""
        match event:
            case VerificationBegan():
                self._samples, self._whys = {}, {}
                return [
                    "",
                    *wrapped(f"the deciding checks of {event.cause} are asked again", len(clock), f"{clock}verification by {one_line(event.by)}: "),
                ]
            case FixVerified():
                return ["", *verification_lines(event.verification), ""]
            case MemberEnded():
                self._members += 1
                return wrapped(member_line(event), len(clock), clock)
            case UnknownEvent():
                return [f"{clock}{one_line(event.name)} (not known to this version): {one_line(json.dumps(dict(event.body), default=str))}"]
        return []

    def _requested(self, clock: str, effect: Effect) -> list[str]:
        self._requests[effect.key] = effect
        sample = sample_key(effect.key)
        if sample and (sample.waits or sample.series in self._samples):
            return []
        self._latest = effect.key
        why = wrapped(effect.why, len(clock), clock) if self._is_new(effect.node, effect.why) else []
        return [*([""] if why else []), *why, *_request(clock, effect)]

    def _answered(self, clock: str, event: EffectAnswered) -> list[str]:
        effect = self._requests.pop(event.key, None)
        sample = sample_key(event.key)
        if effect and sample and isinstance(event.outcome, Ok):
            new = self._sampled(clock, effect, sample, event.outcome.answer)
            if new is not None:
                self._latest = ""
                return new
        again = [] if self._latest == event.key else _request(clock, effect) if effect else [f"{clock}{one_line(event.key)}"]
        self._latest = event.key
        return [*again, *outcome_lines(event.outcome, self._most)]

    def _sampled(self, clock: str, effect: Effect, sample: SampleKey, answer: Answer) -> list[str] | None:
        """What a further sample adds; None for the first, which is shown whole."""
        if not isinstance(effect, RunCommand) or not isinstance(answer, CommandRan):
            return []
        lines = [one_line(text, 2000) for text in decode(answer.stdout).split("\n")]
        before = self._samples.get(sample.series)
        self._samples[sample.series] = {_TIME.sub("", text) for text in lines}
        if before is None:
            return None
        new = [text for text in lines if text.strip() and _TIME.sub("", text) not in before]
        if not new:
            return []
        head = f"{clock}{one_line(effect.target)} {sample.step}, sample {sample.number}: new in it"
        left = len(new) - (self._most or len(new))
        return [head, *(f"    {text}" for text in new[: self._most]), *([f"    … {left} more"] if left > 0 else [])]

    def _decided(self, clock: str, decision: Decision) -> list[str]:
        leads_to = one_line(decision.leads_to) or "no branch applied"
        lines = [f"{clock}{one_line(decision.node)} -> {leads_to}"]
        if self._is_new(decision.node, decision.why):
            lines += wrapped(decision.why, 4)
        return [*lines, *(line for condition in decision.conditions for line in _condition(condition))]

    def _ended(self, clock: str, event: RunEnded) -> list[str]:
        summary = self._summary
        counts = [plural(self._members, "target")] if self._members else [plural(summary.commands, "command")]
        counts += [plural(summary.captures, "capture")] if summary.captures else []
        counts += [f"{summary.failures} failed"] if summary.failures else []
        detail = f": {event.detail}" if event.detail else ""
        return wrapped(f"{event.reason} after {duration(summary.seconds)}, {', '.join(counts)}{detail}", len(clock), clock)

    def _is_new(self, node: str, why: str) -> bool:
        """Whether `why` is worth a line: it has text, and was not the last thing said of that node."""
        said, self._whys[node] = self._whys.get(node), why
        return bool(why.strip()) and said != why


def _said(clock: str, event: OperatorSteered | NoteAdded) -> list[str]:
    if isinstance(event, NoteAdded):
        return wrapped(event.text, len(clock), f"{clock}note by {one_line(event.author)}: ")
    return wrapped(steered_words(event), len(clock), f"{clock}by hand, {one_line(event.by)}: ")


def _started(event: RunStarted) -> list[str]:
    pairs = [(target.role, f"{target.host} ({target.platform})") for target in event.targets]
    pairs += [(name, str(value)) for name, value in event.inputs.items()]
    width = min(max((len(one_line(name)) for name, _ in pairs), default=0), 20)
    day = f"{datetime.fromtimestamp(event.at, UTC):%Y-%m-%d %H:%M:%S} UTC"
    return [f"{one_line(event.playbook)}, {day}", *(f"    {one_line(name):<{width}}  {one_line(value)}" for name, value in pairs)]


def _request(clock: str, effect: Effect) -> list[str]:
    match effect:
        case RunCommand():
            own = " (the operator's own command)" if own_number(effect.key) else ""
            return [f"{clock}{one_line(effect.target)} $ {one_line(effect.command, 2000)}{own}"]
        case StartCapture():
            bounds = f"at most {duration(effect.seconds)}, {plural(effect.packets, 'packet')}, {effect.megabytes:g} MB"
            return [f"{clock}{one_line(effect.target)} capture on {one_line(effect.interface)}: {one_line(effect.filter)} ({bounds})"]
        case StopCapture():
            return [f"{clock}{one_line(effect.target)} stop the capture and fetch it"]
        case Decode():
            return [f"{clock}decode capture {one_line(effect.sha256)[:12]} for {one_line(', '.join(effect.families)) or 'all families'}"]
        case AskOperator():
            choices = " / ".join(effect.choices) or {"confirm": "yes / no"}.get(effect.form, "")
            return wrapped(f"{effect.question}{f' [{choices}]' if choices else ''}", len(clock), f"{clock}? ")
        case Wait():
            return [f"{clock}wait {duration(effect.seconds)}"]


def _condition(condition: ConditionValue) -> list[str]:
    """What it came to, and the values that were read, each once; a condition that is itself what was read needs none."""
    read_values = [(one_line(read.fact), one_line(read.value, LONGEST_VALUE)) for read in condition.readings if read.fact != condition.condition]
    values = dict.fromkeys(f"{fact} = {value}" for fact, value in read_values)
    reason = f": {condition.reason}" if condition.reason else ""
    seen = f" ({', '.join(values)})" if values else ""
    return wrapped(f"{condition.condition}{reason}{seen}", 13, f"    {one_line(condition.outcome):<7}  ")
