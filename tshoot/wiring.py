"""The composition root: what the operator asked for, put together into a run.

`prepare` checks everything that can be checked without a network; `start` builds log, transports, performers and runner.
Front ends call these two, and `plan`, and nothing below.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING

from tshoot.cancel import CancelToken
from tshoot.engine.advance import begin
from tshoot.errors import PlaybookError, UsageError
from tshoot.knowledge import ShippedKnowledge
from tshoot.model.events import NoteAdded, TargetSpec
from tshoot.model.verdicts import Verdict
from tshoot.opening import Opening as Opening  # noqa: PLC0414 - front ends take it from here
from tshoot.opening import Settings as Settings  # noqa: PLC0414
from tshoot.performers.operator import Approver, Operator
from tshoot.playbook.check import check_playbook
from tshoot.playbook.inputs import InputError, validated
from tshoot.playbook.loader import find_playbook, load_playbook
from tshoot.playbook.tree import Playbook
from tshoot.runner import Begin, Runner, Told, View
from tshoot.session.secrets import without_secrets
from tshoot.steering import Steering
from tshoot.transports.address import parse_address

if TYPE_CHECKING:
    from tshoot.session.log import SessionLog
    from tshoot.transports.base import Prompter


@dataclass(frozen=True)
class Prepared:
    """A run that could start: a playbook without problems, every target named, every input valid."""

    playbook: Playbook
    targets: Mapping[str, TargetSpec]
    inputs: Mapping[str, str | int]


@dataclass(frozen=True)
class Started:
    """A run ready to go: `run()` blocks until its verdict, None where it was cancelled."""

    session: str
    folder: Path
    run: Callable[[], Verdict | None]
    cancel: CancelToken


def checked_playbook(name: str) -> Playbook:
    """The playbook by id or file, refused with all its problems unless the lint is content."""
    playbook = load_playbook(find_playbook(name))
    problems = check_playbook(playbook, ShippedKnowledge())
    if problems:
        raise PlaybookError(f"{playbook.file}: {len(problems)} problem{'s' * (len(problems) != 1)}", "correct these lines", problems)
    return playbook


def prepare(name: str, targets: Mapping[str, str], inputs: Mapping[str, str], platforms: Mapping[str, str] = MappingProxyType({})) -> Prepared:
    """Check playbook, targets, inputs and the `platforms` chosen for roles that may be several; UsageError names all that is missing or wrong."""
    playbook = checked_playbook(name)
    problems = [f"`{role}` is no target of {playbook.id}" for role in targets if role not in playbook.roles]
    problems += [
        f"--target {name}=HOST is missing: {role.help}" for name, role in playbook.roles.items() if not targets.get(name) and not role.optional
    ]
    problems += [problem for role, platform in platforms.items() if (problem := _platform_problem(playbook, role, platform))]
    problems += [f"--target {role}={targets[role]}: {problem}" for role in playbook.roles if (problem := _address_problem(targets.get(role, "")))]
    values: Mapping[str, str | int] = {}
    try:
        values = typed_inputs(playbook, inputs)
    except UsageError as error:
        problems.append(error.message)
    if problems:
        raise UsageError("; ".join(problems), f"`tshoot playbooks show {playbook.id}` tells what it asks for")
    specs = {
        name: TargetSpec(name, targets[name], platforms.get(name) or role.platforms[0]) for name, role in playbook.roles.items() if targets.get(name)
    }
    return Prepared(playbook, specs, values)


def _platform_problem(playbook: Playbook, role: str, platform: str) -> str:
    if role not in playbook.roles:
        return f"--platform {role}={platform}: `{role}` is no target of {playbook.id}"
    known = playbook.roles[role].platforms
    return "" if platform in known else f"--platform {role}={platform}: `{role}` can be {', '.join(known)}"


def _address_problem(typed: str) -> str:
    try:
        if typed:
            parse_address(typed)
    except UsageError as error:
        return f"{error.message}; {error.hint}"
    return ""


def typed_inputs(playbook: Playbook, given: Mapping[str, str]) -> Mapping[str, str | int]:
    """Every input of the playbook with its value, given or default; UsageError with all that is wrong."""
    problems = [f"`{name}` is no input of {playbook.id}" for name in given if name not in playbook.inputs]
    values: dict[str, str | int] = {}
    for name, spec in playbook.inputs.items():
        text = given.get(name, "") or ("" if spec.default is None else str(spec.default))
        if not text:
            problems.append(f"--set {name}=… is missing: {spec.help or spec.type}")
            continue
        if without_secrets(text.encode("utf-8", "surrogatepass")) != text.encode("utf-8", "surrogatepass"):
            problems.append(f"`{name}` holds a secret: inputs are recorded, so it is not taken")
            continue
        try:
            values[name] = validated(spec, text)
        except InputError as error:
            problems.append(str(error))
    if problems:
        raise UsageError("; ".join(problems), f"`tshoot playbooks show {playbook.id}` tells what it asks for")
    return values


def start(
    prepared: Prepared,
    settings: Settings,
    *,
    operator: Operator,
    prompter: Prompter,
    views: Sequence[View] = (),
    cancel: CancelToken | None = None,
    steering: Steering | None = None,
) -> Started:
    """Open the session and build the runner; nothing is connected to before `run()`. `steering` is the operator's hand on the run."""
    from tshoot.session.log import SessionLog
    from tshoot.session.store import default_root

    knowledge = ShippedKnowledge()
    log = SessionLog.create(settings.record or default_root(), prepared.playbook.id, prepared.playbook.text, knowledge.versions())
    begun = partial(begin, prepared.playbook, prepared.targets, prepared.inputs, knowledge)
    return assemble(log, begun, prepared.targets, settings, operator=operator, prompter=prompter, views=views, cancel=cancel, steering=steering)


def assemble(
    log: SessionLog,
    begun: Begin,
    targets: Mapping[str, TargetSpec],
    settings: Settings,
    *,
    operator: Operator,
    prompter: Prompter,
    views: Sequence[View] = (),
    cancel: CancelToken | None = None,
    told: Told | None = None,
    steering: Steering | None = None,
) -> Started:
    """A run from `begun` on, into `log`, which `told` tells of where it holds something already; `run()` closes it."""
    from tshoot.performers.command import reads_only
    from tshoot.performers.world import World
    from tshoot.session.store import default_root

    cancel = cancel or CancelToken()
    state = settings.state or default_root().parent
    steering = steering or Steering()
    steering.meet(operator.approve if isinstance(operator, Approver) else None, lambda role, command: reads_only(targets[role], command))
    world = World(targets, log, operator, prompter, cancel, settings.ssh, settings.capture_directories, state, steering)

    def go() -> Verdict | None:
        with log:
            return runner.run()

    runner = Runner(
        begun,
        world.perform,
        log,
        views=views,
        cancel=cancel,
        cleanup=world.close,
        told=told,
        steering=steering,
    )
    world.on_note = lambda text: runner.record(NoteAdded(time.time(), text, "tshoot"))
    return Started(log.header.session, log.folder, go, cancel)
