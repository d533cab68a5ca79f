"""What came of an assumption, after the walk: whether the assumed fact has a place in what the step told, and whether a condition read it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence

from tshoot.engine.assumed import key_in
from tshoot.engine.results import command_result, findings_fact
from tshoot.engine.state import Assumed, Result, State
from tshoot.errors import UsageError
from tshoot.knowledge import ShippedKnowledge
from tshoot.model.effects import Decode, RunCommand
from tshoot.model.facts import Value
from tshoot.playbook.expressions import Expression
from tshoot.playbook.facts_read import known_facts
from tshoot.playbook.tree import RunStep
from tshoot.retrace.what_if import near

_Shape = tuple[str, ...]  # a fact as the parser lists it, in parts: by_name · * · mtu


def refuse_what_is_not_there(assumed: Assumed, state: State) -> None:
    """UsageError where an assumed fact is of an entry (`by_name.vmk9`, `entries.99`) that the step did not tell of."""
    known = known_facts(state.playbook, ShippedKnowledge()) if assumed else {}
    for step, facts in assumed.items():
        told = _told(state, state.results[step]) if step in state.results else {}
        for path in facts:
            if "(" not in path:
                _refuse_missing(step, path, told, [tuple(fact.split(".")) for fact in known[step]])


def is_assumed(fact: str, assumed: Assumed) -> bool:
    """Whether a fact (`step.path`) was assumed itself, in part, as part of another, or because its step is assumed to have failed or not."""
    step, _, path = fact.partition(".")
    return any(one == "failed" or _overlap(path, one) for one in assumed.get(step, {}))


def without_effect(assumed: Assumed, state: State) -> Iterator[str]:
    """A sentence on each assumption that changes nothing on this way."""
    yield from (f"`{step}` is not reached on this way: what was assumed of it changes nothing" for step in assumed if step not in state.results)
    if state.verdict is not None:
        yield from (f"no condition on this way reads `{fact}`: that it is assumed decides nothing" for fact in _unread(assumed, state))


def _unread(assumed: Assumed, state: State) -> list[str]:
    """The assumed facts of steps that were reached, which nothing that decides on this way read."""
    read = set(_read(state))
    looked_through = [_below(path) for expression in _deciding(state) for path in expression.reads]

    def is_read(step: str, path: str) -> bool:
        fact = f"{step}.{path}"
        place = step if path == "failed" else fact
        return any(_overlap(place, one) for one in read) or any(below.fullmatch(fact) for below in looked_through)

    return [f"{step}.{path}" for step, facts in assumed.items() if step in state.results for path in facts if not is_read(step, path)]


def _told(state: State, result: Result) -> Mapping[str, Value]:
    """What the step told, without what is assumed; of a step that failed nothing is known."""
    if isinstance(result.effect, RunCommand) and result.ran is not None and result.failed is None:
        return command_result(result.step, result.effect, state.targets[result.effect.target].platform, result.ran, state.knowledge).facts
    if isinstance(result.effect, Decode):
        return {"findings": findings_fact(result.findings)}
    return {}


def _refuse_missing(step: str, path: str, told: Mapping[str, Value], shapes: Sequence[_Shape]) -> None:
    """Down `path` through what was told; a key may hold dots. A name that the parser lists may be one that it had nothing to say of here."""
    here, *rest = path.split(".")
    holder = told.get(here)
    shapes = [shape[1:] for shape in shapes if shape[0] == here]
    while rest and isinstance(holder, (dict, list)):
        named = [shape[0] for shape in shapes if shape]
        entries = holder if isinstance(holder, dict) else {str(index): entry for index, entry in enumerate(holder)}
        key = key_in(entries, rest)
        if key not in entries and key not in named:
            names = [*entries, *(name for name in named if name != "*" and name not in entries)]
            some = near(key, names) if names else "nothing is listed there"
            raise UsageError(f"--what-if {step}.{path}: `{step}.{here}` has no `{key}` in this session", some)
        holder, here, rest = entries.get(key), f"{here}.{key}", rest[key.count(".") + 1 :]
        shapes = [shape[1:] for shape in shapes if shape and shape[0] in (key, "*")]


def _overlap(one: str, other: str) -> bool:
    return one == other or one.startswith(f"{other}.") or other.startswith(f"{one}.")


def _read(state: State) -> Iterator[str]:
    """What conditions read on this way, and what series were made of."""
    for decision in state.path:
        for condition in decision.conditions:
            yield from (reading.fact for reading in condition.readings)
    for result in state.results.values():
        for sample in result.samples:
            yield from (path for paths in sample.read.values() for path in paths)


def _deciding(state: State) -> Iterator[Expression]:
    for decision in state.path:
        conditions = [branch.condition for branch in state.playbook.nodes[decision.node].decide if branch.condition is not None]
        yield from conditions[: len(decision.conditions)]
    for _, step in state.playbook.asked_steps():
        if isinstance(step, RunStep) and step.sampling is not None and step.sampling.until is not None:
            yield step.sampling.until


def _below(path: tuple[str, ...]) -> re.Pattern[str]:
    """All that lies below a path: a filter looks through it, but only what it picks is told as read."""
    return re.compile(re.escape(".".join(path)).replace(r"\*", ".+") + r"\..+")
