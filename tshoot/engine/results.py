"""Answers to results: what each kind of answer lets conditions read.

The facts that every step of a kind has are listed, with their meaning, in `playbook.facts_read`. A failed
step, and a command that the device refused, leave all their other facts unknown, with that as the reason.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from tshoot.engine.state import Knowledge, Result
from tshoot.model.effects import AskOperator, Decode, Effect, RunCommand
from tshoot.model.events import Answer, CommandRan, Decoded, Failed, OperatorAnswered
from tshoot.model.facts import Unknown, Value
from tshoot.model.findings import Finding
from tshoot.model.text import decode
from tshoot.playbook.evaluation import FactFunction


def command_result(step: str, effect: RunCommand, platform: str, ran: CommandRan, knowledge: Knowledge) -> Result:
    parsed = knowledge.parse(platform, effect.command, effect.parser, ran)
    common = {"failed": None, "refused": parsed.refused or None, "exit_status": ran.exit_status, "text": decode(ran.stdout)}
    if parsed.refused:
        facts: Mapping[str, Value] = _AllUnknown(f"{effect.target} refused the command: {parsed.refused}", common)
    else:
        facts = {**parsed.facts, **common}
    return Result(step, facts, effect, ran, parsed.lines, refused=parsed.refused)


def failed_result(step: str, effect: Effect | None, failed: Failed) -> Result:
    """Only `failed` is known; whatever else is read is unknown because of it."""
    reason = failed.detail or failed.kind
    return Result(step, _AllUnknown(reason, {"failed": failed.kind}), effect, failed.partial, failed=failed)


def answer_result(step: str, effect: AskOperator, answer: OperatorAnswered) -> Result:
    return Result(step, {"failed": None, "answer": answer.answer}, effect)


def waited_result(step: str, effect: Effect) -> Result:
    return Result(step, {"failed": None}, effect)


def capture_result(step: str, effect: Decode, decoded: Decoded, missed: str) -> Result:
    """`found` is unknown where the capture holds nothing, is partial or `missed` something, and does not show the fault."""
    faults = {finding.cause for finding in decoded.findings if finding.severity == "fault"}
    others = {finding.cause for finding in decoded.findings} - faults
    incomplete = (decoded.remark if decoded.partial else "", missed)
    doubt = "; ".join(filter(None, ("the capture holds no packet", missed) if decoded.packets == 0 else incomplete))

    def among(causes: set[str]) -> FactFunction:
        return FactFunction("found", lambda cause: True if cause in causes else Unknown(doubt) if doubt else False)

    facts = {
        "failed": None,
        "packets": decoded.packets,
        "partial": decoded.partial or bool(missed),
        "seen": _Counts(decoded.seen),
        "found": among(faults),
        "warned": among(others),
        "findings": findings_fact(decoded.findings),
    }
    return Result(step, facts, effect, findings=decoded.findings, capture=effect.sha256, doubt=doubt)


def findings_fact(findings: Sequence[Finding]) -> Value:
    """The findings of a capture as conditions read them."""
    return [{**finding.facts, "cause": finding.cause, "severity": finding.severity} for finding in findings]


class _Counts(dict[str, Value]):
    """Counts of a capture that was read: what is not listed was not seen once."""

    def get(self, key: str, default: Value = None) -> Value:
        return super().get(key, 0)


class _AllUnknown(dict[str, Value]):
    """A mapping in which every key that is not set is unknown for one reason."""

    def __init__(self, reason: str, known: Mapping[str, Value]) -> None:
        super().__init__(known)
        self.reason = reason

    def get(self, key: str, default: Value = None) -> Value:
        return self[key] if key in self else Unknown(self.reason)


def with_facts(result: Result, more: Mapping[str, Value]) -> Result:
    """The result with more facts; what was unknown for one reason stays so."""
    facts = result.facts
    return replace(result, facts=_AllUnknown(facts.reason, {**facts, **more}) if isinstance(facts, _AllUnknown) else {**facts, **more})


def simple_result(step: str, effect: Effect, platform: str, answer: Answer, knowledge: Knowledge) -> Result:
    """The result of any step that one answer completes."""
    if isinstance(effect, RunCommand) and isinstance(answer, CommandRan):
        return command_result(step, effect, platform, answer, knowledge)
    if isinstance(effect, AskOperator) and isinstance(answer, OperatorAnswered):
        return answer_result(step, effect, answer)
    return waited_result(step, effect)
