"""The engine's fold over answers that are there already, as far as they reach.

What the engine asks for is looked up; the answers come in the order in which they were recorded, at their recorded times, so that
steps that ran side by side and sampled series come out as they did. What the operator did by hand is done again at its place in that
order. Where the engine needs an answer that is not there, the fold ends: nothing is invented.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from heapq import heappop, heappush
from itertools import count

from tshoot.engine.advance import Advanced, advance
from tshoot.engine.state import State
from tshoot.engine.steered import applies, told_already
from tshoot.model.effects import Effect
from tshoot.model.events import EffectAnswered, OperatorSteered
from tshoot.retrace.recording import Steered

Find = Callable[[Effect], tuple[float, EffectAnswered] | None]  # the answer with its place in the order, None where there is none


@dataclass(frozen=True)
class Folded:
    """How far the answers reach: to a verdict (`state.verdict`), or to the effects that nobody answered.

    `undone` is what the operator did by hand that does not apply to this way.
    """

    state: State
    unanswered: tuple[Effect, ...]
    undone: tuple[OperatorSteered, ...] = ()


Today = Callable[[OperatorSteered], OperatorSteered | None]  # what the operator did, in today's names; None: to what is not asked today


def fold(begun: Advanced, find: Find, steered: Iterable[Steered] = (), today: Today = lambda event: event) -> Folded:
    """Answer what is asked, by `find`, until the verdict or until nothing that was asked has an answer.

    What was left without an answer is left only where the operator did so on this very way; what he did at a node that this way does not reach
    is not done.
    """
    state, effects = begun
    order, by_hand, taken = count(), deque(steered), len(state.path)
    undone: list[OperatorSteered] = []
    ready: list[tuple[float, int, EffectAnswered]] = []
    while state.verdict is None:
        for effect in effects:
            found = find(effect)
            if found is not None:
                heappush(ready, (found[0], next(order), found[1]))
        before = state
        if by_hand and (by_hand[0].place < ready[0][0] if ready else by_hand[0].taken == taken):
            then = by_hand.popleft().event
            now = today(then)
            if now is None or not applies(state, now):
                undone.append(then)
            state, effects = (state, ()) if now is None else advance(state, now)
        elif ready:
            state, effects = advance(state, heappop(ready)[2])
        else:
            break
        taken += len(state.path) - told_already(before, state)
    return Folded(state, tuple(state.waiting.values()) if state.verdict is None else (), (*undone, *(one.event for one in by_hand)))
