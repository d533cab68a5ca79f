"""Which facts a playbook may read from each of its steps, and whether an expression reads only those."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from tshoot.playbook.catalogue import Catalogue
from tshoot.playbook.expressions import Expression
from tshoot.playbook.safety import first_rule
from tshoot.playbook.tree import AskStep, CaptureStep, Playbook, RunStep, Sampling

COMMAND_FACTS: Mapping[str, str] = {
    "failed": "none, or the kind of failure",
    "refused": "none, or the line by which the device refused the command",
    "exit_status": "int: exit status of the command, none on a device's own command line",
    "text": "str: its cleaned standard output",
}
SAMPLE_FACTS: Mapping[str, str] = {
    "samples": "int: how many times the command gave an answer",
    "span_seconds": "float: from the first to the last sample",
}
SERIES_FACTS: Mapping[str, str] = {
    "samples": "int: how many samples gave the value",
    "span_seconds": "float: from the first to the last of these",
    "values": "list[str]: the value of every sample, in order",
    "distinct": "list[str]: the different values, in order of appearance",
    "changes": "int: how often the value changed",
    "first": "str",
    "last": "str",
    "change_times": "list[float]: seconds from the first sample to each change",
    "change_seconds": "float: mean time from one change to the next; unknown before the second change",
    "period_seconds": "float: mean time from a value to its return; unknown before two full cycles",
    "period_spread": "float: standard deviation of the period, not less than what the sampling can tell",
    "steady": "bool: at least two samples, and no change among them",
}
ANSWER_FACTS: Mapping[str, str] = {"failed": COMMAND_FACTS["failed"], "answer": "str: yes, no, the choice or the text"}
WAIT_FACTS: Mapping[str, str] = {"failed": COMMAND_FACTS["failed"]}
CAPTURE_FACTS: Mapping[str, str] = {
    "failed": COMMAND_FACTS["failed"],
    "packets": "int: frames in the capture",
    "partial": "bool: part of the capture could not be read, or packets are missing from it",
    "seen": "counts of what the detectors looked at, by name",
    "found": "found('cause'): a detector proved this fault",
    "warned": "warned('cause'): a detector saw it, but not as a fault",
    "findings": "list: each finding's facts (prefix, address, client, …) with its cause and severity",
    "findings.*.*": "str or int",
}
_FUNCTIONS = ("found", "warned")


def known_facts(playbook: Playbook, catalogue: Catalogue) -> Mapping[str, Mapping[str, str]]:
    """Step id -> fact path -> meaning. A parser's list entries (`entries.*.network`) are paths too."""
    found: dict[str, Mapping[str, str]] = {}
    for step_id, step in playbook.asked_steps():
        match step:
            case RunStep():
                found[step_id] = {**COMMAND_FACTS, **_parsed(playbook, step, catalogue), **(_sampled(step.sampling) if step.sampling else {})}
            case AskStep():
                found[step_id] = ANSWER_FACTS
            case CaptureStep():
                found[step_id] = {**CAPTURE_FACTS, **_detected(step, catalogue)}
            case _:
                found[step_id] = WAIT_FACTS
    return found


def _parsed(playbook: Playbook, step: RunStep, catalogue: Catalogue) -> Mapping[str, str]:
    """What the parsers of the step's commands can say, on any of its target's platforms."""
    role = playbook.roles.get(step.target)
    found: dict[str, str] = {}
    for platform in role.platforms if role else ():
        command = step.command_on(platform)
        if platform in catalogue.platforms() and command is not None:
            rule = first_rule(playbook, command, platform, catalogue)
            parser = step.parser_on(platform) or (rule.parser if rule else None)
            found.update(catalogue.facts_of(parser) if parser in catalogue.parsers() and parser else {})
    return found


def _sampled(sampling: Sampling) -> Mapping[str, str]:
    series = {f"series.{name}.{fact}": meaning for name in sampling.watch for fact, meaning in SERIES_FACTS.items()}
    return {**SAMPLE_FACTS, **series}


def _detected(step: CaptureStep, catalogue: Catalogue) -> Mapping[str, str]:
    """`seen.<count>` for every count, and `found(<cause>)` for every cause that the wanted detectors know."""
    try:
        causes, counts = catalogue.detected(step.families)
    except Exception:  # an unknown family: reported where the step is checked
        return {}
    return {**{f"seen.{name}": meaning for name, meaning in counts.items()}, **{f"found({cause})": meaning for cause, meaning in causes.items()}}


def check_reads(expression: Expression, playbook: Playbook, facts: Mapping[str, Mapping[str, str]]) -> Iterator[str]:
    """A message for each name and fact that `expression` reads and that nothing gives."""
    asked = {path for path, _ in expression.calls}
    for path in expression.reads:
        name, rest = path[0], path[1:]
        if name in playbook.inputs:
            if rest:
                yield f"`{'.'.join(path)}`: `{name}` is an input, it has no parts"
        elif name not in facts:
            known = ", ".join([*playbook.inputs, *facts])
            yield f"`{name}` is no input and no step; there are {known}"
        elif not rest:
            yield f"`{name}` is a step: read one of its facts, {_tops(facts[name])}"
        elif _is_question(facts[name], rest) and (path not in asked or len(rest) > 1):
            yield f"`{'.'.join(path)}` is asked about one cause: `{name}.{rest[-1]}('nfs.mount-denied')`"
        elif not _gives(facts[name], rest):
            yield f"`{'.'.join(path)}`: `{name}` gives no such fact; it gives {_tops(facts[name])}"
    for path, argument in expression.calls:
        if path[-1:] and path[-1] not in _FUNCTIONS:
            yield f"`{'.'.join(path)}` is no question that can be asked; `found('…')` and `warned('…')` of a capture are"
        elif len(path) == 2 and path[0] in facts and f"found({argument})" not in facts[path[0]]:
            yield f"`{path[0]}.{path[1]}('{argument}')`: no detector of that capture knows this cause"


def _is_question(facts: Mapping[str, str], path: tuple[str, ...]) -> bool:
    return path[-1] in _FUNCTIONS and facts.get(path[-1], "").startswith(f"{path[-1]}(")


def _tops(facts: Mapping[str, str]) -> str:
    return ", ".join(sorted({fact.split(".")[0].split("(")[0] for fact in facts}))


def _gives(facts: Mapping[str, str], path: tuple[str, ...]) -> bool:
    if path[0] == "seen" and len(path) > 1:
        return f"seen.{'.'.join(path[1:])}" in facts or path[1] == "*"
    return any(_matches(fact.split("."), path) for fact in facts)


def _matches(pattern: list[str], path: tuple[str, ...]) -> bool:
    """`by_name.*.mtu` gives `by_name`, `by_name.vmk0`, `by_name.*.mtu`."""
    return len(path) <= len(pattern) and all(part in ("*", step) or step == "*" for part, step in zip(pattern, path, strict=False))
