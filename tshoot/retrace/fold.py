"""The engine's fold over answers that are there already, as far as they reach.

What the engine asks for is looked up; the answers come in the order in which they were recorded, at their recorded times, so that
steps that ran side by side and sampled series come out as they did. Where the engine needs an answer that is not there, the fold
ends: nothing is invented.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from heapq import heappop, heappush
from itertools import count

from tshoot.engine.advance import Advanced, advance
from tshoot.engine.state import State
from tshoot.model.effects import Effect
from tshoot.model.events import EffectAnswered

Find = Callable[[Effect], tuple[float, EffectAnswered] | None]  # the answer with its place in the order, None where there is none


@dataclass(frozen=True)
class Folded:
    """How far the answers reach: to a verdict (`state.verdict`), or to the effects that nobody answered."""

    state: State
    unanswered: tuple[Effect, ...]


def fold(begun: Advanced, find: Find) -> Folded:
    """Answer what is asked, by `find`, until the verdict or until nothing that was asked has an answer."""
    state, effects = begun
    order = count()
    ready: list[tuple[float, int, EffectAnswered]] = []
    while state.verdict is None:
        for effect in effects:
            found = find(effect)
            if found is not None:
                heappush(ready, (found[0], next(order), found[1]))
        if not ready:
            break
        state, effects = advance(state, heappop(ready)[2])
    return Folded(state, tuple(state.waiting.values()) if state.verdict is None else ())
