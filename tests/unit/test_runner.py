"""The loop: what is logged before what, what a failing view, log or performer costs, and how a cancel ends it."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any

import pytest

from tests.unit.engine.walking import start
from tshoot import runner as runner_module
from tshoot.cancel import CancelToken
from tshoot.errors import SessionError
from tshoot.model.effects import Effect
from tshoot.model.events import (
    CommandRan,
    DecisionTaken,
    EffectAnswered,
    EffectRequested,
    Event,
    Failed,
    NoteAdded,
    Ok,
    OperatorAnswered,
    Outcome,
    Progress,
    RunEnded,
    RunStarted,
    VerdictReached,
)
from tshoot.rehearsal import MemoryLog
from tshoot.runner import Runner

NODES = """\
  first:
    run: uptime
    on: host
    decide:
      - when: first.failed == 'internal'
        inconclusive: a defect
      - otherwise: second
  second:
    ask: Well?
    decide:
      - when: second.answer == 'yes'
        healthy: it is well
      - otherwise: {inconclusive: it is not}
"""
RAN = Ok(CommandRan(0, b"up\n", b"", 0.0))
YES = Ok(OperatorAnswered("yes"))


def perform(effect: Effect, show: Callable[[Progress], None]) -> Outcome:
    show(Progress(effect.key, "under way"))
    return RAN if effect.key.startswith("first") else YES


def begun() -> Any:
    return start(NODES)


class BrokenLog(MemoryLog):
    """Fails at one event, as a full disk does, and lets through what comes after."""

    def __init__(self, at: type[Event], after: int = 1) -> None:
        super().__init__()
        self.at, self.left = at, after

    def append(self, event: Event) -> None:
        if isinstance(event, self.at):
            self.left -= 1
            if self.left == 0:
                raise SessionError("session.jsonl: cannot be written: No space left on device", "free some space")
        super().append(event)


class DiskLog(MemoryLog):
    """As a session's: what is written is durable when it was flushed. `full_at`: at which flush the disk takes no more, once."""

    def __init__(self, full_at: int = 0) -> None:
        super().__init__()
        self.flushes, self.full_at, self.durable = 0, full_at, list[Event]()

    def write(self, event: Event) -> None:
        self.events.append(event)

    def sync(self) -> None:
        self.flushes += 1
        if self.flushes == self.full_at:
            del self.events[len(self.durable) :]
            raise SessionError("session.jsonl: cannot be written: Input/output error", "check the disk")
        self.durable = [*self.events]

    def append(self, event: Event) -> None:
        self.write(event)
        self.sync()


def test_what_follows_from_one_answer_is_flushed_once_before_it_is_shown_or_performed() -> None:
    log, seen = DiskLog(), list[Event | Progress]()

    def watching(effect: Effect, show: Callable[[Progress], None]) -> Outcome:
        assert any(isinstance(event, EffectRequested) and event.effect == effect for event in log.durable)
        return perform(effect, show)

    def view(event: Event | Progress) -> None:
        assert isinstance(event, Progress) or event in log.durable
        seen.append(event)

    runner = Runner(begun, watching, log, views=[view])
    runner.note("one of two")
    verdict = runner.run()
    assert verdict is not None and verdict.kind == "healthy"
    assert [event for event in seen if not isinstance(event, Progress)] == log.durable == log.events
    begins, first, second, ended = (
        [RunStarted, NoteAdded, EffectRequested],
        [EffectAnswered, DecisionTaken, EffectRequested],
        [EffectAnswered, DecisionTaken, VerdictReached],
        [RunEnded],
    )
    assert [type(event) for event in log.events] == [*begins, *first, *second, *ended]
    assert log.flushes == 4


@pytest.mark.parametrize("at", [1, 2, 3])
def test_what_the_disk_does_not_keep_is_neither_shown_nor_performed(at: int) -> None:
    log, seen, performed = DiskLog(at), list[Event | Progress](), []

    def counting(effect: Effect, show: Callable[[Progress], None]) -> Outcome:
        performed.append(effect.key)
        return perform(effect, show)

    with pytest.raises(SessionError, match="Input/output error"):
        Runner(begun, counting, log, views=[seen.append]).run()
    assert performed == ["first/1@host", "second/1"][: at - 1]
    assert [event for event in seen if not isinstance(event, Progress)] == log.durable
    assert isinstance(log.durable[-1], RunEnded) and log.durable[-1].reason == "failed"


def test_a_run_is_logged_in_the_order_in_which_it_happens() -> None:
    log = MemoryLog()
    verdict = Runner(begun, perform, log, clock=lambda: 7.0).run()
    assert verdict is not None
    assert verdict.kind == "healthy"
    kinds = [RunStarted, EffectRequested, EffectAnswered, DecisionTaken, EffectRequested, EffectAnswered, DecisionTaken, VerdictReached, RunEnded]
    assert [type(event) for event in log.events] == kinds
    assert {event.at for event in log.events} == {7.0}
    assert log.events[-1] == RunEnded(7.0, "finished")


def test_a_request_is_logged_before_it_is_performed_and_an_answer_before_the_next_request() -> None:
    log = MemoryLog()

    def watching(effect: Effect, show: Callable[[Progress], None]) -> Outcome:
        assert any(isinstance(event, EffectRequested) and event.effect == effect for event in log.events)
        if effect.key.startswith("second"):
            assert any(isinstance(event, EffectAnswered) and event.key == "first/1@host" for event in log.events)
        return perform(effect, show)

    verdict = Runner(begun, watching, log).run()
    assert verdict is not None
    assert verdict.kind == "healthy", "an assertion in the performer would have become Failed"


def test_a_view_sees_what_the_log_has_and_progress_beside_it() -> None:
    log, seen = MemoryLog(), []
    Runner(begun, perform, log, views=[seen.append]).run()
    assert [event for event in seen if not isinstance(event, Progress)] == log.events
    assert {event.key for event in seen if isinstance(event, Progress)} == {"first/1@host", "second/1"}


def test_a_view_that_fails_is_dropped_and_the_others_and_the_run_live() -> None:
    calls, seen = [], []

    def failing(event: Any) -> None:
        calls.append(event)
        raise BrokenPipeError

    verdict = Runner(begun, perform, MemoryLog(), views=[failing, seen.append]).run()
    assert verdict is not None
    assert len(calls) == 1
    assert isinstance(seen[-1], RunEnded)


@pytest.mark.parametrize(("at", "after"), [(RunStarted, 1), (EffectRequested, 1), (EffectRequested, 2), (EffectAnswered, 1), (DecisionTaken, 1)])
def test_what_cannot_be_logged_ends_the_run_cleaned_up_and_nothing_is_done_unrecorded(at: type[Event], after: int) -> None:
    log, cleaned, performed = BrokenLog(at, after), [], []

    def counting(effect: Effect, show: Callable[[Progress], None]) -> Outcome:
        performed.append(effect.key)
        return perform(effect, show)

    with pytest.raises(SessionError, match="No space left"):
        Runner(begun, counting, log, cleanup=lambda: cleaned.append(True)).run()
    assert cleaned == [True]
    requested = [event.effect.key for event in log.events if isinstance(event, EffectRequested)]
    assert performed == requested[: len(performed)]
    assert isinstance(log.events[-1], RunEnded)
    assert log.events[-1].reason == "failed"


@pytest.mark.parametrize("error", [ValueError("odd"), KeyError("odd"), RecursionError("odd"), SystemExit(3), KeyboardInterrupt()])
def test_a_defect_of_a_performer_is_an_answer_not_a_hang(error: BaseException) -> None:
    def defective(effect: Effect, show: Callable[[Progress], None]) -> Outcome:
        raise error

    log = MemoryLog()
    verdict = Runner(begun, defective, log).run()
    assert verdict is not None
    assert verdict.reason == "a defect"
    failed = next(event.outcome for event in log.events if isinstance(event, EffectAnswered))
    assert isinstance(failed, Failed)
    assert failed.kind == "internal"
    assert type(error).__name__ in failed.detail


def test_a_defect_of_the_engine_ends_the_run_cleaned_up_and_says_so() -> None:
    log, cleaned = MemoryLog(), []

    def broken() -> Any:
        raise ZeroDivisionError("a defect")

    with pytest.raises(ZeroDivisionError):
        Runner(broken, perform, log, cleanup=lambda: cleaned.append(True)).run()
    assert cleaned == [True]
    assert log.events[-1].reason == "failed"  # type: ignore[union-attr]


def test_a_cleanup_that_fails_costs_no_verdict() -> None:
    def failing() -> None:
        raise OSError

    assert Runner(begun, perform, MemoryLog(), cleanup=failing).run() is not None


def test_a_cancel_ends_the_wait_records_what_still_comes_and_cleans_up_last() -> None:
    cancel, order, under_way = CancelToken(), [], threading.Event()
    log = MemoryLog()

    def waiting(effect: Effect, show: Callable[[Progress], None]) -> Outcome:
        under_way.set()
        cancel.wait(60)
        order.append("answered")
        return Failed("cancelled", "cancelled by the operator")

    runner = Runner(begun, waiting, log, cancel=cancel, cleanup=lambda: order.append("cleaned"))
    threading.Thread(target=lambda: (under_way.wait(60), cancel.cancel()), daemon=True).start()
    began = time.monotonic()
    assert runner.run() is None
    assert time.monotonic() - began < 30
    assert order == ["answered", "cleaned"]
    kinds = [type(event).__name__ for event in log.events]
    assert kinds == ["RunStarted", "EffectRequested", "EffectAnswered", "RunEnded"]
    assert log.events[-1].reason == "cancelled"  # type: ignore[union-attr]


def test_a_cancel_does_not_wait_for_what_never_comes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runner_module, "GRACE", 0.2)
    cancel, stuck, cleaned = CancelToken(), threading.Event(), []

    def deaf(effect: Effect, show: Callable[[Progress], None]) -> Outcome:
        cancel.cancel()
        stuck.wait(60)
        return RAN

    began = time.monotonic()
    assert Runner(begun, deaf, MemoryLog(), cancel=cancel, cleanup=lambda: cleaned.append(True)).run() is None
    assert time.monotonic() - began < 30
    assert cleaned == [True]
    stuck.set()


def test_a_cancel_before_the_start_does_nothing() -> None:
    cancel, performed = CancelToken(), []
    cancel.cancel()
    log = MemoryLog()
    assert Runner(begun, lambda effect, show: performed.append(effect) or RAN, log, cancel=cancel).run() is None  # type: ignore[func-returns-value]
    assert performed == []
    assert log.events[-1].reason == "cancelled"  # type: ignore[union-attr]


def test_notes_may_come_from_any_thread_while_it_runs() -> None:
    log = MemoryLog()
    runner: Runner

    def noting(effect: Effect, show: Callable[[Progress], None]) -> Outcome:
        runner.record(NoteAdded(0.0, f"seen at {effect.key}", "tshoot"))
        return perform(effect, show)

    runner = Runner(begun, noting, log)
    assert runner.run() is not None
    assert [event.text for event in log.events if isinstance(event, NoteAdded)] == ["seen at first/1@host", "seen at second/1"]
