"""What holds of every verdict: it proves itself; what it cites is there, and holds what is said of it."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator

from tests.unit.engine.walking import KNOWLEDGE, Recorded, recorded
from tshoot.model.effects import Decode, RunCommand
from tshoot.model.events import CommandRan, Decoded, Failed, Ok
from tshoot.model.evidence import AnswerCitation, Citation, FailureCitation, FrameCitation, LineCitation
from tshoot.model.text import decode
from tshoot.model.verdicts import Verdict


def cited(verdict: Verdict) -> Iterator[Citation]:
    yield from verdict.evidence
    for out in verdict.ruled_out:
        yield from out.citations
    for decision in verdict.path:
        for condition in decision.conditions:
            for reading in condition.readings:
                yield from reading.citations


def streams(run: Recorded) -> dict[tuple[str, str, str], CommandRan]:
    """Command, stream and sha256 -> an answer with these very bytes."""
    commands = {effect.key: effect for effect in run.requested() if isinstance(effect, RunCommand)}
    found: dict[tuple[str, str, str], CommandRan] = {}
    for event in run.answered():
        outcome = event.outcome
        ran = outcome.partial if isinstance(outcome, Failed) else outcome.answer if isinstance(outcome, Ok) else None
        if isinstance(ran, CommandRan) and event.key in commands:
            for stream, raw in (("stdout", ran.stdout), ("stderr", ran.stderr)):
                found[commands[event.key].command, stream, hashlib.sha256(raw).hexdigest()] = ran
    return found


def lines_of(run: Recorded) -> list[LineCitation]:
    return [citation for citation in cited(run.verdict) if isinstance(citation, LineCitation)]


def cited_lines_are_the_lines_of_that_output(run: Recorded) -> None:
    outputs = streams(run)
    for citation in lines_of(run):
        ran = outputs[citation.command, citation.stream, citation.sha256]
        raw = ran.stdout if citation.stream == "stdout" else ran.stderr
        assert hashlib.sha256(raw).hexdigest() == citation.sha256
        lines = decode(raw).split("\n")
        if citation.first == 0:
            assert (citation.last, citation.text) == (0, "")
            continue
        assert 1 <= citation.first <= citation.last <= len(lines)
        assert citation.text == "\n".join(lines[citation.first - 1 : citation.last])
        assert citation.text.strip()


def a_plain_value_stands_in_the_lines_it_is_read_from(run: Recorded) -> None:
    """Numbers and names that a device prints; what a parser concludes (`refused`, true, a count) is said in its own words."""
    for citation in lines_of(run):
        if (
            citation.first
            and citation.fact.rpartition(".")[2] in {"mtu", "interface", "received", "sent", "name", "address"}
            and citation.value != "none"
        ):
            assert citation.value in citation.text, citation


def cited_frames_exist_in_the_capture_that_was_decoded(run: Recorded) -> None:
    frames = [citation for citation in cited(run.verdict) if isinstance(citation, FrameCitation)]
    decodes = {effect.key: effect for effect in run.requested() if isinstance(effect, Decode)}
    packets = {decodes[event.key].sha256: event.outcome.answer for event in run.answered() if event.key in decodes and isinstance(event.outcome, Ok)}
    for citation in frames:
        decoded = packets[citation.sha256]
        assert isinstance(decoded, Decoded)
        assert 1 <= citation.frame <= decoded.packets
        assert any(
            (value.frame, value.field, value.value) == (citation.frame, citation.field, citation.value)
            for finding in decoded.findings
            for value in finding.evidence
        )


def cited_answers_and_failures_are_those_that_were_given(run: Recorded) -> None:
    failures = [event.outcome for event in run.answered() if isinstance(event.outcome, Failed)]
    for citation in cited(run.verdict):
        if isinstance(citation, FailureCitation) and citation.target:
            assert any((citation.failure, citation.detail) == (failed.kind, failed.detail) for failed in failures)
        if isinstance(citation, AnswerCitation):
            assert citation.answer == run.scenario.answer_to(citation.question)


def what_is_ruled_out_is_neither_found_nor_open(run: Recorded) -> None:
    verdict = run.verdict
    ruled_out = [out.cause for out in verdict.ruled_out]
    assert len(set(ruled_out)) == len(ruled_out)
    assert verdict.cause not in ruled_out
    last = {
        condition.leads_to.removeprefix("conclude "): condition.outcome
        for decision in verdict.path
        for condition in decision.conditions
        if condition.leads_to.startswith("conclude ")
    }
    excluded = {
        cause
        for decision in verdict.path
        for branch in recorded(run.scenario.id).begin()[0].playbook.nodes[decision.node].decide
        if branch.text == decision.branch
        for cause in branch.rules_out
    }
    for out in verdict.ruled_out:
        assert out.cause in KNOWLEDGE.causes()
        assert out.because
        assert last.get(out.cause) == "false" or out.cause in excluded


def a_fault_says_who_does_what_and_how_to_know(run: Recorded) -> None:
    verdict = run.verdict
    assert verdict.reason
    if verdict.kind == "fault":
        assert all((verdict.cause, verdict.title, verdict.owner, verdict.fix, verdict.verify, verdict.evidence))
        assert "{" not in verdict.fix + verdict.verify
    elif verdict.kind == "healthy":
        assert verdict.evidence
        assert not verdict.cause
    else:
        assert verdict.missing or verdict.next_steps or verdict.target_failed


def every_branch_taken_tells_its_conditions(run: Recorded) -> None:
    for decision in run.verdict.path:
        outcomes = [condition.outcome for condition in decision.conditions]
        assert "true" not in outcomes[:-1]
        assert (decision.branch == "otherwise") == (not outcomes or outcomes[-1] != "true")
        for condition in decision.conditions:
            assert (condition.outcome == "unknown") == bool(condition.reason)
            assert condition.readings


CHECKS = (
    cited_lines_are_the_lines_of_that_output,
    a_plain_value_stands_in_the_lines_it_is_read_from,
    cited_frames_exist_in_the_capture_that_was_decoded,
    cited_answers_and_failures_are_those_that_were_given,
    what_is_ruled_out_is_neither_found_nor_open,
    a_fault_says_who_does_what_and_how_to_know,
    every_branch_taken_tells_its_conditions,
)
