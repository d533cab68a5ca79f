"""How long a run may take: the longest way through the playbook, each step to its own limit. The operator's thinking is not counted.

A node that can be entered again is counted as often as it may be; so this is a bound, never a promise.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from statistics import median

from tshoot.plan import planned_text
from tshoot.playbook.tree import CaptureStep, Node, Playbook, RunStep, Step, TogetherStep, WaitStep

_LOGIN = 30.0  # seconds that a login may take, once a target
_AROUND_CAPTURE = 60.0  # room, start, settling, fetching and comparing a bounded file


def longest_seconds(playbook: Playbook, inputs: Mapping[str, str | int]) -> float:
    """At most so many seconds of waiting for targets. Sampling whose time is not known yet counts as its commands alone."""
    ahead = {name: tuple(_next(node, playbook)) for name, node in playbook.nodes.items()}
    groups = _groups(ahead)
    cost = {
        name: _node(node, inputs) * (node.attempts if len(groups[name]) > 1 or name in ahead[name] else 1) for name, node in playbook.nodes.items()
    }
    known: dict[frozenset[str], float] = {}

    def longest(group: frozenset[str]) -> float:
        if group not in known:
            known[group] = 0.0
            after = {groups[leads_to] for name in group for leads_to in ahead[name]} - {group}
            known[group] = sum(cost[name] for name in group) + max(map(longest, after), default=0.0)
        return known[group]

    return longest(groups[playbook.start]) + _LOGIN * len(playbook.roles)


def _next(node: Node, playbook: Playbook) -> Iterator[str]:
    return (branch.leads_to for branch in node.decide if branch.kind == "go" and branch.leads_to in playbook.nodes)


def _groups(ahead: Mapping[str, Sequence[str]]) -> dict[str, frozenset[str]]:
    """Node -> all nodes that it can reach and that lead back to it, itself included."""
    reach = {name: _reached(name, ahead) for name in ahead}
    return {name: frozenset({name} | {other for other in reach[name] if name in reach[other]}) for name in ahead}


def _reached(start: str, ahead: Mapping[str, Sequence[str]]) -> set[str]:
    found, left = set[str](), [start]
    while left:
        for name in ahead[left.pop()]:
            if name not in found:
                found.add(name)
                left.append(name)
    return found


def _node(node: Node, inputs: Mapping[str, str | int]) -> float:
    return _step(node.step, inputs) if node.step else 0.0


def _step(step: Step, inputs: Mapping[str, str | int]) -> float:
    match step:
        case RunStep(sampling=None):
            return step.timeout
        case RunStep():
            return step.timeout + _number(planned_text(step.sampling.seconds, inputs) if step.sampling else "")
        case WaitStep():
            return step.seconds
        case CaptureStep():
            return _AROUND_CAPTURE + max(step.seconds, sum(_step(inner, inputs) for _, inner in step.during))
        case TogetherStep():
            return max((_step(inner, inputs) for _, inner in step.steps), default=0.0)
        case _:
            return 0.0


def _number(text: str) -> float:
    try:
        return min(max(float(text), 0.0), 86_400.0)
    except ValueError:
        return 0.0


def told_seconds(seconds: float) -> str:
    """`40 s`, `3 min`, `1.5 h`."""
    if seconds < 100:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"


def duration_text(playbook: Playbook, inputs: Mapping[str, str | int], took: Sequence[float]) -> str:
    """In one sentence; `took` are the seconds of earlier runs that ended in a verdict."""
    most = f"at most {told_seconds(longest_seconds(playbook, inputs))} of waiting for targets, beside your answers"
    if not took:
        return most
    runs = f"the last {len(took)} runs" if len(took) > 1 else "the last run"
    return f"{told_seconds(median(took))} as {runs} with their questions; {most}"
