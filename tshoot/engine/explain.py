"""From a finished walk to its verdict: the proof, what was ruled out and why, owner, fix and how to verify."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from tshoot.engine.citations import failure_citation
from tshoot.engine.state import Result, State
from tshoot.model.events import TARGET_FAILURES
from tshoot.model.evidence import Citation
from tshoot.model.findings import Finding
from tshoot.model.losses import rests_on_silence
from tshoot.model.verdicts import ConditionValue, Decision, RuledOut, Verdict
from tshoot.playbook.causes import filled
from tshoot.playbook.evaluation import render, told
from tshoot.playbook.expressions import Template
from tshoot.playbook.tree import Branch, Node


def concluded(state: State, branch: Branch) -> Verdict:
    """The verdict that a branch ends in."""
    if branch.kind == "inconclusive":
        sentence = _sentence(state, branch.because)
        return undecided(state, (), sentence, _sentence(state, branch.next_steps))
    evidence = tuple(_proof(state))
    if branch.kind == "healthy":
        return Verdict("healthy", _sentence(state, branch.because), evidence=evidence, ruled_out=ruled_out(state, ""), path=state.path)
    cause = state.knowledge.cause(branch.leads_to)
    finding = _finding(state, cause.id)
    details: Mapping[str, str | int] = {**_input_details(state), **(finding.facts if finding else {}), **_given_details(state, branch)}
    reason = _sentence(state, branch.because) or (finding.explanation if finding else cause.title)
    return Verdict(
        "fault",
        reason + _reservation(state, cause.id),
        cause.id,
        cause.title,
        cause.owner,
        filled(cause.fix, details),
        filled(cause.verify, details),
        evidence,
        ruled_out(state, cause.id),
        state.path,
        details=details,
    )


def undecided(state: State, missing: tuple[str, ...], reason: str, next_steps: str = "") -> Verdict:
    """Inconclusive: what is missing, and what was ruled out on the way all the same."""
    steps = next_steps or "get what is missing and run the playbook again; the session keeps all that was seen"
    proof = tuple(_proof(state))
    return Verdict(
        "inconclusive", reason, evidence=proof, ruled_out=ruled_out(state, ""), path=state.path, missing=missing or state.doubts, next_steps=steps
    )


def target_failed(state: State, result: Result) -> Verdict:
    assert result.failed is not None  # noqa: S101  only asked for failed results
    reason, hint = result.failed.detail, result.failed.hint
    missing = (f"what {getattr(result.effect, 'target', 'the target')} would have answered to `{result.step}`",)
    kind = result.failed.kind if result.failed.kind in TARGET_FAILURES else ""
    evidence = (failure_citation(result), *_proof(state))
    return Verdict(
        "inconclusive",
        reason,
        evidence=evidence,
        ruled_out=ruled_out(state, ""),
        path=state.path,
        missing=missing,
        next_steps=hint,
        target_failed=kind,
    )


def too_often(state: State, node: Node) -> Verdict:
    return undecided(state, (f"a way out of `{node.id}`",), f"`{node.id}` was entered {node.attempts} times without a decision")


def ruled_out(state: State, cause_found: str) -> tuple[RuledOut, ...]:
    """Causes whose condition was tried and false, and those that a branch taken excludes; each once, never one still open."""
    seen = {finding.cause for result in state.results.values() for finding in result.findings}  # if only as a warning
    still_open = {cause for _, value, cause in _tried(state) if value.outcome == "unknown"} | {cause_found} | seen
    found: dict[str, RuledOut] = {}
    for decision, value, cause in _tried(state):
        if value.outcome == "false" and cause not in still_open:
            because = f"{_plain_condition(state, value)} at `{decision.node}`"
            found.setdefault(cause, RuledOut(cause, state.knowledge.cause(cause).title, because, _citations(value)))
    for decision in state.path:
        branch = next((b for b in state.playbook.nodes[decision.node].decide if b.text == decision.branch and b.outcome == decision.leads_to), None)
        taken = decision.conditions[-1] if decision.conditions and decision.conditions[-1].outcome == "true" else None
        if branch is None or (taken is None and any(value.outcome == "unknown" for value in decision.conditions)):
            continue  # an `otherwise` after a condition that is not known excludes nothing
        for cause in branch.rules_out:
            because = f"{taken.condition} at `{decision.node}`" if taken else f"`{decision.node}`: {decision.why or decision.branch}"
            proof = _citations(taken) if taken else tuple(citation for value in decision.conditions for citation in _citations(value))
            if cause != cause_found:
                found[cause] = RuledOut(cause, state.knowledge.cause(cause).title, because, proof)
    return tuple(found.values())


def _tried(state: State) -> Iterator[tuple[Decision, ConditionValue, str]]:
    for decision in state.path:
        for value in decision.conditions:
            if value.leads_to.startswith("conclude "):
                yield decision, value, value.leads_to.removeprefix("conclude ")


def _plain_condition(state: State, value: ConditionValue) -> str:
    """Why a condition was false, in words where it asked a capture, else with the values that were read."""
    if captures := _asked_captures((value,), "false"):
        packets = state.results[captures[0]].facts.get("packets")
        return f"looked for in the capture ({packets} packets) and not there,"
    read = ", ".join(f"{reading.fact} is {reading.value}" for reading in value.readings if reading.citations)
    return f"`{value.condition}` is false" + (f" ({read})" if read else "")


def _asked_captures(values: Sequence[ConditionValue], answer: str = "true") -> list[str]:
    """The steps of the captures of which a condition asked whether they show a cause, and that answered so."""
    return [reading.fact.split(".")[0] for value in values for reading in value.readings if ".found(" in reading.fact and reading.value == answer]


def _citations(value: ConditionValue | None) -> tuple[Citation, ...]:
    return tuple(citation for reading in (value.readings if value else ()) for citation in reading.citations)


def _proof(state: State) -> Iterator[Citation]:
    """The deciding condition's citations first, then those of the way there, latest first, each once."""
    seen: set[Citation] = set()
    for decision in reversed(state.path):
        for value in sorted(decision.conditions, key=lambda value: value.outcome != "true"):
            for citation in _citations(value):
                if citation not in seen:
                    seen.add(citation)
                    yield citation


def _finding(state: State, cause: str) -> Finding | None:
    findings = [finding for result in state.results.values() for finding in result.findings if finding.cause == cause]
    return findings[-1] if findings else None


def _reservation(state: State, cause: str) -> str:
    """Said of a fault that was found in a capture by an answer that is not there, where the capture may have missed it."""
    asked = _asked_captures(state.path[-1].conditions[-1:])
    shown = [(state.results[step], finding) for step in asked for finding in state.results[step].findings if finding.cause == cause]
    doubts = [result.doubt for result, finding in shown if rests_on_silence(finding)]
    if not doubts or not all(doubts):
        return ""
    return f"; it is shown by an answer that is missing in the capture, but {doubts[-1]}: capture again to be sure"


def _input_details(state: State) -> dict[str, str | int]:
    return {name: value for name, value in state.inputs.items() if value != ""}


def _given_details(state: State, branch: Branch) -> dict[str, str | int]:
    texts = {name: render(template, state.scope)[0] for name, template in branch.details.items()}
    return {name: text for name, text in texts.items() if isinstance(text, str) and text}


def _sentence(state: State, template: Template) -> str:
    return told(template, state.scope)
