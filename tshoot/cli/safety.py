"""tshoot playbooks safety: the proof that a playbook only reads, command by command, from the very gate that a run passes.

Each command is shown with the pattern that allows it and where that stands, and with what may be filled in: which input or fact, and what the
pattern takes there. What is not proven is said with `!`, and is the exit status. A playbook that the lint refuses has no proof.
"""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Iterator
from typing import Any

from tshoot.cli import diagnostics
from tshoot.cli.output import emit_json, say, wrapped
from tshoot.errors import PlaybookError
from tshoot.knowledge import ShippedKnowledge
from tshoot.performers.own_scripts import OWN_SCRIPTS
from tshoot.platforms.loader import load_platform
from tshoot.platforms.slots import SLOTS
from tshoot.playbook.check import check_playbook
from tshoot.playbook.loader import find_playbook, load_playbook, shipped_playbooks
from tshoot.playbook.safety import Filled, Proof, proofs
from tshoot.playbook.tree import CaptureStep, Playbook

_LATER = (
    "Each command is compared again, with its values, before it is sent: one that fits no pattern is not run."
    " Commands of your own are none of a playbook: they ask for the device's name unless they only read."
)


def run(arguments: Namespace) -> int:
    files = [find_playbook(name) for name in arguments.playbooks] or list(shipped_playbooks())
    playbooks = [load_playbook(path) for path in files]
    problems = [problem for playbook in playbooks for problem in check_playbook(playbook, ShippedKnowledge())]
    if problems:
        raise PlaybookError(
            f"{len(problems)} problem{'s' * (len(problems) != 1)}", "correct these lines: nothing is proven of what cannot run", tuple(problems)
        )
    proven = [(playbook, proofs(playbook, ShippedKnowledge())) for playbook in playbooks]
    safe = all(proof.only_reads for _, of_playbook in proven for proof in of_playbook)
    if arguments.json:
        emit_json({"safe": safe, "playbooks": [_document(playbook, found) for playbook, found in proven]})
    else:
        for playbook, found in proven:
            _told(playbook, found)
        wrapped(_LATER, indent=0)
    return 0 if safe else diagnostics.USAGE


# --- for people ------------------------------------------------------------------------------------------


def _told(playbook: Playbook, found: tuple[Proof, ...]) -> None:
    proven, captures = sum(proof.only_reads for proof in found), list(_captures(playbook))
    beside = f", {len(captures)} capture{'s' * (len(captures) != 1)}" if captures else ""
    say(f"{playbook.id}: {proven} of {len(found)} commands proven to only read{beside}", "")
    for role, platform in dict.fromkeys((proof.role, proof.platform) for proof in found):
        say(f"  {role}, {platform}")
        for proof in found:
            if (proof.role, proof.platform) == (role, platform):
                say(*_lines(playbook, proof))
        say("")
    for capture in captures:
        say(*_capture_lines(capture))
    if captures:
        say("  Beside the program of a capture tshoot runs, on its target:")
        for script in OWN_SCRIPTS:
            wrapped(f"{script.runs}: {script.why} (values: {script.values})", indent=4)
        say("")


def _lines(playbook: Playbook, proof: Proof) -> Iterator[str]:
    yield f"    {proof.step}: {proof.command}"
    if not proof.only_reads:
        yield "      ! not proven: `changes: true`. What fits no pattern runs after a yes to the very command on the very target"
        yield f"        {proof.place}"
    for pattern, place in proof.rules:
        yield f"      {place}  {pattern}"
    for value in proof.values:
        yield f"      ‹{value.expression}›  {_origin(playbook, value)}{_bounds(value)}"
    for command in proof.refused:
        yield f"      not run with such values: {command}"


def _origin(playbook: Playbook, value: Filled) -> str:
    inputs = [f"input {name} ({playbook.inputs[name].type}{_choices(playbook, name)})" for name in value.inputs]
    return ", ".join((*inputs, *(f"fact {name}" for name in value.facts))) or "constant"


def _choices(playbook: Playbook, name: str) -> str:
    choices = playbook.inputs[name].choices
    return f": {', '.join(choices)}" if choices else ""


def _bounds(value: Filled) -> str:
    if not value.types:
        return " → a word of the pattern"
    return " → " + "; or ".join(f"{{{type_}}} {SLOTS[type_].says}" for type_ in value.types)


def _captures(playbook: Playbook) -> Iterator[dict[str, Any]]:
    for step_id, step in playbook.asked_steps():
        if not isinstance(step, CaptureStep):
            continue
        bounds = {"snaplen": step.snaplen, "seconds": step.seconds, "packets": step.packets, "megabytes": step.megabytes}
        for platform in playbook.roles[step.target].platforms:
            recipe = load_platform(platform).capture
            if recipe is not None:
                named = {"interface": step.interface.source, "filter": step.filter.source, "program": recipe.program, "arguments": recipe.arguments}
                yield {"step": step_id, "role": step.target, "platform": platform, **named, **bounds}


def _capture_lines(capture: dict[str, Any]) -> tuple[str, ...]:
    ends = f"{capture['seconds']:g} s, {capture['packets']} packets or {capture['megabytes']:g} MB, or when the connection ends"
    return (
        f"  {capture['role']}, {capture['platform']}: captures ({capture['step']})",
        f"    {capture['program']} {capture['arguments']}",
        f"      {{interface}} {capture['interface']}: 1 to 64 letters, digits and _ . : @ / -",
        f"      {{filter}} {capture['filter'] or 'none'}: one argument, never an option",
        f"      {{snaplen}} {capture['snaplen']} bytes of each packet; ends after {ends}",
        "",
    )


# --- for scripts -----------------------------------------------------------------------------------------


def _document(playbook: Playbook, found: tuple[Proof, ...]) -> dict[str, Any]:
    return {
        "id": playbook.id,
        "file": playbook.file,
        "safe": all(proof.only_reads for proof in found),
        "commands": [
            {
                "step": proof.step,
                "target": proof.role,
                "platform": proof.platform,
                "command": proof.command,
                "place": str(proof.place),
                "only_reads": proof.only_reads,
                "changes": proof.changes,
                "rules": [{"pattern": pattern, "place": place} for pattern, place in proof.rules],
                "values": [
                    {
                        "expression": value.expression,
                        "inputs": list(value.inputs),
                        "facts": list(value.facts),
                        "takes": [{"type": type_, "says": SLOTS[type_].says} for type_ in value.types],
                    }
                    for value in proof.values
                ],
                "refused": list(proof.refused),
            }
            for proof in found
        ],
        "captures": list(_captures(playbook)),
    }
