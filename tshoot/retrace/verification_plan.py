"""Everything that a verification would do, before it is done: from the record alone."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import MappingProxyType

from tshoot.engine.advance import step_of
from tshoot.model.effects import AskOperator, Effect, RunCommand, StartCapture, Wait
from tshoot.plan import Planned, capture_commands, planned_text
from tshoot.playbook.tree import RunStep
from tshoot.retrace.verification import Checks
from tshoot.retrace.words import what


def planned(checks: Checks, directories: Mapping[str, str] = MappingProxyType({})) -> tuple[Planned, ...]:
    """Commands as they were recorded, each once; a question has no target. One whose text needs what another says may read otherwise then."""
    found: dict[Planned, None] = {}
    for effect in checks.deciding.requests:
        for one in _planned(effect, checks, directories):
            found.setdefault(one)
    return tuple(found)


def _planned(effect: Effect, checks: Checks, directories: Mapping[str, str]) -> Iterator[Planned]:
    target = checks.targets.get(getattr(effect, "target", ""))
    match effect:
        case RunCommand() if target:
            yield Planned(target.role, target.host, effect.node, effect.command + _sampled(effect, checks), effect.why, effect.changes)
        case StartCapture() if target:
            for command in capture_commands(effect, target.platform, directories.get(target.role, "")):
                yield Planned(target.role, target.host, effect.node, command, effect.why, False)
        case AskOperator():
            yield Planned("", "", effect.node, what(effect), effect.why, False)
        case Wait() if ":wait-" not in effect.key:
            yield Planned("", "", effect.node, what(effect), effect.why, False)


def _sampled(effect: RunCommand, checks: Checks) -> str:
    step = dict(checks.playbook.asked_steps()).get(step_of(effect))
    if not isinstance(step, RunStep) or step.sampling is None:
        return ""
    every, seconds = (planned_text(template, checks.recording.started.inputs) for template in (step.sampling.every, step.sampling.seconds))
    return f"   (every {every} s for {seconds} s{', or until it is decided' if step.sampling.until else ''})"
