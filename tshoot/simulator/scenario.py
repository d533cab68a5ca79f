"""A scenario: the devices of one case, for two uses.

Offline, `Scenario.outcome` answers the engine's effects at once, without a network: `tshoot playbooks
test` and `coverage`. Served, the same devices answer over real SSH on loopback (`serving.serve`):
`tshoot demo` and drills. Answers may change with the scenario's clock: offline a virtual one, which the
caller moves on; served, real time since the first login. A scenario is a folder `fixtures/scenarios/<playbook>/<case>/` with a
`scenario.yaml`; its id is `<playbook>/<case>`.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from tshoot.errors import PlaybookError
from tshoot.model.effects import AskOperator, Decode, Effect, RunCommand, StartCapture, StopCapture, Wait
from tshoot.model.events import CaptureStarted, CaptureTaken, Failed, Ok, OperatorAnswered, Outcome, Waited
from tshoot.model.evidence import EvidenceRef
from tshoot.model.verdicts import VerdictKind
from tshoot.shipped import shipped
from tshoot.simulator.device import Device
from tshoot.simulator.document import ScenarioDocument, problems_error, read_document
from tshoot.simulator.reading import read_devices

FILE_NAME = "scenario.yaml"


@dataclass(frozen=True, slots=True)
class Expected:
    """The verdict that a run of the scenario must reach; `frame` is one that it must cite."""

    verdict: VerdictKind
    cause: str = ""
    frame: int | None = None


@dataclass(frozen=True, slots=True)
class Scenario:
    folder: Path
    playbook: str
    title: str
    story: str
    inputs: Mapping[str, str | int]
    devices: Mapping[str, Device]
    answers: tuple[tuple[str, str], ...]
    expect: Expected

    @property
    def id(self) -> str:
        """`<playbook>/<case>`."""
        return f"{self.playbook}/{self.folder.name}"

    def capture_path(self, role: str) -> Path | None:
        """The pcap that a capture on `role` holds; None where the scenario has none."""
        device = self.devices.get(role)
        return device.capture.file if device and device.capture else None

    def answer_to(self, question: str) -> str | None:
        """The operator's answer: that of the first regular expression found in `question`."""
        return next((answer for expression, answer in self.answers if re.search(expression, question)), None)

    def outcome(self, effect: Effect, at: float = 0.0) -> Outcome:
        """What `effect`, asked `at` seconds after the beginning, comes to. Decode is not played: real decoders read `capture_path`."""
        if isinstance(effect, Wait):
            return Ok(Waited(effect.seconds))
        if isinstance(effect, AskOperator):
            answer = self.answer_to(effect.question)
            return Failed("declined", f"{self.id} has no answer to: {effect.question}") if answer is None else Ok(OperatorAnswered(answer))
        if isinstance(effect, Decode):
            raise TypeError("a scenario does not decode: give the capture to the real decoder")
        device = self.devices.get(effect.target)
        if device is None:
            return Failed("name-unknown", f"{self.id} has no device for the role {effect.target}")
        return device.unusable() or self._ask(device, effect, at)

    def _ask(self, device: Device, effect: RunCommand | StartCapture | StopCapture, at: float) -> Outcome:
        if isinstance(effect, RunCommand):
            return device.run(effect.command, at)
        capture = device.capture
        if device.cli:
            return Failed("not-found", f"{device.name}: {device.platform} cannot capture", "capture at another place on the path")
        if capture is None:
            return Failed("not-found", f"{self.id} has no capture for the role {effect.target}")
        if capture.fails or capture.file is None:
            return Failed(capture.fails or "not-found", f"{device.name}: the capture cannot start: {capture.fails}")
        if isinstance(effect, StartCapture):
            return Ok(CaptureStarted(f"/tmp/tshoot-{effect.node}.pcap", 4242, device.capture_program))  # noqa: S108 (a name on the device)
        if capture.closes:
            return Failed("closed", f"{device.name}: the connection was lost while the capture ran")
        content = capture.file.read_bytes()
        reference = EvidenceRef(hashlib.sha256(content).hexdigest(), len(content), "capture", f"{effect.target}: {effect.capture}")
        return Ok(CaptureTaken(reference, "operator", 0.0))


def scenario_folders(playbook: str | None = None, root: Path | None = None) -> tuple[Path, ...]:
    """The folders of the shipped scenarios (or of those below `root`), or of those of one playbook, in the order of their ids."""
    return tuple(file.parent for file in sorted((root or shipped("fixtures/scenarios")).glob(f"{playbook or '*'}/*/{FILE_NAME}")))


def scenarios(playbook: str | None = None, root: Path | None = None) -> tuple[Scenario, ...]:
    """Every shipped scenario (or those below `root`), or those of one playbook, by id; PlaybookError lists the problems of all."""
    found: list[Scenario] = []
    problems: list[str] = []
    for folder in scenario_folders(playbook, root):
        try:
            found.append(load_scenario(folder))
        except PlaybookError as error:
            problems += error.problems
    if problems:
        raise problems_error(problems)
    return tuple(found)


def load_scenario(folder: Path) -> Scenario:
    """The scenario in `folder`; PlaybookError lists its problems as `file:line:column: message`."""
    file = folder / FILE_NAME
    document, tree = read_document(file, ScenarioDocument)
    devices = read_devices(file, document, tree)
    answers = tuple((given.question, given.answer) for given in document.answers)
    expect = Expected(document.expect.verdict, document.expect.cause, document.expect.frame)
    return Scenario(folder, document.playbook, document.title, document.story.strip(), document.inputs, devices, answers, expect)
