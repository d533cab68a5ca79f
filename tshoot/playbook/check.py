"""What the parts of a playbook mean together: every problem, with file, line and column, all at once.

Looks for nodes that nothing reaches, branches that lead nowhere, decisions that may fall silent, loops
without an exit, names that stand for nothing, facts that no parser gives, unknown platforms, parsers,
causes, detectors and counts, and commands that their platform does not know to only read.
"""

from __future__ import annotations

from collections.abc import Iterator

from tshoot.playbook.catalogue import Catalogue, sample_command
from tshoot.playbook.expressions import Expression, Template
from tshoot.playbook.facts_read import check_reads, known_facts
from tshoot.playbook.inputs import InputError, validated
from tshoot.playbook.tree import AskStep, Branch, CaptureStep, Node, Place, Playbook, RunStep, Step

Problem = tuple[Place, str]


def check_playbook(playbook: Playbook, catalogue: Catalogue) -> tuple[str, ...]:
    """All problems as `file:line:column: message`, in the order of the file; empty when there is none."""
    found: list[Problem] = [
        *_names(playbook),
        *_targets(playbook, catalogue),
        *_steps(playbook, catalogue),
        *_branches(playbook, catalogue),
        *_reachability(playbook),
        *_expressions(playbook, catalogue),
    ]
    in_order = sorted(dict.fromkeys(found), key=lambda problem: (problem[0].line, problem[0].column, problem[1]))
    return tuple(f"{place}: {message}" for place, message in in_order)


def _names(playbook: Playbook) -> Iterator[Problem]:
    taken: dict[str, str] = {}
    for name, spec in playbook.inputs.items():
        taken[name] = "an input"
        if spec.default is not None:
            try:
                validated(spec, str(spec.default))
            except InputError as error:
                yield spec.place, f"the default of `{name}`: {error}"
    for step_id, step in playbook.asked_steps():
        if step_id in taken:
            yield step.place, f"`{step_id}` names {taken[step_id]} already: facts are read by this name, so it must be the only one"
        taken[step_id] = "a step"
    if playbook.start not in playbook.nodes:
        yield playbook.place, f"`start: {playbook.start}` is no node; nodes: {', '.join(playbook.nodes)}"


def _targets(playbook: Playbook, catalogue: Catalogue) -> Iterator[Problem]:
    used = {getattr(step, "target", None) for _, step in playbook.asked_steps()}
    for name, role in playbook.roles.items():
        if role.platform not in catalogue.platforms():
            yield role.place, f"there is no platform `{role.platform}`; there are {', '.join(catalogue.platforms())}"
        if name not in used:
            yield role.place, f"nothing runs on the target `{name}`"


def _steps(playbook: Playbook, catalogue: Catalogue) -> Iterator[Problem]:
    for _, step in playbook.asked_steps():
        target = getattr(step, "target", None)
        if target is not None and target not in playbook.roles:
            yield step.place, f"`{target}` is no target; targets: {', '.join(playbook.roles)}"
            continue
        platform = playbook.roles[target].platform if target else ""
        if platform not in catalogue.platforms():
            continue
        if isinstance(step, RunStep):
            yield from _command(playbook, step, platform, catalogue)
        if isinstance(step, CaptureStep):
            if not catalogue.can_capture(platform):
                yield step.place, f"the platform `{platform}` cannot capture"
            try:
                catalogue.detected(step.families)
            except Exception as error:
                yield step.place, str(error)


def _command(playbook: Playbook, step: RunStep, platform: str, catalogue: Catalogue) -> Iterator[Problem]:
    command = sample_command(playbook, step)
    if step.parser is not None and step.parser not in catalogue.parsers():
        yield step.place, f"there is no parser `{step.parser}`; there are {', '.join(catalogue.parsers())}"
    if not step.changes and not catalogue.reads_only(platform, command):
        yield (
            step.place,
            f"`{step.command.source}` is not known to only read on {platform}; write `changes: true` if it must run, and the operator will be asked",
        )


def _branches(playbook: Playbook, catalogue: Catalogue) -> Iterator[Problem]:
    for node in playbook.nodes.values():
        if not node.decide or node.decide[-1].condition is not None:
            yield node.place, f"the decision of `{node.id}` has no `otherwise` at its end: silence is no answer"
        for index, branch in enumerate(node.decide):
            if branch.condition is None and index < len(node.decide) - 1:
                yield branch.place, f"`otherwise` of `{node.id}` is not last: what follows is never looked at"
            if branch.kind == "go" and branch.leads_to not in playbook.nodes:
                yield branch.place, f"`{branch.leads_to}` is no node; nodes: {', '.join(playbook.nodes)}"
            causes = (branch.leads_to,) if branch.kind == "conclude" else ()
            for cause in (*causes, *branch.rules_out):
                if cause not in catalogue.causes():
                    yield branch.place, f"there is no cause `{cause}` in playbooks/causes"


def _reachability(playbook: Playbook) -> Iterator[Problem]:
    if playbook.start not in playbook.nodes:
        return
    reached = _reach(playbook, playbook.start)
    for node in playbook.nodes.values():
        if node.id not in reached:
            yield node.place, f"no branch leads to `{node.id}`"
        elif not any(branch.kind != "go" for other in _reach(playbook, node.id) for branch in playbook.nodes[other].decide):
            yield node.place, f"`{node.id}` is in a loop without an exit: no branch after it ends in a verdict"


def _reach(playbook: Playbook, start: str) -> set[str]:
    reached, todo = set[str](), [start]
    while todo:
        node = todo.pop()
        if node in reached or node not in playbook.nodes:
            continue
        reached.add(node)
        todo += [branch.leads_to for branch in playbook.nodes[node].decide if branch.kind == "go"]
    return reached


def _expressions(playbook: Playbook, catalogue: Catalogue) -> Iterator[Problem]:
    facts = known_facts(playbook, catalogue)
    for place, expression in _all_expressions(playbook):
        for message in check_reads(expression, playbook, facts):
            yield place, message


def _all_expressions(playbook: Playbook) -> Iterator[tuple[Place, Expression]]:
    for node in playbook.nodes.values():
        for step in _steps_of(node):
            for template in _templates(step):
                yield from ((step.place, part) for part in template.parts if isinstance(part, Expression))
        for branch in node.decide:
            yield from ((branch.place, part) for part in _parts(branch))


def _steps_of(node: Node) -> tuple[Step, ...]:
    during = tuple(step for _, step in node.step.during) if isinstance(node.step, CaptureStep) else ()
    return (*((node.step,) if node.step else ()), *during)


def _templates(step: Step) -> tuple[Template, ...]:
    match step:
        case RunStep():
            return (step.command,)
        case AskStep():
            return (step.question,)
        case CaptureStep():
            return (step.interface, step.filter)
    return ()


def _parts(branch: Branch) -> tuple[Expression, ...]:
    own = (branch.condition,) if branch.condition else ()
    texts = (part for template in (branch.because, branch.next_steps) for part in template.parts if isinstance(part, Expression))
    return (*own, *texts)
