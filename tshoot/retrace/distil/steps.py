"""The own commands of a session as steps of a playbook: in order, each once with all its answers, notes as reasons.

What cannot be a step is listed with why: what is not known to only read, what no platform is known for, what had no answer.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

from tshoot.errors import UsageError
from tshoot.knowledge import ShippedKnowledge
from tshoot.model.effects import RunCommand, own_number
from tshoot.model.events import CommandRan, EffectAnswered, EffectRequested, Event, NoteAdded, Ok, RunStarted, TargetSpec
from tshoot.model.text import clean_line, decode
from tshoot.platforms.loader import platform_names
from tshoot.retrace.free.playbook import TEXT_ROLE
from tshoot.transcripts.commands import known_command
from tshoot.transcripts.times import clock_line

MOST_STEPS, MOST_ANSWERS = 200, 200
_SETS_UP = re.compile(r"(?:terminal (?:length|width)|term(?:inal)? |enable$|exit$|quit$|end$|logout$|screen-length )")
_KEEP_OUT = re.compile(r"\{\{|\{%|\{#|[\x00-\x1f\x7f]")


@dataclass
class Step:
    """`command` is written out; `answers` are (seconds since the epoch, answer), at least one."""

    target: str
    platform: str
    command: str
    parser: str
    why: str
    answers: list[tuple[float, CommandRan]] = field(default_factory=list)


@dataclass
class Steps:
    """`left_out` are lines for a person. `inputs` are those that the session was given."""

    steps: list[Step]
    targets: dict[str, TargetSpec]
    inputs: dict[str, str | int]
    left_out: list[str]
    notes: list[str]


def steps_of(events: Iterable[Event]) -> Steps:
    """UsageError where nobody typed anything that can be a step."""
    found = Steps([], {}, {}, [], [])
    asked: dict[str, tuple[RunCommand, str]] = {}
    note = ""
    for event in events:
        match event:
            case RunStarted():
                found.targets = {spec.role: spec for spec in event.targets}
                found.inputs = dict(event.inputs)
            case NoteAdded(author=author, text=text) if author != "tshoot":
                note = f"{note} {clean_line(text)}".strip()[:1000]
            case EffectRequested(effect=RunCommand() as effect) if own_number(effect.key):
                asked[effect.key] = (effect, note)
                note = ""
            case EffectAnswered(key=key, outcome=outcome) if key in asked:
                effect, why = asked.pop(key)
                answer = outcome.answer if isinstance(outcome, Ok) and isinstance(outcome.answer, CommandRan) else None
                _add(found, effect, why, event.at, answer)
    found.left_out += [f"`{_short(effect.command)}` on {effect.target}: it has no answer" for effect, _ in asked.values()]
    counts = Counter(found.left_out)
    found.left_out = [f"{text} ({count} times)" if count > 1 else text for text, count in counts.items()]
    if note:
        found.notes.append(note)
    if not found.steps:
        why = "; ".join(found.left_out[:5]) or "it holds no own command"
        raise UsageError(f"nothing can be distilled from the session: {why}", "own commands, and those of imported recordings, become steps")
    return found


def _add(found: Steps, effect: RunCommand, why: str, at: float, answer: CommandRan | None) -> None:
    spec = found.targets.get(effect.target)
    refusal = _unfit(effect, spec, answer)
    if refusal or spec is None or answer is None:
        if refusal:
            found.left_out.append(f"`{_short(effect.command)}` on {effect.target}: {refusal}")
        if why:
            found.notes.append(why)
        return
    known = known_command(spec.platform, effect.command)
    command, parser = (known.command, known.parser or "") if known else (effect.command, "")
    platform = known.platform if known and known.platform == spec.platform else spec.platform
    step = next((one for one in found.steps if (one.target, one.command) == (effect.target, command)), None)
    if step is None:
        if len(found.steps) >= MOST_STEPS:
            found.left_out.append(f"`{_short(command)}` on {effect.target}: a draft has at most {MOST_STEPS} steps")
            return
        step = Step(effect.target, platform, command, effect.parser or parser, why)
        found.steps.append(step)
    elif why:
        step.why = f"{step.why}; {why}" if step.why else why
    if len(step.answers) < MOST_ANSWERS:
        step.answers.append((at, answer))


def _unfit(effect: RunCommand, spec: TargetSpec | None, answer: CommandRan | None) -> str:
    """Why the command is no step, "" where it is one."""
    if spec is None or effect.target == TEXT_ROLE:
        return "text without a prompt: nobody can be asked for it"
    if spec.platform not in platform_names():
        return "which platform the device is was not recognised"
    if _SETS_UP.match(effect.command.strip()) or (answer is not None and _is_clock(answer)):
        return "it sets up the session, or tells the time: tshoot does so itself"
    if _KEEP_OUT.search(effect.command):
        return "it holds what a template would take for its own"
    known = known_command(spec.platform, effect.command)
    if ShippedKnowledge().rule(spec.platform, known.command if known else effect.command) is None:
        return f"it is not known to only read on {spec.platform}; if it must be a step, write it with `changes: true`"
    return "" if answer is not None else "it has no answer"


def _is_clock(answer: CommandRan) -> bool:
    lines = [line for line in decode(answer.stdout).split("\n") if line.strip()]
    return bool(lines) and all(clock_line(line) is not None for line in lines)


def _short(command: str) -> str:
    return clean_line(command)[:100]
