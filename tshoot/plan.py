"""Every command that a run may put to its targets, said beforehand. Opens no socket."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from tshoot.model.effects import StartCapture
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
    text = planned_text(command, prepared.inputs, shlex.quote)
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
    places = {"interface": capture.interface, "snaplen": capture.snaplen, "packets": capture.packets, "path": file}
    command = f"{recipe.program} {recipe.arguments.format(**places, filter=shlex.quote(capture.filter))}"
    bounds = f"ended after {capture.seconds:g} s, {capture.packets} packets or {capture.megabytes:g} MB, or when the connection ends"
    return (recipe.free_space, f"{command}   ({bounds})", f"sha256sum {file}", f"rm -f {file}")


def planned_text(template: Template, inputs: Mapping[str, str | int], quote: Callable[[str], str] = str) -> str:
    """The text with inputs filled in, each through `quote`; what only a device can tell stays readable as ‹expression›."""
    from tshoot.playbook.evaluation import render

    pieces = []
    for part in template.parts:
        if isinstance(part, str):
            pieces.append(part)
            continue
        text, _ = render(Template(part.source, (part,)), inputs, quote)
        pieces.append(text if isinstance(text, str) else f"‹{part.source}›")
    return "".join(pieces)
