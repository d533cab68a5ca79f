"""The composition root: what the operator asked for, put together into a run.

`prepare` checks everything that can be checked without a network; `start` builds log, transports, performers and runner.
Front ends call these two, and `plan`, and nothing below.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING

from tshoot.cancel import CancelToken
from tshoot.engine.advance import Advanced, begin
from tshoot.errors import PlaybookError, UsageError
from tshoot.inventory.fitting import fitting, unfit
from tshoot.knowledge import ShippedKnowledge
from tshoot.model.events import NoteAdded, TargetSpec
from tshoot.model.text import clean_line
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
    from tshoot.inventory.inventory import Inventory
    from tshoot.session.log import SessionLog
    from tshoot.transports.base import Prompter
    from tshoot.transports.settings import SshSettings


@dataclass(frozen=True)
class Prepared:
    """A run that could start: a playbook without problems, every target named, every input valid.

    `guessed` are the roles whose platform nobody knows: the first of the role's, until the device is asked.
    """

    playbook: Playbook
    targets: Mapping[str, TargetSpec]
    inputs: Mapping[str, str | int]
    guessed: tuple[str, ...] = ()


@dataclass(frozen=True)
class Started:
    """A run ready to go: `run()` blocks until its verdict, None where it was cancelled. `targets` are settled once it has begun."""

    session: str
    folder: Path
    targets: Mapping[str, TargetSpec]
    run: Callable[[], Verdict | None]
    cancel: CancelToken


def checked_playbook(name: str) -> Playbook:
    """The playbook by id or file, refused with all its problems unless the lint is content."""
    playbook = load_playbook(find_playbook(name))
    problems = check_playbook(playbook, ShippedKnowledge())
    if problems:
        raise PlaybookError(f"{playbook.file}: {len(problems)} problem{'s' * (len(problems) != 1)}", "correct these lines", problems)
    return playbook


def prepare(
    name: str | Playbook,
    targets: Mapping[str, str],
    inputs: Mapping[str, str],
    platforms: Mapping[str, str] = MappingProxyType({}),
    inventory: Inventory | None = None,
) -> Prepared:
    """Check playbook, targets, inputs and the `platforms` chosen for roles that may be several; UsageError names all that is missing or wrong.

    What the `inventory` knows of a target's platform counts where none was chosen, and a target that it knows to be something else is refused.
    """
    playbook = name if isinstance(name, Playbook) else checked_playbook(name)
    problems = [f"`{role}` is no target of {playbook.id}" for role in targets if role not in playbook.roles]
    problems += [
        f"--target {name}=HOST is missing: {role.help}" for name, role in playbook.roles.items() if not targets.get(name) and not role.optional
    ]
    problems += [problem for role, platform in platforms.items() if (problem := _platform_problem(playbook, role, platform))]
    problems += [f"--target {role}={targets[role]}: {problem}" for role in playbook.roles if (problem := _address_problem(targets.get(role, "")))]
    known = {} if inventory is None or problems else {role: inventory.typed(typed) for role, typed in targets.items() if typed}
    problems += [
        f"--target {role}={targets[role]}: {problem}"
        for role, target in known.items()
        if not platforms.get(role) and (problem := unfit(target, role, playbook.roles[role].platforms))
    ]
    values: Mapping[str, str | int] = {}
    try:
        values = typed_inputs(playbook, inputs)
    except UsageError as error:
        problems.append(error.message)
    if problems:
        raise UsageError("; ".join(problems), f"`tshoot playbooks show {playbook.id}` tells what it asks for")
    fit = {role: fitting(target.platforms, playbook.roles[role].platforms) for role, target in known.items()}
    settled = {role: platforms.get(role) or fit.get(role, "") for role in playbook.roles}
    specs = {name: TargetSpec(name, targets[name], settled[name] or role.platforms[0]) for name, role in playbook.roles.items() if targets.get(name)}
    guessed = tuple(name for name in specs if not settled[name] and len(playbook.roles[name].platforms) > 1)
    return Prepared(playbook, specs, values, guessed)


def known_targets(settings: Settings) -> Inventory | None:
    """The inventory that a run of these settings looks at, None where it looks at none. InventoryError where a file of it cannot be used."""
    if settings.inventory is None:
        return None
    from tshoot.inventory.memory import default_memory
    from tshoot.inventory.sources import known
    from tshoot.transports.settings import SshSettings

    return known(settings.inventory, ssh_config=(settings.ssh or SshSettings()).config_file, memory=default_memory(settings.state))


def _platform_problem(playbook: Playbook, role: str, platform: str) -> str:
    if role not in playbook.roles:
        return f"--platform {role}={platform}: `{role}` is no target of {playbook.id}"
    known = playbook.roles[role].platforms
    return "" if platform in known else f"--platform {role}={platform}: `{role}` can be {', '.join(known)}"


def names_several(typed: str) -> bool:
    """Whether what was typed for a role is a group of the inventory (`@esx-prod`) or a list (`esx01,esx02`)."""
    return typed.startswith("@") or "," in typed


def _address_problem(typed: str) -> str:
    if names_several(typed):
        return f"several targets, and one run has one: `tshoot run PLAYBOOK --target ROLE={clean_line(typed)} --fan-out` runs them side by side"
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
    inventory: Inventory | None = None,
    note: str = "",
) -> Started:
    """Open the session and build the runner; nothing is connected to before `run()`. `steering` is the operator's hand on the run.

    `inventory` is that of the settings, where whoever starts many runs has read it already; `note` is recorded beside the beginning.
    """
    from tshoot.session.log import SessionLog
    from tshoot.session.store import default_root

    knowledge = ShippedKnowledge()
    log = SessionLog.create(settings.record or default_root(), prepared.playbook.id, prepared.playbook.text, knowledge.versions())
    targets = dict(prepared.targets)  # whose platforms are settled before the run begins
    begun = partial(begin, prepared.playbook, targets, prepared.inputs, knowledge)
    guessed = {role: prepared.playbook.roles[role].platforms for role in prepared.guessed}
    return assemble(
        log,
        begun,
        targets,
        settings,
        guessed=guessed,
        operator=operator,
        prompter=prompter,
        views=views,
        cancel=cancel,
        steering=steering,
        inventory=inventory,
        note=note,
    )


def assemble(
    log: SessionLog,
    begun: Begin,
    targets: dict[str, TargetSpec],
    settings: Settings,
    *,
    operator: Operator,
    prompter: Prompter,
    views: Sequence[View] = (),
    cancel: CancelToken | None = None,
    told: Told | None = None,
    steering: Steering | None = None,
    guessed: Mapping[str, Sequence[str]] = MappingProxyType({}),
    inventory: Inventory | None = None,
    note: str = "",
) -> Started:
    """A run from `begun` on, into `log`, which `told` tells of where it holds something already; `run()` closes it.

    `guessed`: roles and their platforms whose device is asked which it is before `begun` looks at `targets`; asked only with an inventory.
    """
    from tshoot.performers.command import reads_only
    from tshoot.performers.settling import settle
    from tshoot.performers.world import World
    from tshoot.session.store import default_root

    inventory = inventory or known_targets(settings)
    cancel = cancel or CancelToken()
    state = settings.state or default_root().parent
    steering = steering or Steering()
    steering.meet(operator.approve if isinstance(operator, Approver) else None, lambda role, command: reads_only(targets[role], command))
    ssh, forget = ssh_of_a_run(settings, inventory)
    world = World(targets, log, operator, prompter, cancel, ssh, settings.capture_directories, state, steering)

    def settled() -> Advanced:
        if inventory is not None and guessed:
            for told_of in settle(world, targets, guessed, inventory, state):
                runner.note(told_of)
        return begun()

    def go() -> Verdict | None:
        try:
            with log:
                return runner.run()
        finally:
            forget()

    runner = Runner(settled, world.perform, log, views=views, cancel=cancel, cleanup=world.close, told=told, steering=steering)
    if note:
        runner.note(note)
    world.on_note = lambda text: runner.record(NoteAdded(time.time(), text, "tshoot"))
    return Started(log.header.session, log.folder, targets, go, cancel)


def ssh_of_a_run(settings: Settings, inventory: Inventory | None = None, share: bool | None = None) -> tuple[SshSettings, Callable[[], None]]:
    """How the targets of a run are connected to, and what wipes its credentials at its end.

    The places, transports and groups are those of `inventory` (None: of the settings); `share` is whether one answer may serve several targets (None:
    the operator is asked). Credentials that the settings have already are those of a fleet, and the fleet's to wipe.
    """
    from tshoot.transports.login.credentials import Credentials
    from tshoot.transports.login.keyring import SystemKeyring
    from tshoot.transports.settings import SshSettings

    ssh, inventory = settings.ssh or SshSettings(), inventory or known_targets(settings)
    if inventory is not None:
        transports = ssh.transports if "" in ssh.transports else {**inventory.transports, **ssh.transports}
        ssh = replace(ssh, places={**inventory.places, **ssh.places}, transports=transports)
    if ssh.credentials is not None:
        return ssh, lambda: None
    credentials = Credentials(SystemKeyring(), inventory.groups_of if inventory is not None else lambda host: (), share)
    return replace(ssh, credentials=credentials), credentials.forget
