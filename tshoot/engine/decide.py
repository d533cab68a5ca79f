"""One decision: the conditions in turn, the branch taken, and what it settles.

A condition that is unknown is passed over and remembered. A verdict by `otherwise` after an unknown
condition would claim more than was seen: it becomes Inconclusive. So does `otherwise: healthy` when any
decision on the way had such a doubt. A verdict under a condition that is true stands. A decision that was taken
before (`state.standing`) is not taken again, whatever today's reading of the outputs would say. What the
operator did by hand, where nothing may be excluded on it, counts as a condition that is unknown.
"""

from __future__ import annotations

from dataclasses import replace

from tshoot.engine.citations import readings
from tshoot.engine.explain import concluded, undecided
from tshoot.engine.state import State
from tshoot.engine.steered import by_hand, doubts_of
from tshoot.model.facts import Unknown
from tshoot.model.verdicts import ConditionValue, Decision
from tshoot.playbook.evaluation import evaluate, render
from tshoot.playbook.tree import Branch, Node


def decide(state: State, node: Node) -> tuple[State, str | None]:
    """The state after the decision of `node`, and the node to enter next (None: a verdict was reached)."""
    standing = state.standing.get((node.id, state.attempt))
    for branch in node.decide if standing else ():
        if standing is not None and (branch.text, branch.outcome) == (standing.branch, standing.leads_to):
            return _settle(state, branch, standing)
    tried: list[ConditionValue] = []
    for branch in node.decide:
        if branch.condition is None:
            return _take(state, node, branch, tried)
        value = _value(state, branch)
        tried.append(value)
        if value.outcome == "true":
            return _take(state, node, branch, tried)
    decision = Decision(node.id, state.attempt, "", "", tuple(tried), node.why)
    state = replace(state, path=(*state.path, decision))
    return replace(state, verdict=undecided(state, ("a branch of the playbook for what was seen",), f"no branch of `{node.id}` applied")), None


def _value(state: State, branch: Branch) -> ConditionValue:
    assert branch.condition is not None  # noqa: S101  for the type checker: `otherwise` has none
    evaluation = evaluate(branch.condition, state.scope)
    truth = evaluation.truth
    outcome = "unknown" if isinstance(truth, Unknown) else "true" if truth else "false"
    reason = truth.reason if isinstance(truth, Unknown) else ""
    return ConditionValue(branch.text, outcome, branch.outcome, reason, readings(state, evaluation.readings))  # type: ignore[arg-type]


def _take(state: State, node: Node, branch: Branch, tried: list[ConditionValue]) -> tuple[State, str | None]:
    sentence, _ = render(branch.because, state.scope)
    why = node.why if isinstance(sentence, Unknown) or not sentence or branch.kind != "go" else sentence
    return _settle(state, branch, Decision(node.id, state.attempt, branch.text, branch.outcome, tuple(tried), why))


def _settle(state: State, branch: Branch, decision: Decision) -> tuple[State, str | None]:
    open_conditions = tuple(f"{value.condition}: {value.reason}" for value in decision.conditions if value.outcome == "unknown")
    doubts = state.doubts + doubts_of(decision)
    state = replace(state, path=(*state.path, decision), doubts=doubts)
    if branch.kind == "go":
        return state, branch.leads_to
    in_doubt: tuple[str, ...] = ()
    if branch.condition is None and branch.kind == "conclude":
        in_doubt = open_conditions + by_hand(state)
    elif branch.kind == "healthy":
        in_doubt = (doubts if branch.condition is None else ()) + by_hand(state)
    if in_doubt:
        reason = f"{'no fault was found' if branch.kind == 'healthy' else branch.leads_to + ' is possible'}, but not all that decides it is known"
        return replace(state, verdict=undecided(state, in_doubt, reason)), None
    return replace(state, verdict=concluded(state, branch)), None
