"""Which device of a recording plays which role of a playbook, and the values of the playbook's inputs: as given, else as found.

A role is found where one device of the recording fits it. An input is found where the playbook's own commands, with any value in that place,
were typed with one value (or with one far more often than with others), or where the verdict of the recording names it.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from tshoot.errors import UsageError
from tshoot.model.effects import RunCommand
from tshoot.model.events import TargetSpec
from tshoot.playbook.expressions import Template
from tshoot.playbook.inputs import InputError, validated
from tshoot.playbook.tree import InputSpec, Playbook, Role, RunStep
from tshoot.retrace.free.playbook import TEXT_ROLE
from tshoot.retrace.free.typed_record import TypedRecord
from tshoot.transcripts.commands import known_command

_SAME_THING = {"share": ("share", "path"), "prefix": ("prefix",), "server": ("server",), "address": ("address", "target")}
_LONGEST = 480


@dataclass
class Cast:
    """`devices`: role -> role of its device in the session. `remarks` say what was found rather than given."""

    targets: dict[str, TargetSpec] = field(default_factory=dict)
    devices: dict[str, str] = field(default_factory=dict)
    inputs: dict[str, str | int] = field(default_factory=dict)
    remarks: list[str] = field(default_factory=list)


def cast_of(playbook: Playbook, recording: TypedRecord, targets: Mapping[str, str], inputs: Mapping[str, str]) -> Cast:
    """UsageError with all that is missing, wrong or ambiguous."""
    cast = Cast()
    problems = [f"`{role}` is no target of {playbook.id}: {', '.join(playbook.roles)}" for role in targets if role not in playbook.roles]
    problems += [f"`{name}` is no input of {playbook.id}: {', '.join(playbook.inputs)}" for name in inputs if name not in playbook.inputs]
    devices = [spec for spec in recording.started.targets if spec.role != TEXT_ROLE]
    problems += _roles(playbook, recording, devices, targets, cast)
    problems += _inputs(playbook, recording, inputs, cast)
    if problems:
        names = ", ".join(f"{spec.role} ({spec.host}, {spec.platform or 'not recognised'})" for spec in devices[:20]) or "none"
        raise UsageError("; ".join(problems), f"devices in the recording: {names}; `tshoot playbooks show {playbook.id}` tells what it asks for")
    return cast


def _roles(playbook: Playbook, recording: TypedRecord, devices: list[TargetSpec], targets: Mapping[str, str], cast: Cast) -> Iterator[str]:
    for name, role in playbook.roles.items():
        if name not in targets:
            continue
        wanted = targets[name].lower()
        device = next((one for one in devices if wanted in (one.role.lower(), one.host.lower())), None)
        if device is None:
            yield f"--target {name}={targets[name]}: the recording has no such device"
        else:
            _play(cast, role, device)
    for name, role in playbook.roles.items():
        if name in targets or role.optional:
            continue
        free = [one for one in devices if one.role not in cast.devices.values()]
        fitting = [one for one in free if one.platform in role.platforms] or (free if len(devices) == 1 else [])
        if len(fitting) > 1:
            fitting = _asked_so(playbook, role, recording, fitting)
        if len(fitting) == 1:
            _play(cast, role, fitting[0])
            cast.remarks.append(f"{name} is {fitting[0].host}, found in the recording")
        else:
            yield f"--target {name}=DEVICE is missing ({role.help}): {'several devices fit' if fitting else 'no device of its platform fits'}"


def _asked_so(playbook: Playbook, role: Role, recording: TypedRecord, devices: list[TargetSpec]) -> list[TargetSpec]:
    """Of several devices those on which commands of this role were typed most often."""
    counts: dict[str, int] = {}
    for device in devices:
        alone = Cast()
        _play(alone, role, device)
        forms = [form for _, _, _, form in _forms(playbook, alone)]
        texts = [_written_out(effect, device.platform) for effect in recording.requests.values() if _typed_on(effect, device.role)]
        counts[device.role] = sum(any(form.fullmatch(text) for form in forms) for text in texts)
    most = max(counts.values())
    return [device for device in devices if counts[device.role] == most] if most else devices


def _typed_on(effect: RunCommand, device: str) -> bool:
    return effect.target == device and len(effect.command) <= _LONGEST


def _written_out(effect: RunCommand, platform: str) -> str:
    known = known_command(platform, effect.command)
    return known.command if known else effect.command


def _play(cast: Cast, role: Role, device: TargetSpec) -> None:
    platform = device.platform if device.platform in role.platforms else role.platforms[0]
    cast.targets[role.name] = TargetSpec(role.name, device.host, platform)
    cast.devices[role.name] = device.role


# --- inputs -----------------------------------------------------------------------------------------


def _inputs(playbook: Playbook, recording: TypedRecord, given: Mapping[str, str], cast: Cast) -> Iterator[str]:
    found = _typed_values(playbook, recording, cast)
    for name, spec in playbook.inputs.items():
        if name in given:
            try:
                cast.inputs[name] = validated(spec, given[name])
            except InputError as error:
                yield str(error)
            continue
        value = _most(found.get(name, Counter())) or _told(spec, recording)
        if value is not None:
            cast.inputs[name] = value
            cast.remarks.append(f"{name} is {value}, found in the recording")
        elif spec.default is not None:
            cast.inputs[name] = validated(spec, str(spec.default))
        else:
            several = ", ".join(str(one) for one, _ in found.get(name, Counter()).most_common(5))
            yield f"--set {name}=… is missing ({spec.help or spec.type}){f': the recording has {several}' if several else ''}"


def _most(values: Counter[str | int]) -> str | int | None:
    """The one value, or the one that was typed at least three times as often as the next."""
    ranked = values.most_common(2)
    if not ranked or (len(ranked) == 2 and ranked[0][1] < 3 * ranked[1][1]):
        return None
    return ranked[0][0]


def _told(spec: InputSpec, recording: TypedRecord) -> str | int | None:
    """The value of that name in the recording's own verdict."""
    details = recording.verdict.details if recording.verdict else {}
    for name in _SAME_THING.get(spec.name, (spec.name,)):
        if (value := _valid(spec, str(details.get(name, "")))) is not None:
            return value
    return None


def _typed_values(playbook: Playbook, recording: TypedRecord, cast: Cast) -> dict[str, Counter[str | int]]:
    """Input -> the values that stand in its place in what was typed."""
    forms = list(_forms(playbook, cast))
    found: dict[str, Counter[str | int]] = {}
    for effect in recording.requests.values():
        fitting = [
            (names, match)
            for device, platform, names, form in forms
            if _typed_on(effect, device) and (match := form.fullmatch(_written_out(effect, platform)))
        ]
        fewest = min((len(names) for names, _ in fitting), default=0)  # `nc … 2049` is the command that names 2049, not one for any port
        for names, match in fitting:
            for group, name in enumerate(names, 1) if len(names) == fewest else ():
                if (value := _valid(playbook.inputs[name], match[group])) is not None:
                    found.setdefault(name, Counter())[value] += 1
    return found


def _forms(playbook: Playbook, cast: Cast) -> Iterator[tuple[str, str, list[str], re.Pattern[str]]]:
    """Device, its platform, and a pattern of each command that the playbook may run there, whose groups are the inputs named."""
    for _, step in playbook.asked_steps():
        target = cast.targets.get(step.target) if isinstance(step, RunStep) else None
        command = step.command_on(target.platform) if isinstance(step, RunStep) and target else None
        if target is None or command is None or not command.source:
            continue
        names, pattern = _pattern(command, playbook)
        yield cast.devices[target.role], target.platform, names, re.compile(pattern)


def _pattern(command: Template, playbook: Playbook) -> tuple[list[str], str]:
    names: list[str] = []
    text = ""
    for part in command.parts:
        if isinstance(part, str):
            text += re.sub(r"(-[cwW]) [0-9]+", r"\1 [0-9]+", re.escape(part).replace("\\ ", " ").replace("\\-", "-"))
        elif part.source in playbook.inputs:
            names.append(part.source)
            text += r"(\S{1,400})"
        else:
            text += r"\S{1,400}"
    return names, text


def _valid(spec: InputSpec, text: str) -> str | int | None:
    try:
        return validated(spec, text) if text else None
    except InputError:
        return None
