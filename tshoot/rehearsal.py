"""Playing scenarios offline through the real engine and the real decoder: tests and coverage of playbooks.

Nothing is connected to; only the devices' answers come from the scenario. Time is virtual: waits and commands take
what they would take, and nothing sleeps; so a walk is the same each time, to the event. A branch counts as reached
when some scenario's walk took it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from heapq import heappop, heappush
from itertools import count

from tshoot.cancel import CancelToken
from tshoot.engine.advance import advance, begin
from tshoot.errors import TshootError
from tshoot.knowledge import ShippedKnowledge
from tshoot.model.effects import Decode, Effect, RunCommand, Wait
from tshoot.model.events import (
    CommandRan,
    DecisionTaken,
    EffectAnswered,
    EffectRequested,
    Event,
    Failed,
    Ok,
    Outcome,
    Progress,
    RunEnded,
    RunStarted,
    TargetSpec,
    VerdictReached,
)
from tshoot.model.evidence import FrameCitation
from tshoot.model.verdicts import Verdict
from tshoot.performers.decode import decode_capture
from tshoot.playbook.loader import find_playbook, load_playbook
from tshoot.playbook.tree import Branch, Playbook
from tshoot.runner import Begin, EventLog
from tshoot.simulator.scenario import Scenario
from tshoot.wiring import typed_inputs

STARTED = 1_767_225_600.0  # 2026-01-01 00:00:00 UTC: when every rehearsal begins, by its own clock


class MemoryLog:
    """Events kept in memory: a session that is not written down."""

    def __init__(self) -> None:
        self.events: list[Event] = []

    def append(self, event: Event) -> None:
        self.events.append(event)


@dataclass(frozen=True)
class Rehearsal:
    """How one scenario went; `problems` says how it differs from what it expects. `events` are those of a live run, at virtual times."""

    scenario: Scenario
    verdict: Verdict | None
    problems: tuple[str, ...]
    events: tuple[Event, ...] = ()


def rehearse(scenario: Scenario, playbook: Playbook | None = None) -> Rehearsal:
    """Run `scenario` through `playbook` (default: the shipped one that it names)."""
    playbook = playbook or load_playbook(find_playbook(scenario.playbook))
    targets = {role: TargetSpec(role, device.name, device.platform) for role, device in scenario.devices.items()}
    inputs = typed_inputs(playbook, {name: str(value) for name, value in scenario.inputs.items()})
    events = MemoryLog()
    verdict = play(lambda: begin(playbook, targets, inputs, ShippedKnowledge()), lambda effect, at: _answer(scenario, effect, at), events)
    return Rehearsal(scenario, verdict, tuple(_differences(scenario, verdict)), tuple(events.events))


def play(begin: Begin, answer: Callable[[Effect, float], Outcome], log: EventLog) -> Verdict:
    """Run to the verdict on a virtual clock; `answer` is asked at once, with the seconds since the start, and arrives when the effect would end.

    Effects that are under way together end in the order of that clock; at the same moment, in the order asked. Nothing sleeps.
    """
    now, asked = 0.0, count()
    under_way: list[tuple[float, int, EffectAnswered]] = []
    state, effects = begin()
    log.append(RunStarted(STARTED, state.playbook.id, tuple(state.targets.values()), state.inputs))
    decided = 0
    while True:
        for decision in state.path[decided:]:
            log.append(DecisionTaken(STARTED + now, decision))
        if state.verdict is not None:
            log.append(VerdictReached(STARTED + now, state.verdict))
            log.append(RunEnded(STARTED + now, "finished"))
            return state.verdict
        for effect in effects:
            log.append(EffectRequested(STARTED + now, effect))
            outcome = answer(effect, now)
            ends = now + _seconds(effect, outcome)
            heappush(under_way, (ends, next(asked), EffectAnswered(STARTED + ends, effect.key, outcome)))
        now, _, answered = heappop(under_way)
        log.append(answered)
        decided = len(state.path)
        state, effects = advance(state, answered)


def _seconds(effect: Effect, outcome: Outcome) -> float:
    """How long the effect takes by the virtual clock: waits and commands only, a command without end as long as it is allowed."""
    if isinstance(effect, Wait):
        return effect.seconds
    if not isinstance(effect, RunCommand):
        return 0.0
    if isinstance(outcome, Ok) and isinstance(outcome.answer, CommandRan):
        return outcome.answer.seconds
    return effect.timeout if isinstance(outcome, Failed) and outcome.kind == "timeout" else 0.0


def _answer(scenario: Scenario, effect: Effect, at: float) -> Outcome:
    if not isinstance(effect, Decode):
        return scenario.outcome(effect, at)
    path = scenario.capture_path(effect.target)
    if path is None:
        return Failed("unreadable", f"{scenario.id} has no capture")
    try:
        return Ok(decode_capture(effect, path, CancelToken(), _ignore))
    except TshootError as error:
        return Failed("unreadable", error.message, error.hint)


def _ignore(progress: Progress) -> None:
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
