"""From what a condition read to the place that proves it: output lines, frames, answers, failures."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from tshoot.engine.state import Result, State
from tshoot.model.effects import AskOperator, Decode, Effect, RunCommand, StartCapture, StopCapture
from tshoot.model.evidence import AnswerCitation, Citation, FailureCitation, FrameCitation, LineCitation
from tshoot.model.facts import Span, Unknown, Value
from tshoot.model.findings import Finding
from tshoot.model.text import decode
from tshoot.model.verdicts import Reading

MAX_VALUE = 200
MAX_CHANGES = 6  # of one series that are cited
_ASKED_FOR: Mapping[type[Effect], str] = {
    StartCapture: "capture",
    StopCapture: "end of the capture",
    Decode: "reading the capture",
    AskOperator: "question",
}
_FOUND = re.compile(r"(?:found|warned)\('(.+)'\)")


def readings(state: State, read: Sequence[tuple[str, Value]]) -> tuple[Reading, ...]:
    """Each path that was read, with its value as text and its citations; inputs have none."""
    return tuple(Reading(path, shown(value), citations(state, path, value)) for path, value in read)


def shown(value: Value) -> str:
    """A value as a person reads it: plain ones whole, those that hold others by their number of entries."""
    if isinstance(value, Unknown):
        text = f"unknown ({value.reason})"
    elif isinstance(value, (dict, list)):
        text = _shown_parts(value)
    else:
        text = {True: "true", False: "false", None: "none"}.get(value, str(value)) if isinstance(value, bool) or value is None else str(value)
    return text if len(text) <= MAX_VALUE else text[: MAX_VALUE - 1] + "…"


def _shown_parts(value: dict[str, Value] | list[Value]) -> str:
    parts = list(value.values()) if isinstance(value, dict) else value
    if any(isinstance(part, (dict, list)) for part in parts):
        return f"{len(parts)} {'entry' if len(parts) == 1 else 'entries'}"
    named = [f"{name} {shown(part)}" for name, part in value.items()] if isinstance(value, dict) else map(shown, parts)
    return ", ".join(named) or "none"


def citations(state: State, path: str, value: Value) -> tuple[Citation, ...]:
    step_id, _, fact = path.partition(".")
    result = state.results.get(step_id)
    if result is None:
        return ()
    if result.failed is not None:
        return (failure_citation(result),)
    if fact.startswith("series."):
        return tuple(_sampled(result, fact.split(".")[1]))
    if isinstance(result.effect, RunCommand) and result.ran is not None:
        return _lines(result, result.effect, fact, shown(value))
    if isinstance(result.effect, AskOperator) and fact == "answer":
        return (AnswerCitation(step_id, result.effect.question, shown(value)),)
    match = _FOUND.fullmatch(fact)
    if match and value is True:
        return tuple(citation for finding in result.findings if finding.cause == match[1] for citation in finding_citations(result, finding))
    return ()


def finding_citations(result: Result, finding: Finding) -> tuple[Citation, ...]:
    target = getattr(result.effect, "target", "")
    return tuple(
        FrameCitation(result.step, target, value.frame, value.field, value.value, finding.explanation if index == 0 else "", result.capture)
        for index, value in enumerate(finding.evidence)
    )


def failure_citation(result: Result) -> FailureCitation:
    assert result.failed is not None  # noqa: S101  only asked for failed results
    effect = result.effect
    command = effect.command if isinstance(effect, RunCommand) else _ASKED_FOR.get(type(effect), "") if effect else ""
    return FailureCitation(result.step, getattr(effect, "target", ""), command, result.failed.kind, result.failed.detail)


def _lines(result: Result, effect: RunCommand, fact: str, value: str) -> tuple[LineCitation, ...]:
    """The lines a fact was read from; exit status and the like belong to the whole output, cited by its last line."""
    assert result.ran is not None  # noqa: S101  the caller looked
    span = nearest_span(result.spans, fact)
    raw = result.ran.stderr if span and span.stream == "stderr" else result.ran.stdout
    lines = decode(raw).split("\n")
    if span is None:
        span = Span("stdout", 0, 0)
    text = "\n".join(lines[span.first - 1 : span.last]) if span.first else ""
    hash_ = hashlib.sha256(raw).hexdigest()
    return (LineCitation(result.step, effect.target, effect.command, span.stream, span.first, span.last, text, fact, value, hash_),)


def _sampled(result: Result, series: str) -> Iterator[Citation]:
    """The first sample of a series and those at which its value changed, each at the lines it was read from."""
    before: Value = None
    cited = 0
    for number, sample in enumerate(result.samples, start=1):
        value = sample.watched.get(series)
        if isinstance(value, Unknown) or (cited and value == before) or not isinstance(sample.result.effect, RunCommand) or not sample.result.ran:
            continue
        before, cited = value, cited + 1
        own = [path.partition(".")[2] for path in sample.read[series] if path.startswith(f"{result.step}.")]
        fact = own[0] if own else ""
        when = f"{series}, sample {number} at +{sample.at - result.samples[0].at:.0f} s"
        yield from (replace(line, fact=when) for line in _lines(sample.result, sample.result.effect, fact, shown(value)))
        if cited > MAX_CHANGES:
            return


def nearest_span(spans: Mapping[str, Span], fact: str) -> Span | None:
    """The span of `by_name.vmk0.mtu`, else of `by_name.vmk0`, else of `by_name`."""
    parts = fact.split(".")
    for length in range(len(parts), 0, -1):
        span = spans.get(".".join(parts[:length]))
        if span is not None:
            return span
    return None
