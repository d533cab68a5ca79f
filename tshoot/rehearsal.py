"""Playing scenarios offline through the real engine and the real decoder: tests and coverage of playbooks.

Nothing is connected to; only the devices' answers come from the scenario. A branch counts as reached when
some scenario's walk took it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from tshoot.cancel import CancelToken
from tshoot.engine.advance import begin
from tshoot.errors import TshootError
from tshoot.knowledge import ShippedKnowledge
from tshoot.model.effects import Decode, Effect
from tshoot.model.events import Event, Failed, Ok, Outcome, Progress, TargetSpec
from tshoot.model.evidence import FrameCitation
from tshoot.model.verdicts import Verdict
from tshoot.performers.decode import decode_capture
from tshoot.playbook.loader import find_playbook, load_playbook
from tshoot.playbook.tree import Branch, Playbook
from tshoot.runner import OnProgress, Runner
from tshoot.simulator.scenario import Scenario
from tshoot.wiring import typed_inputs


class MemoryLog:
    """Events kept in memory: a session that is not written down."""

    def __init__(self) -> None:
        self.events: list[Event] = []

    def append(self, event: Event) -> None:
        self.events.append(event)


@dataclass(frozen=True)
class Rehearsal:
    """How one scenario went; `problems` says how it differs from what it expects."""

    scenario: Scenario
    verdict: Verdict | None
    problems: tuple[str, ...]


def rehearse(scenario: Scenario, playbook: Playbook | None = None) -> Rehearsal:
    """Run `scenario` through `playbook` (default: the shipped one that it names)."""
    playbook = playbook or load_playbook(find_playbook(scenario.playbook))
    targets = {role: TargetSpec(role, device.name, device.platform) for role, device in scenario.devices.items()}
    inputs = typed_inputs(playbook, {name: str(value) for name, value in scenario.inputs.items()})

    def perform(effect: Effect, show: OnProgress) -> Outcome:
        if not isinstance(effect, Decode):
            return scenario.outcome(effect)
        path = scenario.capture_path(effect.target)
        if path is None:
            return Failed("unreadable", f"{scenario.id} has no capture")
        try:
            return Ok(decode_capture(effect, path, CancelToken(), show))
        except TshootError as error:
            return Failed("unreadable", error.message, error.hint)

    verdict = Runner(lambda: begin(playbook, targets, inputs, ShippedKnowledge()), perform, MemoryLog(), views=(_ignore,)).run()
    return Rehearsal(scenario, verdict, tuple(_differences(scenario, verdict)))


def _ignore(event: Event | Progress) -> None:
    pass


def _differences(scenario: Scenario, verdict: Verdict | None) -> Iterable[str]:
    expect = scenario.expect
    if verdict is None:
        yield "no verdict was reached"
        return
    if (verdict.kind, verdict.cause) != (expect.verdict, expect.cause):
        yield f"expected {expect.verdict} {expect.cause}, reached {verdict.kind} {verdict.cause}: {verdict.reason}"
    frames = {citation.frame for citation in verdict.evidence if isinstance(citation, FrameCitation)}
    if expect.frame is not None and expect.frame not in frames:
        yield f"expected frame {expect.frame} as proof, cited {sorted(frames)}"


@dataclass(frozen=True)
class Coverage:
    """`missing` are the branches that no rehearsal took, as (node, branch)."""

    branches: int
    missing: tuple[tuple[str, Branch], ...]

    @property
    def share(self) -> float:
        return 1.0 if not self.branches else (self.branches - len(self.missing)) / self.branches


def coverage(playbook: Playbook, rehearsals: Iterable[Rehearsal]) -> Coverage:
    taken = {(step.node, step.branch, step.leads_to) for rehearsal in rehearsals if rehearsal.verdict for step in rehearsal.verdict.path}
    branches = [(node.id, branch) for node in playbook.nodes.values() for branch in node.decide]
    return Coverage(len(branches), tuple(item for item in branches if (item[0], item[1].text, item[1].outcome) not in taken))
