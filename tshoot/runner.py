"""The loop: engine, performers, log and views, and nothing else.

A request is in the log before it is performed; an answer is in the log before the engine sees it; a
view sees what the log has. What follows from one answer (it, the decision on it, the next requests) is made durable at once,
before any of it is shown or performed. A view that fails is dropped, the run lives. On cancel the loop stops
asking, waits a moment for what is under way, and ends; what runs on targets is cleaned up by `cleanup`.
A session that is gone on with begins with a state that was folded from its log, and with what that log tells already.
What the operator does by hand (tshoot/steering.py) arrives in the same queue as the answers: recorded, then folded, in one thread.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from queue import Empty, SimpleQueue
from typing import Protocol

from tshoot.cancel import CancelToken
from tshoot.engine.advance import Advanced, advance
from tshoot.engine.state import State
from tshoot.engine.steered import applies, told_already
from tshoot.errors import Cancelled, TshootError
from tshoot.model.effects import Effect, RunCommand, StopCapture
from tshoot.model.events import (
    DecisionTaken,
    EffectAnswered,
    EffectRequested,
    Event,
    Failed,
    NoteAdded,
    OperatorSteered,
    Outcome,
    Progress,
    RunEnded,
    RunStarted,
    VerdictReached,
)
from tshoot.model.verdicts import Verdict
from tshoot.session.masking import masked
from tshoot.steering import Approval, Order, Steering
from tshoot.threads import aside

OnProgress = Callable[[Progress], None]
Perform = Callable[[Effect, OnProgress], Outcome]
View = Callable[[Event | Progress], None]
Begin = Callable[[], Advanced]


GRACE = 8.0  # seconds that a cancelled run waits for the effects under way to let go
LAST_COMMANDS = 35.0  # seconds that a verdict waits for what the operator asked for himself


class EventLog(Protocol):
    """One with `write` and `sync` (tshoot/session/log.py) makes several events durable at once; without, each is by itself."""

    def append(self, event: Event) -> None: ...


@dataclass(frozen=True)
class Told:
    """What the log holds before the run: its events (views see them first), how many of the state's decisions, whether the verdict."""

    events: Sequence[Event] = ()
    decisions: int = 0
    verdict: bool = False


@dataclass(frozen=True)
class _Approved:
    """An effect that was held back, and what the operator said to it."""

    effect: Effect
    approval: Approval


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
        steering: Steering | None = None,
    ) -> None:
        self._begin = begin
        self._perform = perform
        self._log = log
        self._write: Callable[[Event], object] = getattr(log, "write", log.append)
        self._sync: Callable[[], object] = getattr(log, "sync", lambda: None)
        self._views = list(views)
        self._cancel = cancel or CancelToken()
        self._cleanup = cleanup
        self._clock = clock
        self._told = told or Told()
        self._steering = steering or Steering()
        self._notes: list[str] = []
        self._inbox: SimpleQueue[EffectAnswered | Order | _Approved | None] = SimpleQueue()
        self._under_way: set[str] = set()
        self._state: State | None = None
        self._recording, self._showing = threading.RLock(), threading.RLock()
        self._unshown: list[Event] | None = None
        self._due: list[Effect] = []

    def note(self, text: str) -> None:
        """To be recorded beside the beginning; for whoever starts the run, and for `begin`."""
        self._notes.append(text)

    def run(self) -> Verdict | None:
        """The verdict, None when the run was cancelled. What cannot be logged ends the run: nothing is done unrecorded."""
        try:
            state, effects = self._begin()
            for event in self._told.events:
                self._show(event)
            state = self._loop(state, effects)
        except BaseException as error:
            self._steering.take_back()
            self._clean_up()
            with suppress(TshootError):
                self.record(RunEnded(self._clock(), "failed", str(error) if isinstance(error, TshootError) else f"{type(error).__name__}: {error}"))
            raise
        self._clean_up()
        self.record(RunEnded(self._clock(), "cancelled" if state.verdict is None else "finished"))
        return state.verdict

    def _loop(self, state: State, effects: Sequence[Effect]) -> State:
        self._steering.lend(self._inbox.put, lambda: self._state or state, self._told.events)
        with self._cancel.on_cancel(lambda: self._inbox.put(None)):
            with self._together():
                if not self._told.events:
                    self.record(RunStarted(self._clock(), state.playbook.id, tuple(state.targets.values()), state.inputs))
                for text in self._notes:
                    self.record(NoteAdded(self._clock(), text, "tshoot"))
                self._stands(state, effects, self._told.decisions)
            while state.verdict is None and not self._cancel.cancelled:
                came = self._inbox.get()
                if came is None:
                    break
                if isinstance(came, EffectAnswered) and isinstance(came.outcome, Failed) and came.outcome.kind == "cancelled":
                    self._note_answer(came)  # it says nothing of the target: nothing is decided on it
                    break
                with self._together():
                    before, (state, effects) = state, self._taken(state, came)
                    gone = before.waiting.keys() - state.waiting.keys()
                    self._steering.let_go([key for key in gone if not isinstance(before.waiting[key], StopCapture)])
                    self._stands(state, effects, told_already(before, state))
        self._steering.take_back()
        self._await_the_rest()
        return state

    def _stands(self, state: State, effects: Sequence[Effect], told: int) -> None:
        """Where the run stands now: the decisions that led there, and the verdict or what is asked next."""
        self._state = state
        self._tell_decisions(told, state)
        if state.verdict is not None:
            self._steering.take_back()
            if not self._told.verdict:
                self.record(VerdictReached(self._clock(), state.verdict))
        elif not self._cancel.cancelled:
            for effect in effects:
                self._start(effect)

    def _taken(self, state: State, came: EffectAnswered | Order | _Approved) -> Advanced:
        """One thing that came, recorded and folded."""
        match came:
            case EffectAnswered():
                return advance(state, self._note_answer(came))
            case OperatorSteered():
                return self._steered(state, came)
            case _Approved(effect, approval):
                return self._approved(state, effect, approval)
            case NoteAdded():
                self.record(came)
            case RunCommand():
                self._request(came)
        return state, ()

    def _steered(self, state: State, event: OperatorSteered) -> Advanced:
        """What came too late changes nothing, and is not recorded."""
        if not applies(state, event):
            return state, ()
        event = masked(replace(event, at=self._clock()))
        self.record(event)
        if event.action == "ended-wait":
            self._steering.let_go([event.key])
        return advance(state, event)

    def _approved(self, state: State, effect: Effect, approval: Approval) -> Advanced:
        """Perform what was held back, or answer it as the operator said. Nothing is done for what the run waits for no more."""
        if effect.key not in state.waiting and effect.key not in state.left:
            return state, ()
        effect, event, outcome = self._steering.applied(effect, approval)
        if outcome is not None:
            self.record(EffectRequested(self._clock(), effect))
        if event is not None:
            state, _ = self._steered(state, event)
        if outcome is not None:
            return advance(state, self._note_answer(masked(EffectAnswered(0.0, effect.key, outcome))))
        self._request(effect)
        return state, ()

    def _await_the_rest(self) -> None:
        """After a cancel, and after the verdict: record the answers of what is still under way, as far as they come soon."""
        deadline = time.monotonic() + (GRACE if self._cancel.cancelled else LAST_COMMANDS)
        with suppress(Empty):
            while True:
                left = deadline - time.monotonic()
                came = self._inbox.get(timeout=left) if self._under_way and left > 0 else self._inbox.get_nowait()
                if isinstance(came, EffectAnswered):
                    self._note_answer(came)
                elif isinstance(came, NoteAdded):
                    self.record(came)

    def _note_answer(self, answered: EffectAnswered) -> EffectAnswered:
        """Its time is that of its place in the log: of two answers at once the log's order and their times must agree."""
        self._under_way.discard(answered.key)
        answered = replace(answered, at=self._clock())
        self.record(answered)
        return answered

    def _start(self, effect: Effect) -> None:
        if self._steering.holds(effect):
            threading.Thread(target=self._hold, args=(effect,), name=f"tshoot holds {effect.key}", daemon=True).start()
        else:
            self._request(effect)

    def _hold(self, effect: Effect) -> None:
        with suppress(Cancelled):
            self._inbox.put(_Approved(effect, self._steering.approval(effect, self._cancel)))

    def _request(self, effect: Effect) -> None:
        """Within `_together`: it is performed when its request is durable."""
        self.record(EffectRequested(self._clock(), effect))
        self._under_way.add(effect.key)
        self._due.append(effect)

    def _answer(self, effect: Effect) -> None:
        try:
            outcome = self._perform(effect, self._show)
        except BaseException as error:  # a defect of ours must not leave the run waiting for ever
            outcome = Failed("internal", f"{type(error).__name__}: {error}", "this is a defect of tshoot: please report it with the session")
        self._inbox.put(masked(EffectAnswered(0.0, effect.key, outcome)))  # what the engine cites is what the log stores

    def _tell_decisions(self, since: int, state: State) -> None:
        for decision in state.path[since:]:
            self.record(DecisionTaken(self._clock(), decision))

    @contextmanager
    def _together(self) -> Iterator[None]:
        """What is recorded in the block is durable at its end, then shown, then what it asks is performed. The log's order is the views' order."""
        with self._recording:
            shown: list[Event] = []
            self._unshown = shown
            try:
                yield
            finally:
                self._unshown = None
                self._sync()
                for event in shown:
                    self._show(event)
        due, self._due = self._due, []
        for effect in due:
            aside(lambda effect=effect: self._answer(effect), f"tshoot {effect.key}")  # type: ignore[misc]

    def record(self, event: Event) -> None:
        """Into the log, then to the views, without secrets. Safe from any thread."""
        event = event if isinstance(event, EffectAnswered) else masked(event)
        with self._recording:
            if self._unshown is None:
                self._log.append(event)
                self._show(event)
            else:
                self._write(event)
                self._unshown.append(event)

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
