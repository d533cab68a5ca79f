"""The loop: engine, performers, log and views, and nothing else.

A request is in the log before it is performed; an answer is in the log before the engine sees it; a
view sees what the log has. A view that fails is dropped, the run lives. On cancel the loop stops
asking, waits a moment for what is under way, and ends; what runs on targets is cleaned up by `cleanup`.
A session that is gone on with begins with a state that was folded from its log, and with what that log tells already.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from queue import Empty, SimpleQueue
from typing import Protocol

from tshoot.cancel import CancelToken
from tshoot.engine.advance import Advanced, advance
from tshoot.engine.state import State
from tshoot.errors import TshootError
from tshoot.model.effects import Effect
from tshoot.model.events import (
    DecisionTaken,
    EffectAnswered,
    EffectRequested,
    Event,
    Failed,
    Outcome,
    Progress,
    RunEnded,
    RunStarted,
    VerdictReached,
)
from tshoot.model.verdicts import Verdict
from tshoot.session.masking import masked

OnProgress = Callable[[Progress], None]
Perform = Callable[[Effect, OnProgress], Outcome]
View = Callable[[Event | Progress], None]
Begin = Callable[[], Advanced]

GRACE = 8.0  # seconds that a cancelled run waits for the effects under way to let go


class EventLog(Protocol):
    def append(self, event: Event) -> None: ...


@dataclass(frozen=True)
class Told:
    """What the log holds before the run: its events (views see them first), how many of the state's decisions, whether the verdict."""

    events: Sequence[Event] = ()
    decisions: int = 0
    verdict: bool = False


class Runner:
    """Runs one playbook to its verdict. `run` blocks: give it a thread of its own where a screen must stay alive."""

    def __init__(
        self,
        begin: Begin,
        perform: Perform,
        log: EventLog,
        *,
        views: Sequence[View] = (),
        cancel: CancelToken | None = None,
        cleanup: Callable[[], None] = lambda: None,
        clock: Callable[[], float] = time.time,
        told: Told | None = None,
    ) -> None:
        self._begin = begin
        self._perform = perform
        self._log = log
        self._views = list(views)
        self._cancel = cancel or CancelToken()
        self._cleanup = cleanup
        self._clock = clock
        self._told = told or Told()
        self._answers: SimpleQueue[EffectAnswered | None] = SimpleQueue()
        self._under_way: set[str] = set()
        self._showing = threading.RLock()

    def run(self) -> Verdict | None:
        """The verdict, None when the run was cancelled. What cannot be logged ends the run: nothing is done unrecorded."""
        try:
            state, effects = self._begin()
            for event in self._told.events:
                self._show(event)
            if not self._told.events:
                self.record(RunStarted(self._clock(), state.playbook.id, tuple(state.targets.values()), state.inputs))
            state = self._loop(state, effects)
        except BaseException as error:
            self._clean_up()
            with suppress(TshootError):
                self.record(RunEnded(self._clock(), "failed", str(error) if isinstance(error, TshootError) else f"{type(error).__name__}: {error}"))
            raise
        self._clean_up()
        if state.verdict is None:
            self.record(RunEnded(self._clock(), "cancelled"))
            return None
        if not self._told.verdict:
            self.record(VerdictReached(self._clock(), state.verdict))
        self.record(RunEnded(self._clock(), "finished"))
        return state.verdict

    def _loop(self, state: State, effects: Sequence[Effect]) -> State:
        self._tell_decisions(self._told.decisions, state)
        with self._cancel.on_cancel(lambda: self._answers.put(None)):
            while state.verdict is None and not self._cancel.cancelled:
                for effect in effects:
                    self._start(effect)
                answered = self._answers.get()
                if answered is None:
                    break
                answered = self._note_answer(answered)
                if isinstance(answered.outcome, Failed) and answered.outcome.kind == "cancelled":
                    break  # it says nothing of the target: nothing is decided on it
                decided = len(state.path)
                state, effects = advance(state, answered)
                self._tell_decisions(decided, state)
        if state.verdict is None:
            self._let_go()
        return state

    def _let_go(self) -> None:
        """After a cancel: record the answers of what was under way, as far as they come soon."""
        deadline = time.monotonic() + GRACE
        while self._under_way and (left := deadline - time.monotonic()) > 0:
            with suppress(Empty):
                answered = self._answers.get(timeout=left)
                if answered is not None:
                    self._note_answer(answered)

    def _note_answer(self, answered: EffectAnswered) -> EffectAnswered:
        """Its time is that of its place in the log: of two answers at once the log's order and their times must agree."""
        self._under_way.discard(answered.key)
        answered = replace(answered, at=self._clock())
        self.record(answered)
        return answered

    def _start(self, effect: Effect) -> None:
        self.record(EffectRequested(self._clock(), effect))
        self._under_way.add(effect.key)
        threading.Thread(target=self._answer, args=(effect,), name=f"tshoot {effect.key}", daemon=True).start()

    def _answer(self, effect: Effect) -> None:
        try:
            outcome = self._perform(effect, self._show)
        except BaseException as error:  # a defect of ours must not leave the run waiting for ever
            outcome = Failed("internal", f"{type(error).__name__}: {error}", "this is a defect of tshoot: please report it with the session")
        self._answers.put(masked(EffectAnswered(0.0, effect.key, outcome)))  # what the engine cites is what the log stores

    def _tell_decisions(self, since: int, state: State) -> None:
        for decision in state.path[since:]:
            self.record(DecisionTaken(self._clock(), decision))

    def record(self, event: Event) -> None:
        """Into the log, then to the views. Safe from any thread."""
        self._log.append(event)
        self._show(event)

    def _show(self, event: Event | Progress) -> None:
        with self._showing:
            for view in list(self._views):
                try:
                    view(event)
                except Exception:
                    self._views.remove(view)

    def _clean_up(self) -> None:
        with suppress(Exception):
            self._cleanup()
