"""What the verdict of a recorded fault rests on: the decision that found it, the steps that its conditions read, and what they asked.

A verdict under a condition rests on the steps which that condition may read; one by `otherwise` on those of all conditions that were tried
before it. All steps of a capture belong together, and so do series that were sampled side by side. Where the last decision read nothing, the
one before it decided.
"""

from __future__ import annotations

from dataclasses import dataclass

from tshoot.engine.advance import step_of
from tshoot.errors import UsageError
from tshoot.model.effects import Effect
from tshoot.model.verdicts import ConditionValue, Decision, Verdict
from tshoot.playbook.tree import Branch, CaptureStep, Playbook, RunStep
from tshoot.retrace.recording import Recording, attempt_of

OTHERWISE = "otherwise"


@dataclass(frozen=True)
class Deciding:
    """`branch` was taken at `decision`. `steps` are (step, attempt), `requests` what they asked, as recorded and in its order."""

    verdict: Verdict
    decision: Decision
    branch: Branch
    steps: frozenset[tuple[str, str]]
    requests: tuple[Effect, ...]

    def asks(self, effect: Effect) -> bool:
        """Whether the effect belongs to the deciding steps."""
        return (step_of(effect), attempt_of(effect)) in self.steps

    @property
    def standing(self) -> dict[tuple[str, int], Decision]:
        """The decisions on the way that read nothing of these steps: they stand as they were taken."""
        names = {step for step, _ in self.steps}
        way = (one for one in self.verdict.path if one != self.decision)
        return {(one.node, one.attempt): one for one in way if not any(steps_read(value) & names for value in one.conditions)}


def steps_read(value: ConditionValue) -> set[str]:
    """The steps, or inputs, that a condition read."""
    return {reading.fact.partition(".")[0] for reading in value.readings}


def deciding(session: str, recording: Recording, playbook: Playbook) -> Deciding:
    """UsageError where the session found no fault, has not ended, was steered by hand, or rests on nothing that could be asked again."""
    verdict = recording.verdict
    if verdict is None or verdict.kind != "fault":
        found = f"its verdict is {verdict.kind}" if verdict else "it reached no verdict"
        raise UsageError(f"{session}: there is no fault whose fix could be verified: {found}", "name a session that found a fault")
    if recording.ended is None or recording.ended.reason != "finished":
        raise UsageError(f"{session}: the run has not ended", f"`tshoot sessions resume {session}` ends it")
    if recording.by_hand():
        raise UsageError(f"{session}: the operator went another way than the playbook's, to which its checks do not lead", "run the playbook anew")
    latest = {step_of(effect): attempt_of(effect) for effect in recording.requests.values()}
    for decision in reversed(verdict.path):
        branch = _branch(session, playbook, decision)
        steps = {step for step in _read(playbook, decision) if step in latest}
        if steps:
            pairs = frozenset((step, latest[step]) for step in _whole(playbook, steps) if step in latest)
            requests = tuple(effect for effect in recording.requests.values() if (step_of(effect), attempt_of(effect)) in pairs)
            return Deciding(verdict, decision, branch, pairs, requests)
    raise UsageError(f"{session}: the fault rests on nothing that could be asked again", "run the playbook anew")


def _branch(session: str, playbook: Playbook, decision: Decision) -> Branch:
    node = playbook.nodes.get(decision.node)
    for branch in node.decide if node else ():
        if (branch.text, branch.outcome) == (decision.branch, decision.leads_to):
            return branch
    raise UsageError(f"{session}: the decision at `{decision.node}` was not taken by a condition of the playbook", "run the playbook anew")


def _read(playbook: Playbook, decision: Decision) -> set[str]:
    """The steps that the decision may have read, as far as it was tried."""
    tried = [value for value in decision.conditions if value.outcome == "true"] or decision.conditions
    texts = {value.condition for value in tried}
    conditions = (branch.condition for branch in playbook.nodes[decision.node].decide if branch.condition and branch.text in texts)
    return {path[0] for condition in conditions for path in condition.reads}


def _whole(playbook: Playbook, steps: set[str]) -> set[str]:
    """With all the steps of each capture, and of what was sampled side by side, that one of them belongs to."""
    whole = set(steps)
    for node in playbook.nodes.values():
        inside = dict(node.steps())
        sampled = any(isinstance(step, RunStep) and step.sampling is not None for step in inside.values())
        if inside.keys() & steps and (sampled or isinstance(node.step, CaptureStep)):
            whole |= inside.keys()
    return whole
