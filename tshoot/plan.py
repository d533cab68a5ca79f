"""Every command that a run may put to its targets, said beforehand. Opens no socket."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from tshoot.model.effects import StartCapture
from tshoot.model.facts import Unknown
from tshoot.performers.capture_sample import MOST_PACKETS
from tshoot.platforms.loader import load_platform
from tshoot.playbook.expressions import Template
from tshoot.playbook.tree import CaptureStep, RunStep
from tshoot.wiring import Prepared


@dataclass(frozen=True)
class Planned:
    """One thing that may happen on a target. `text` is the command, with ‹…› for what an earlier answer fills in."""

    target: str
    host: str
    node: str
    text: str
    why: str
    changes: bool


def plan(prepared: Prepared, capture_directories: Mapping[str, str] = MappingProxyType({})) -> tuple[Planned, ...]:
    """Everything that may happen, in the playbook's order. Opens no socket."""
    found = []
    for node in prepared.playbook.nodes.values():
        for _, step in node.steps():
            target = prepared.targets.get(getattr(step, "target", ""))
            if target is None:
                continue
            texts = _run_commands(step, prepared) if isinstance(step, RunStep) else ()
            if isinstance(step, CaptureStep):
                texts = _capture_commands(step, prepared, capture_directories)
            changes = isinstance(step, RunStep) and step.changes
            found += [Planned(target.role, target.host, node.id, text, node.why, changes) for text in texts]
    return tuple(found)


def _run_commands(step: RunStep, prepared: Prepared) -> tuple[str, ...]:
    command = step.command_on(prepared.targets[step.target].platform)
    if command is None or not command.source:
        return ()
    text = planned_command(command, prepared.inputs)
    if step.sampling is None:
        return (text,)
    every, seconds = (planned_text(template, prepared.inputs) for template in (step.sampling.every, step.sampling.seconds))
    return (f"{text}   (every {every} s for {seconds} s{', or until it is decided' if step.sampling.until else ''})",)


def _capture_commands(step: CaptureStep, prepared: Prepared, directories: Mapping[str, str]) -> tuple[str, ...]:
    interface, filter_ = planned_text(step.interface, prepared.inputs), planned_text(step.filter, prepared.inputs)
    bounds = (step.snaplen, step.seconds, step.packets, step.megabytes)
    capture = StartCapture("", "", step.target, interface, filter_, *bounds)
    return capture_commands(capture, prepared.targets[step.target].platform, directories.get(step.target, ""))


def capture_commands(capture: StartCapture, platform: str, directory: str = "") -> tuple[str, ...]:
    """What a capture runs on the target, from the check for room to the removal of its file; nothing where the platform cannot capture."""
    recipe = load_platform(platform).capture
    if recipe is None:
        return ()
    file = f"{(directory or recipe.directories[0]).rstrip('/')}/tshoot-‹session›.pcap"
    places = {"interface": capture.interface, "snaplen": capture.snaplen, "filter": shlex.quote(capture.filter)}
    command = f"{recipe.program} {recipe.arguments.format(**places, path=file, packets=capture.packets)}"
    counted = recipe.arguments.format(**places, path="-", packets=min(capture.packets, MOST_PACKETS))
    sample = f"{recipe.program} {counted} | wc -c   (for {recipe.sample_seconds:g} s, counted only)" if recipe.sample_seconds else ""
    bounds = f"ended after {capture.seconds:g} s, {capture.packets} packets or {capture.megabytes:g} MB, or when the connection ends"
    texts = (recipe.free_space, recipe.processes, sample, f"{command}   ({bounds})", f"sha256sum {file}", f"rm -f {file}")
    return tuple(text for text in texts if text)


def planned_command(template: Template, inputs: Mapping[str, str | int]) -> str:
    """The command as it will be run, inputs in their quotes, what only a device can tell as ‹expression›; or why it will not be run."""
    from tshoot.playbook.command_text import CommandLine
    from tshoot.playbook.evaluation import render

    line = CommandLine()
    for part in template.parts:
        if isinstance(part, str):
            line.literal(part)
            continue
        value, _ = render(Template(part.source, (part,)), inputs)
        if isinstance(value, Unknown):
            line.text += f"‹{part.source}›"
        elif (refused := line.value(value, part.source)) is not None:
            return f"‹not run: {refused.reason}›"
    return line.text


def planned_text(template: Template, inputs: Mapping[str, str | int]) -> str:
    """The text with inputs filled in; what only a device can tell stays readable as ‹expression›."""
    from tshoot.playbook.evaluation import render

    pieces = []
    for part in template.parts:
        if isinstance(part, str):
            pieces.append(part)
            continue
        value, _ = render(Template(part.source, (part,)), inputs)
        pieces.append(f"‹{part.source}›" if isinstance(value, Unknown) else value)
    return "".join(pieces)
