"""A case's run as a scenario: what the real servers printed, when it changed, what was captured, and the verdict that came of it.

`make lab RECORD=1` writes it to fixtures/scenarios/<playbook>/lab-<case>/, for cases that came out right, and replaces what was there.
Outputs that differ only in clocks, counters of seconds and the like are one turn: its first. An exit status is one for all turns
of a command: the best. Nothing else is changed.
"""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from tests.lab.case import Case
from tshoot.model.effects import AskOperator, Effect, RunCommand, StopCapture
from tshoot.model.events import (
    CaptureTaken,
    CommandRan,
    EffectAnswered,
    EffectRequested,
    Event,
    Failed,
    Ok,
    OperatorAnswered,
    Progress,
    RunStarted,
)
from tshoot.model.evidence import FrameCitation
from tshoot.model.verdicts import Verdict

SCENARIOS = Path(__file__).resolve().parents[2] / "fixtures" / "scenarios"
_CLOCK = re.compile(rb"\b\d\d:\d\d:\d\d(\.\d+)?\b|\b\d{10}\b|\b\d+(\.\d+)? ?(ms|msecs?|secs?|seconds)\b|(?<=Msecs\":)\d+|(?<=MilliSecs\":)\d+")
_UNRECORDABLE = ("timeout", "closed", "permission-denied")


@dataclass
class Recorder:
    """A view of the run: keep what was asked and answered, with its time since the start of the run."""

    began: float = 0.0
    asked: dict[str, tuple[float, Effect]] = field(default_factory=dict)
    commands: dict[tuple[str, str], list[tuple[float, CommandRan]]] = field(default_factory=dict)
    failures: dict[tuple[str, str], str] = field(default_factory=dict)
    captures: dict[str, str] = field(default_factory=dict)
    answers: dict[str, str] = field(default_factory=dict)
    platforms: dict[str, str] = field(default_factory=dict)

    def __call__(self, event: Event | Progress) -> None:
        if isinstance(event, RunStarted):
            self.began = event.at
            self.platforms = {target.role: target.platform for target in event.targets}
        elif isinstance(event, EffectRequested):
            self.asked[event.effect.key] = (event.at - self.began, event.effect)
        elif isinstance(event, EffectAnswered) and event.key in self.asked:
            self._answered(*self.asked[event.key], event)

    def _answered(self, at: float, effect: Effect, event: EffectAnswered) -> None:
        outcome = event.outcome
        if isinstance(effect, RunCommand):
            what = (effect.target, effect.command)
            if isinstance(outcome, Ok) and isinstance(outcome.answer, CommandRan):
                self.commands.setdefault(what, []).append((at, outcome.answer))
            elif isinstance(outcome, Failed) and outcome.kind in _UNRECORDABLE:
                self.failures[what] = outcome.kind
        elif isinstance(effect, AskOperator) and isinstance(outcome, Ok) and isinstance(outcome.answer, OperatorAnswered):
            self.answers[effect.question] = outcome.answer.answer
        elif isinstance(effect, StopCapture) and isinstance(outcome, Ok) and isinstance(outcome.answer, CaptureTaken):
            self.captures[effect.target] = outcome.answer.capture.sha256


def write_scenario(case: Case, recorder: Recorder, verdict: Verdict, evidence: Path) -> Path:
    """The scenario's folder, made anew."""
    playbook, _, name = case.name.partition("/")
    folder = SCENARIOS / playbook / f"lab-{name}"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    lines = [
        f"playbook: {playbook}",
        f"title: {_text(case.title)}",
        f"story: {_text(f'Recorded from real servers in the laboratory; `make lab RECORD=1 CASE={case.name}` records it anew.')}",
        f"inputs: {_text(case.inputs)}",
        "devices:",
    ]
    for role, platform in recorder.platforms.items():
        lines += [f"  {role}:", f"    platform: {platform}", f"    name: {_text(f'{role}.lab.example.net')}"]
        commands = list(_commands(role, recorder, folder))
        lines += ["    commands:", *commands] if commands else []
        if role in recorder.captures:
            file = f"{role}.pcap"
            shutil.copyfile(evidence / recorder.captures[role], folder / file)
            lines.append(f"    capture: {{file: ../scenarios/{playbook}/lab-{name}/{file}}}")
    if recorder.answers:
        lines += [
            "answers:",
            *(f"  - {{question: {_text(_expression(question))}, answer: {_text(answer)}}}" for question, answer in recorder.answers.items()),
        ]
    frame = next((one.frame for one in verdict.evidence if isinstance(one, FrameCitation)), None)
    cause = f", cause: {verdict.cause}" if verdict.cause else ""
    lines.append(f"expect: {{verdict: {verdict.kind}{cause}{f', frame: {frame}' if frame else ''}}}")
    (folder / "scenario.yaml").write_text("\n".join(lines) + "\n")
    return folder


def _commands(role: str, recorder: Recorder, folder: Path) -> Iterator[str]:
    for number, ((target, command), answers) in enumerate(recorder.commands.items(), 1):
        if target != role:
            continue
        yield f"      - run: {_text(command)}"
        turns = turns_of(answers)
        files = []
        for turn, (_, output) in enumerate(turns, 1):
            files.append(f"{role}-{number:02}{f'-{turn:02}' if len(turns) > 1 else ''}.txt")
            (folder / files[-1]).write_bytes(output)
        if len(turns) == 1 and not turns[0][1]:
            (folder / files[0]).unlink()
        elif len(turns) == 1:
            yield f"        stdout_file: {files[0]}"
        else:
            yield "        turns:"
            for turn, file in enumerate(files):
                seconds = f", seconds: {turns[turn + 1][0] - turns[turn][0]:.1f}" if turn + 1 < len(turns) else ""
                yield f"          - {{stdout_file: {file}{seconds}}}"
        last = answers[-1][1]
        if last.stderr:
            yield f"        stderr: {_text(last.stderr.decode(errors='replace'))}"
        if status := min(ran.exit_status or 0 for _, ran in answers):
            yield f"        exit: {status}"
        if last.seconds >= 0.5:
            yield f"        seconds: {last.seconds:.1f}"
    for (target, command), kind in recorder.failures.items():
        if target == role and (target, command) not in recorder.commands:
            yield f"      - {{run: {_text(command)}, fails: {kind}}}"


def turns_of(answers: list[tuple[float, CommandRan]]) -> list[tuple[float, bytes]]:
    """(from when, output): a turn begins midway between the last look at the one before and the first look at it; the first one at 0."""
    turns: list[tuple[float, bytes]] = []
    seen = 0.0
    for at, ran in answers:
        if not turns:
            turns.append((0.0, ran.stdout))
        elif _CLOCK.sub(b"", ran.stdout) != _CLOCK.sub(b"", turns[-1][1]):
            turns.append(((seen + at) / 2, ran.stdout))
        seen = at
    return turns


def _expression(question: str) -> str:
    return re.escape(question).replace("\\ ", " ")


def _text(value: object) -> str:
    """YAML reads JSON."""
    return json.dumps(value, ensure_ascii=False)
