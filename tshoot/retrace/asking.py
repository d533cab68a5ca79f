"""A walk over recorded answers in which some requests are made anew.

What is recorded is answered at once, in its order and at its times, as in `fold`; what is asked anew is in the log before it is made, and its answer
before the engine sees it. Requests of one moment are made side by side.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from heapq import heappop, heappush
from itertools import count
from queue import Empty, SimpleQueue
from typing import Protocol

from tshoot.cancel import CancelToken
from tshoot.engine.advance import Advanced, advance
from tshoot.errors import Cancelled
from tshoot.model.effects import Effect
from tshoot.model.events import EffectAnswered, EffectRequested, Event, Failed, Progress
from tshoot.retrace.fold import Find, Folded
from tshoot.runner import GRACE, Perform
from tshoot.session.masking import masked


class Asker(Protocol):
    """Who makes requests: `ask` begins one, `answer` gives the next answer that comes; `waiting` while one is due."""

    @property
    def waiting(self) -> bool: ...

    def ask(self, effect: Effect) -> None: ...

    def answer(self) -> EffectAnswered: ...


def walk(begun: Advanced, anew: Callable[[Effect], bool], recorded: Find, asker: Asker) -> Folded:
    """To a verdict, or to where nothing that was asked has an answer. Raises what `asker` raises."""
    state, effects = begun
    order = count()
    ready: list[tuple[float, int, EffectAnswered]] = []
    while state.verdict is None:
        for effect in effects:
            if anew(effect):
                asker.ask(effect)
            elif found := recorded(effect):
                heappush(ready, (found[0], next(order), found[1]))
        if ready:
            answered = heappop(ready)[2]
        elif asker.waiting:
            answered = asker.answer()
        else:
            break
        state, effects = advance(state, answered)
    return Folded(state, tuple(state.waiting.values()) if state.verdict is None else ())


class Asking:
    """Requests made for good, each in a thread of its own. `record` writes an event into the log and shows it."""

    def __init__(
        self,
        perform: Perform,
        record: Callable[[Event], None],
        show: Callable[[Progress], None],
        cancel: CancelToken,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._perform, self._record, self._show, self._cancel, self._clock = perform, record, show, cancel, clock
        self._answers: SimpleQueue[EffectAnswered | None] = SimpleQueue()
        self._under_way: set[str] = set()

    @property
    def waiting(self) -> bool:
        return bool(self._under_way)

    def ask(self, effect: Effect) -> None:
        self._cancel.check()
        self._record(EffectRequested(self._clock(), effect))
        self._under_way.add(effect.key)
        threading.Thread(target=self._make, args=(effect,), name=f"tshoot {effect.key}", daemon=True).start()

    def answer(self) -> EffectAnswered:
        """Raises Cancelled once the token is set; what was under way then is waited for a moment and recorded."""
        with self._cancel.on_cancel(lambda: self._answers.put(None)):
            answered = None if self._cancel.cancelled else self._answers.get()
        if answered is not None:
            answered = self._note(answered)
        if answered is None or (isinstance(answered.outcome, Failed) and answered.outcome.kind == "cancelled"):
            self._let_go()
            raise Cancelled
        return answered

    def _make(self, effect: Effect) -> None:
        try:
            outcome = self._perform(effect, self._show)
        except BaseException as error:  # a defect of ours must not leave the walk waiting for ever
            outcome = Failed("internal", f"{type(error).__name__}: {error}", "this is a defect of tshoot: please report it with the session")
        self._answers.put(masked(EffectAnswered(0.0, effect.key, outcome)))

    def _note(self, answered: EffectAnswered) -> EffectAnswered:
        """Its time is that of its place in the log."""
        self._under_way.discard(answered.key)
        answered = replace(answered, at=self._clock())
        self._record(answered)
        return answered

    def _let_go(self) -> None:
        deadline = time.monotonic() + GRACE
        while self._under_way and (left := deadline - time.monotonic()) > 0:
            with suppress(Empty):
                answered = self._answers.get(timeout=left)
                if answered is not None:
                    self._note(answered)
