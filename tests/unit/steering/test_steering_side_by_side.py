"""Pause, step mode and early ends where several things are under way: steps side by side, a series, a capture."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from tests.unit.steering.steered import SECONDS, Steered
from tests.unit.steering.test_steering_runs import CAPTURE, judged_the_same
from tshoot.cancel import CancelToken
from tshoot.model.effects import Effect
from tshoot.model.events import DecisionTaken, EffectAnswered, EffectRequested, NoteAdded, OperatorSteered
from tshoot.retrace.rejudge import recorded_playbook, rejudge
from tshoot.steering import Approval, Run, Skip

TOGETHER = """\
  first:
    run: uptime
    on: host
    decide: [{otherwise: both}]
  both:
    together:
      - {id: one, on: host, run: uname -a}
      - {id: two, on: other, run: id}
      - {id: three, on: other, run: uptime -p}
    decide:
      - when: "'ill' in one.text or 'ill' in two.text"
        inconclusive: ill
      - when: "'well' in three.text"
        healthy: well
      - otherwise: {inconclusive: nobody knows}
"""
KEYS = {"one/1@host", "two/1@other", "three/1@other"}


def test_a_pause_holds_all_steps_side_by_side(tmp_path: Path) -> None:
    run = Steered(tmp_path, TOGETHER, say={"three": "well"}, do=lambda effect, run: run.steering.pause() if effect.key.startswith("first") else None)
    run.start().await_event(DecisionTaken)
    run.steering.note("held")
    run.await_event(NoteAdded)
    assert run.requested() == ["first/1@host"]
    run.steering.go_on()
    verdict = run.ended()
    assert verdict is not None
    assert verdict.kind == "healthy"
    assert set(run.requested()[1:]) == KEYS
    judged_the_same(run)


def test_what_runs_while_it_is_paused_runs_to_its_end_and_is_recorded(tmp_path: Path) -> None:
    def act(effect: Effect, run: Steered) -> None:
        if effect.key == "one/1@host":
            for key in KEYS:
                run.await_event(EffectRequested, lambda event, key=key: event.effect.key == key)
            run.steering.pause()
            run.await_event(OperatorSteered)

    run = Steered(tmp_path, TOGETHER, say={"three": "well"}, do=act)
    verdict = run.start().ended()
    assert verdict is not None, "nothing is left to be started: a verdict needs no target"
    assert {event.key for event in run.events if isinstance(event, EffectAnswered)} >= KEYS


def test_in_step_mode_steps_side_by_side_are_shown_one_at_a_time(tmp_path: Path) -> None:
    shown: list[str] = []
    open_now = threading.Semaphore(1)

    def approve(effect: Effect, cancel: CancelToken) -> Approval:
        assert open_now.acquire(blocking=False), "one question at a time"
        shown.append(effect.key)
        open_now.release()
        return Skip() if effect.key.startswith("two") else Run()

    run = Steered(tmp_path, TOGETHER, say={"three": "well"})
    run.steering.stepping = True
    run.approve = approve
    verdict = run.start().ended()
    assert verdict is not None
    assert set(shown[1:]) == KEYS
    assert {effect.key for effect in run.performed} == {"first/1@host", *KEYS} - {"two/1@other"}
    judged_the_same(run)


def test_a_question_of_step_mode_is_withdrawn_when_the_run_goes_another_way(tmp_path: Path) -> None:
    def approve(effect: Effect, cancel: CancelToken) -> Approval:
        if effect.key in KEYS:
            if not run.steers():
                run.steering.branch("both", "first", "once more")
            assert cancel.wait(SECONDS), "withdrawn"
        return Run()

    run = Steered(tmp_path, TOGETHER)
    run.steering.stepping = True
    run.approve = approve
    run.start()
    run.await_event(EffectRequested, lambda event: event.effect.key == "first/2@host")
    run.steering.stepping = False
    run.cancel.cancel()
    assert run.ended() is None
    assert not KEYS & {effect.key for effect in run.performed}


SERIES = """\
  first:
    run: uptime
    on: host
    sample: {every: 0.5, for: 600, until: first.series.load.samples >= 4, watch: {load: first.text}}
    decide:
      - when: first.series.load.samples >= 4
        healthy: it is steady
      - otherwise: {inconclusive: too few}
"""


def test_a_pause_in_a_series_holds_the_next_sample_and_the_series_goes_on(tmp_path: Path) -> None:
    def act(effect: Effect, run: Steered) -> None:
        if effect.key == "first:wait-2/1":
            run.steering.pause()

    run = Steered(tmp_path, SERIES, do=act)
    run.start().await_event(EffectAnswered, lambda event: event.key == "first:wait-2/1")
    run.steering.note("held")
    run.await_event(NoteAdded)
    assert "first:sample-3/1@host" not in run.requested()
    run.steering.go_on()
    verdict = run.ended()
    assert verdict is not None
    assert (verdict.kind, verdict.reason) == ("healthy", "it is steady")
    assert rejudge(run.session, recorded_playbook(run.session), {}, CancelToken()).result == "same"


def test_a_series_can_be_ended_while_a_sample_is_under_way(tmp_path: Path) -> None:
    def act(effect: Effect, run: Steered) -> None:
        if effect.key == "first:sample-2/1@host":
            run.steering.end_wait(effect.key)
            run.await_event(OperatorSteered)

    run = Steered(tmp_path, SERIES, do=act)
    verdict = run.start().ended()
    assert verdict is not None
    assert verdict.kind == "inconclusive"
    assert run.requested()[-1] == "first:sample-2/1@host", "what is under way is the last"
    assert rejudge(run.session, recorded_playbook(run.session), {}, CancelToken()).result == "same"


@pytest.mark.parametrize("cancel", [False, True])
def test_paused_in_a_capture_it_runs_on_and_is_stopped_after_going_on(tmp_path: Path, cancel: bool) -> None:
    def act(effect: Effect, run: Steered) -> None:
        if effect.key == "provoke/1":
            run.steering.pause()
            run.steering.end_wait("provoke/1")

    run = Steered(tmp_path, CAPTURE, do=act)
    run.start().await_event(EffectAnswered, lambda event: event.key == "provoke/1")
    run.steering.note("held")
    run.await_event(NoteAdded)
    assert [type(effect).__name__ for effect in run.performed] == ["StartCapture", "Wait"]
    if cancel:
        run.cancel.cancel()
        assert run.ended() is None
    else:
        run.steering.go_on()
        assert run.ended() is not None
        assert "StopCapture" in [type(effect).__name__ for effect in run.performed]
        judged_the_same(run)
