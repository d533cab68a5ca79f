"""A recorded fault whose deciding checks other devices answer: a scenario takes the place of the one that was recorded, on a virtual clock."""

from __future__ import annotations

from collections.abc import Callable
from heapq import heappop, heappush
from itertools import count
from pathlib import Path

from tests.unit.retrace.retraced import SCENARIOS, answering, events_of, write
from tshoot.model.effects import Effect, RunCommand, Wait
from tshoot.model.events import CommandRan, EffectAnswered, Event, Ok, Outcome
from tshoot.model.verification import Verification
from tshoot.retrace.verification import Checks, checks_of, verified

LATER = 1_800_000_000.0  # when it is asked again


class VirtualAsker:
    """`ask`s by what `answer` says at once; the answers come in the order in which the requests would end. `asked` are all that were made."""

    def __init__(self, answer: Callable[[Effect, float], Outcome]) -> None:
        self._answer, self._now, self._order = answer, 0.0, count()
        self._under_way: list[tuple[float, int, EffectAnswered]] = []
        self.asked: list[Effect] = []

    @property
    def waiting(self) -> bool:
        return bool(self._under_way)

    def ask(self, effect: Effect) -> None:
        self.asked.append(effect)
        outcome = self._answer(effect, self._now)
        ends = self._now + _seconds(effect, outcome)
        heappush(self._under_way, (ends, next(self._order), EffectAnswered(LATER + ends, effect.key, outcome)))

    def answer(self) -> EffectAnswered:
        self._now, _, answered = heappop(self._under_way)
        return answered


def _seconds(effect: Effect, outcome: Outcome) -> float:
    if isinstance(effect, Wait):
        return effect.seconds
    ran = outcome.answer if isinstance(outcome, Ok) else None
    return ran.seconds if isinstance(effect, RunCommand) and isinstance(ran, CommandRan) else 0.0


def recorded(root: Path, scenario_id: str, events: tuple[Event, ...] = ()) -> Checks:
    return checks_of(write(root, scenario_id, events or events_of(scenario_id)), {})


def verified_by(checks: Checks, later: str, answer: Callable[[Effect, float], Outcome] | None = None) -> tuple[Verification, list[Effect]]:
    """What the devices of the scenario `later` make of it, and what they were asked."""
    asker = VirtualAsker(answer or answering(SCENARIOS[later]))
    return verified(checks, asker), asker.asked
