"""Walking playbooks without a world: answers by the id of the step, or those of a shipped scenario, with every event kept."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import cache

from tests.shipped_scenarios import SCENARIOS as SHIPPED
from tshoot.engine.advance import advance, begin
from tshoot.engine.state import State
from tshoot.knowledge import ShippedKnowledge
from tshoot.model.effects import Effect
from tshoot.model.events import Answer, DecisionTaken, EffectAnswered, EffectRequested, Event, Failed, Ok, OperatorAnswered, Outcome, TargetSpec
from tshoot.model.verdicts import Verdict
from tshoot.playbook.loader import find_playbook, load_playbook, playbook_from_text
from tshoot.rehearsal import rehearse
from tshoot.simulator.scenario import Scenario
from tshoot.wiring import typed_inputs

KNOWLEDGE = ShippedKnowledge()
# the laboratory's recordings of nfs-mount take the ways of those made by hand; every scenario is played by tests/playbooks
SCENARIOS = [one for one in SHIPPED.values() if one.playbook != "nfs-mount" or not one.folder.name.startswith("lab-")]
# what is done over again at each event of a walk leaves out those of hundreds of samples; the short ones have all kinds of events
SHORT = [scenario for scenario in SCENARIOS if scenario.playbook != "bgp-walker-flap" or int(scenario.inputs.get("seconds", 180)) <= 40]


@dataclass
class Walk:
    state: State
    effects: list[Effect] = field(default_factory=list)

    @property
    def verdict(self) -> Verdict:
        assert self.state.verdict is not None
        return self.state.verdict


HEAD = """\
id: small
title: A small playbook
targets:
  host: {platform: linux}
  other: {platform: linux}
inputs:
  interface: {type: interface, default: eth0}
start: first
nodes:
"""


def start(nodes: str, head: str = HEAD) -> tuple[State, tuple[Effect, ...]]:
    playbook = playbook_from_text(head + nodes, "small.yaml")
    targets = {role: TargetSpec(role, f"{role}.example.net", "linux") for role in playbook.roles}
    return begin(playbook, targets, {"interface": "eth0"}, KNOWLEDGE)


def walk(
    nodes: str, answers: Callable[[Effect], Outcome | Answer | str], head: str = HEAD, at: Callable[[Effect], float] = lambda effect: 0.0
) -> Walk:
    """Answer each effect as `answers` says (a text: the operator's), at the time that `at` says, until the verdict."""
    state, effects = start(nodes, head)
    done = Walk(state, list(effects))
    for _ in range(1000):
        if state.verdict is not None:
            done.state = state
            return done
        key, effect = next(iter(state.waiting.items()))
        state, effects = advance(state, EffectAnswered(at(effect), key, outcome_of(answers(effect))))
        done.effects += effects
    raise AssertionError("no end")


def outcome_of(answer: Outcome | Answer | str) -> Outcome:
    if isinstance(answer, (Ok, Failed)):
        return answer
    return Ok(OperatorAnswered(answer) if isinstance(answer, str) else answer)


@dataclass(frozen=True)
class Recorded:
    """A scenario's walk: `begin` starts it again, `events` is all that its rehearsal logged."""

    scenario: Scenario
    begin: Callable[[], tuple[State, tuple[Effect, ...]]]
    events: tuple[Event, ...]
    verdict: Verdict

    def requested(self) -> list[Effect]:
        return [event.effect for event in self.events if isinstance(event, EffectRequested)]

    def answered(self) -> list[EffectAnswered]:
        return [event for event in self.events if isinstance(event, EffectAnswered)]

    def decisions(self) -> list[DecisionTaken]:
        return [event for event in self.events if isinstance(event, DecisionTaken)]


@cache
def recorded(scenario_id: str) -> Recorded:
    scenario = next(scenario for scenario in SCENARIOS if scenario.id == scenario_id)
    playbook = load_playbook(find_playbook(scenario.playbook))
    targets = {role: TargetSpec(role, device.name, device.platform) for role, device in scenario.devices.items()}
    inputs = typed_inputs(playbook, {name: str(value) for name, value in scenario.inputs.items()})

    done = rehearse(scenario, playbook)
    assert done.verdict is not None
    return Recorded(scenario, lambda: begin(playbook, targets, inputs, KNOWLEDGE), done.events, done.verdict)


def fold(state: State, events: Iterable[Event]) -> tuple[State, list[Effect]]:
    asked: list[Effect] = []
    for event in events:
        state, effects = advance(state, event)
        asked += effects
    return state, asked
