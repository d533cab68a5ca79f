"""What a playbook will do, before it does anything: the targets, every command that may run, the questions, the causes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from types import MappingProxyType

from tshoot.model.events import TargetSpec
from tshoot.plan import Planned, plan, planned_text
from tshoot.playbook.inputs import InputError, validated
from tshoot.playbook.tree import AskStep, CaptureStep, Playbook, Role
from tshoot.tui.duration import duration_text
from tshoot.tui.lines import BLANK, Line, line, span
from tshoot.wiring import Prepared


def outlook_lines(
    playbook: Playbook,
    targets: Mapping[str, str],
    inputs: Mapping[str, str],
    platforms: Mapping[str, str] = MappingProxyType({}),
    causes: tuple[str, ...] = (),
    took: Sequence[float] = (),
) -> list[Line]:
    """`targets`, `inputs` and `platforms` as far as they are known; what is not known yet stands as ‹name›. `took`: seconds of earlier runs."""
    hosts = {name: TargetSpec(name, targets.get(name) or f"‹{name}›", _platform(role, platforms)) for name, role in playbook.roles.items()}
    values = known_inputs(playbook, inputs)
    steps = plan(Prepared(playbook, hosts, values))
    return [
        *_changes(playbook, steps),
        line(("◷ ", "dim"), ("takes: ", "strong"), span(duration_text(playbook, values, took)), hang=2),
        *(row for host in hosts.values() for row in _target(host, steps)),
        *_questions(playbook, values),
        *_section("Can prove", [line(("  - ", "dim"), span(title), hang=4) for title in causes]),
    ]


def _platform(role: Role, platforms: Mapping[str, str]) -> str:
    given = platforms.get(role.name, "")
    return given if given in role.platforms else role.platforms[0]


def about_lines(playbook: Playbook) -> list[Line]:
    """What the playbook is for, in its own words."""
    description = [line(span(playbook.description, "dim", 2000))] if playbook.description else []
    return [line(span(playbook.title, "strong")), *description, BLANK]


def known_inputs(playbook: Playbook, inputs: Mapping[str, str]) -> dict[str, str | int]:
    """The inputs that have a valid value, given or by default."""
    values: dict[str, str | int] = {}
    for name, spec in playbook.inputs.items():
        text = inputs.get(name) or ("" if spec.default is None else str(spec.default))
        try:
            values[name] = validated(spec, text)
        except InputError:
            continue
    return values


def _changes(playbook: Playbook, steps: tuple[Planned, ...]) -> list[Line]:
    changing = sum(step.changes for step in steps)
    if changing:
        return [line(("! ", "warn"), (f"{changing} of these commands change something, each only after a yes", "warn"), hang=2)]
    captures = any(isinstance(node.step, CaptureStep) for node in playbook.nodes.values())
    reads = f"the {len(steps)} commands that may run only read" + (", and remove the capture that they made" if captures else "")
    return [line(("✓ ", "good"), ("changes nothing: ", "strong"), (reads, ""), hang=2)]


def _target(target: TargetSpec, steps: tuple[Planned, ...]) -> Iterator[Line]:
    yield BLANK
    yield line(span(target.role, "heading"), (" is ", "dim"), span(target.host), ("  ", ""), span(target.platform, "dim"))
    for step in steps:
        if step.target == target.role:
            sign = ("  ! CHANGES ", "warn") if step.changes else ("  $ ", "dim") if not step.text.startswith("capture on ") else ("  ● ", "dim")
            yield line(sign, span(step.text), hang=4)


def _questions(playbook: Playbook, values: Mapping[str, str | int]) -> list[Line]:
    asked = [step for _, step in playbook.asked_steps() if isinstance(step, AskStep)]
    return _section("Asks you", [line(("  ? ", "dim"), span(planned_text(step.question, values)), hang=4) for step in asked])


def _section(title: str, rows: list[Line]) -> list[Line]:
    return [BLANK, line((title, "heading")), *rows] if rows else []
