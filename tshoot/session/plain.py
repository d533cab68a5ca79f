"""A verdict as plain JSON values: the public contract of `--json`, of reports and of scripts that read them."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

from tshoot.model.evidence import AnswerCitation, Citation, FailureCitation, FrameCitation, LineCitation
from tshoot.model.text import clean
from tshoot.model.verdicts import ConditionValue, Decision, Verdict

_KINDS: dict[type[Citation], str] = {LineCitation: "line", FrameCitation: "frame", AnswerCitation: "answer", FailureCitation: "failure"}


def verdict_json(verdict: Verdict) -> dict[str, Any]:
    """{"kind", "cause", "title", "reason", "evidence", "ruled_out", "path", "fix", "verify", "owner", "missing", "next_steps"}.

    A citation has "kind" (line, frame, answer, failure) and its fields; text is clean (tshoot.model.text).
    """
    return {
        "kind": verdict.kind,
        "cause": clean(verdict.cause),
        "title": clean(verdict.title),
        "reason": clean(verdict.reason),
        "evidence": citations_json(verdict.evidence),
        "ruled_out": [
            {"cause": clean(out.cause), "title": clean(out.title), "because": clean(out.because), "evidence": citations_json(out.citations)}
            for out in verdict.ruled_out
        ],
        "path": [decision_json(decision) for decision in verdict.path],
        "fix": clean(verdict.fix),
        "verify": clean(verdict.verify),
        "owner": clean(verdict.owner),
        "missing": [clean(text) for text in verdict.missing],
        "next_steps": clean(verdict.next_steps),
    }


def decision_json(decision: Decision) -> dict[str, Any]:
    """One decision of a verdict's path: {"node", "attempt", "branch", "leads_to", "why", "conditions"}."""
    return {
        "node": clean(decision.node),
        "attempt": decision.attempt,
        "branch": clean(decision.branch),
        "leads_to": clean(decision.leads_to),
        "why": clean(decision.why),
        "conditions": [_condition(condition) for condition in decision.conditions],
    }


def _condition(condition: ConditionValue) -> dict[str, Any]:
    readings = [{"fact": clean(read.fact), "value": clean(read.value), "evidence": citations_json(read.citations)} for read in condition.readings]
    return {
        "condition": clean(condition.condition),
        "outcome": condition.outcome,
        "leads_to": clean(condition.leads_to),
        "reason": clean(condition.reason),
        "readings": readings,
    }


def citations_json(citations: tuple[Citation, ...]) -> list[dict[str, Any]]:
    """Each citation with its "kind" and fields."""
    return [{"kind": _KINDS[type(citation)], **_fields(citation)} for citation in citations]


def _fields(citation: Citation) -> dict[str, Any]:
    values = {item.name: getattr(citation, item.name) for item in fields(citation)}
    return {name: clean(value) if isinstance(value, str) else value for name, value in values.items()}
