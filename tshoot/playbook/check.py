"""What the parts of a playbook mean together: every problem, with file, line and column, all at once.

Looks for nodes that nothing reaches, branches that lead nowhere, decisions that may fall silent, loops
without an exit, names that stand for nothing, facts that no parser gives, unknown platforms, parsers,
causes, detectors and counts, and commands that their platform does not know to only read.
"""

from __future__ import annotations

from collections.abc import Iterator
from difflib import get_close_matches

from tshoot.playbook.catalogue import Catalogue
from tshoot.playbook.expressions import Expression, Template
from tshoot.playbook.facts_read import check_reads, known_facts
from tshoot.playbook.inputs import InputError, validated
from tshoot.playbook.safety import first_rule
from tshoot.playbook.tree import ANY_PLATFORM, AskStep, Branch, CaptureStep, Place, Playbook, RunStep, Step

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
    for name in playbook.let:
        if name in taken:
            yield playbook.place, f"`let: {name}` names {taken[name]} already"
        taken[name] = "an expression"
    for node in playbook.nodes.values():
        for name in node.let:
            if name in taken:
                yield node.place, f"`let: {name}` of `{node.id}` names {taken[name]} already"
    if playbook.start not in playbook.nodes:
        yield playbook.place, f"`start: {playbook.start}` is no node; nodes: {', '.join(playbook.nodes)}"


def _targets(playbook: Playbook, catalogue: Catalogue) -> Iterator[Problem]:
    used = {getattr(step, "target", None) for _, step in playbook.asked_steps()}
    for name, role in playbook.roles.items():
        for platform in role.platforms:
            if platform not in catalogue.platforms():
                yield role.place, f"there is no platform `{platform}`{_meant(platform, catalogue.platforms())}"
        if name not in used:
            yield role.place, f"nothing runs on the target `{name}`"


def _steps(playbook: Playbook, catalogue: Catalogue) -> Iterator[Problem]:
    for _, step in playbook.asked_steps():
        target = getattr(step, "target", None)
        if target is not None and target not in playbook.roles:
            yield step.place, f"`{target}` is no target; targets: {', '.join(playbook.roles)}"
            continue
        platforms = [name for name in (playbook.roles[target].platforms if target else ()) if name in catalogue.platforms()]
        if isinstance(step, RunStep) and platforms:
            yield from _commands(playbook, step, platforms, catalogue)
        if isinstance(step, CaptureStep) and platforms:
            if not any(catalogue.can_capture(platform) for platform in platforms):
                yield step.place, f"the platform `{platforms[0]}` cannot capture"
            try:
                catalogue.detected(step.families)
            except Exception as error:
                yield step.place, str(error)


def _commands(playbook: Playbook, step: RunStep, platforms: list[str], catalogue: Catalogue) -> Iterator[Problem]:
    for parser in step.parsers.values():
        if parser not in catalogue.parsers():
            yield step.place, f"there is no parser `{parser}`{_meant(parser, catalogue.parsers())}"
    for name in (*step.commands, *step.parsers):
        if name not in (ANY_PLATFORM, *playbook.roles[step.target].platforms):
            yield step.place, f"`{step.target}` is never a {name}: its platforms are {', '.join(playbook.roles[step.target].platforms)}"
    for platform in platforms:
        command = step.command_on(platform)
        if command is not None and not command.source:
            continue  # an empty command: this platform has nothing to say here
        if command is None:
            yield step.place, f"no command for {platform}, which `{step.target}` may be"
        elif not step.changes and first_rule(playbook, command, platform, catalogue) is None:
            sentence = f"`{command.source}` is not known to only read on {platform}; write `changes: true` if it must run"
            yield step.place, f"{sentence}, and the operator will be asked"


def _meant(name: str, known: tuple[str, ...]) -> str:
    alike = get_close_matches(name, known, 3)
    return f"; did you mean {' or '.join(alike)}?" if alike else f"; there are {', '.join(known)}"


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
        for _, step in node.steps():
            for template in _templates(step):
                yield from ((step.place, part) for part in template.parts if isinstance(part, Expression))
            if isinstance(step, RunStep) and step.sampling:
                watched = (*step.sampling.watch.values(), *((step.sampling.until,) if step.sampling.until else ()))
                yield from ((step.sampling.place, part) for part in watched)
        for branch in node.decide:
            yield from ((branch.place, part) for part in _parts(branch))


def _templates(step: Step) -> tuple[Template, ...]:
    match step:
        case RunStep():
            times = (step.sampling.every, step.sampling.seconds) if step.sampling else ()
            return (*step.commands.values(), *times)
        case AskStep():
            return (step.question,)
        case CaptureStep():
            return (step.interface, step.filter)
    return ()


def _parts(branch: Branch) -> tuple[Expression, ...]:
    own = (branch.condition,) if branch.condition else ()
    texts = (
        part for template in (branch.because, branch.next_steps, *branch.details.values()) for part in template.parts if isinstance(part, Expression)
    )
    return (*own, *texts)
