"""The operator's hand on a run, through the real loop and log: what is recorded, what the verdict says, and that the record folds the same."""

from __future__ import annotations

import threading
import time
from pathlib import Path

import pytest

from tests.unit.steering.steered import SECONDS, Steered
from tshoot.cancel import CancelToken
from tshoot.errors import SessionError, UsageError
from tshoot.model.effects import Effect, RunCommand, StartCapture, StopCapture
from tshoot.model.events import (
    CommandRan,
    DecisionTaken,
    EffectAnswered,
    EffectRequested,
    Failed,
    NoteAdded,
    Ok,
    OperatorSteered,
    UnknownEvent,
    VerdictReached,
)
from tshoot.retrace.continuation import continuation
from tshoot.retrace.recording import record_of
from tshoot.retrace.rejudge import recorded_playbook, rejudge
from tshoot.session.transcript import transcript_lines
from tshoot.steering import Approval, ByHand, Edit, Run, Skip


def judged_the_same(run: Steered) -> None:
    """The whole record is judged the same, with the same words; and every beginning of it folds along the decisions that were taken."""
    judgement = rejudge(run.session, recorded_playbook(run.session), {}, CancelToken())
    assert judgement.result == "same"
    assert judgement.today is not None
    assert run.verdict is not None
    assert judgement.today.reason == run.verdict.reason
    assert judgement.today.path == run.verdict.path
    assert judgement.parting is None
    events = tuple(run.session.events())
    header = run.log.header
    for length in range(1, len(events) - 1):
        begun = continuation(header, events[:length])
        standing = record_of(events[:length]).decisions
        assert list(begun.begun[0].path[: len(standing)]) == standing
        assert begun.parting is None


def test_paused_nothing_is_started_on_a_target_until_it_goes_on(tmp_path: Path) -> None:
    run = Steered(tmp_path, do=lambda effect, run: run.steering.pause() if effect.key.startswith("first") else None).start()
    run.await_event(OperatorSteered)
    run.await_event(DecisionTaken)
    run.steering.note("the switch is being rebooted")
    run.await_event(NoteAdded)
    assert run.requested() == ["first/1@host"]
    assert run.steering.paused
    run.steering.pause()  # twice is once
    run.steering.go_on()
    verdict = run.ended()
    assert verdict is not None
    assert verdict.kind == "healthy"
    assert verdict.reason == "it is well", "a pause changes nothing in what was seen"
    assert run.steers() == ["paused", "went-on"]
    assert all(event.by == "anna" for event in run.events if isinstance(event, OperatorSteered))
    judged_the_same(run)


@pytest.mark.parametrize("state", ["paused", "asked"])
def test_a_cancel_ends_a_run_that_is_held_at_once(tmp_path: Path, state: str) -> None:
    run = Steered(tmp_path)
    asked = threading.Event()
    if state == "asked":

        def never(effect: Effect, cancel: CancelToken) -> Approval:
            asked.set()
            cancel.wait(SECONDS)
            return Run()

        run.steering.stepping = True
        run.approve = never
        run.start()
        assert asked.wait(SECONDS)
    else:
        run.do = lambda effect, run: run.steering.pause()
        run.start().await_event(DecisionTaken)
    began = time.monotonic()
    run.cancel.cancel()
    assert run.ended() is None
    assert time.monotonic() - began < SECONDS / 2
    assert len(run.performed) == (0 if state == "asked" else 1)
    assert run.events[-1].reason == "cancelled"  # type: ignore[union-attr]
    assert not run.steering.can_steer
    with pytest.raises(UsageError, match="nothing runs"):
        run.steering.note("too late")


def test_step_mode_shows_each_effect_before_it_is_requested_and_edits_it(tmp_path: Path) -> None:
    run = Steered(tmp_path)
    run.steering.stepping = True
    seen: list[list[str]] = []

    def approve(effect: Effect, cancel: CancelToken) -> Approval:
        seen.append(run.requested())
        return Edit(" uptime -p ") if effect.key.startswith("first") else Run()

    run.approve = approve
    verdict = run.start().ended()
    assert seen == [[], ["first/1@host"]]
    assert verdict is not None
    assert verdict.kind == "healthy"
    assert "the command of `first` was changed by anna" in verdict.reason
    performed = run.performed[0]
    assert isinstance(performed, RunCommand)
    assert (performed.command, performed.typed, performed.changes) == ("uptime -p", True, False)
    steered = run.await_event(OperatorSteered)
    assert (steered.action, steered.to, steered.was, steered.key) == ("edited", "uptime -p", "uptime", "first/1@host")
    assert run.await_event(EffectRequested).effect == performed
    judged_the_same(run)


def test_a_command_edited_into_one_that_may_change_something_is_recorded_as_a_change(tmp_path: Path) -> None:
    run = Steered(tmp_path)
    run.steering.stepping = True
    run.approve = lambda effect, cancel: Edit("reboot") if effect.key.startswith("first") else Run()
    run.start().ended()
    requested = run.await_event(EffectRequested).effect
    assert isinstance(requested, RunCommand)
    assert (requested.command, requested.changes) == ("reboot", True)


@pytest.mark.parametrize("command", ["", "   ", "uptime\nreboot", "up\x1b[2Jtime", "up\ttime"])
def test_what_is_no_line_is_not_run_in_place_of_a_command(tmp_path: Path, command: str) -> None:
    run = Steered(tmp_path)
    run.steering.stepping = True
    run.approve = lambda effect, cancel: Edit(command) if effect.key.startswith("first") else Run()
    run.start().ended()
    assert [effect.key for effect in run.performed] == ["second/1@host"]
    assert run.steers() == ["skipped"]


def test_a_skipped_effect_is_not_performed_and_what_it_would_have_shown_is_unknown(tmp_path: Path) -> None:
    run = Steered(tmp_path)
    run.steering.stepping = True
    run.approve = lambda effect, cancel: Skip("the host is\nbusy") if effect.key.startswith("first") else Run()
    verdict = run.start().ended()
    assert verdict is not None
    assert verdict.kind == "inconclusive", "`otherwise` past an unknown condition claims no health"
    answer = run.await_event(EffectAnswered).outcome
    assert isinstance(answer, Failed)
    assert (answer.kind, answer.detail) == ("declined", "skipped by anna: the host is busy")
    assert [effect.key for effect in run.performed] == ["second/1@host"]
    assert [type(event).__name__ for event in run.events[1:4]] == ["EffectRequested", "OperatorSteered", "EffectAnswered"]
    judged_the_same(run)


def test_what_was_done_by_hand_is_read_like_an_answer_and_the_verdict_says_so(tmp_path: Path) -> None:
    run = Steered(tmp_path)
    run.steering.stepping = True
    run.approve = lambda effect, cancel: ByHand("it is ill\npassword: hunter2x\n") if effect.key.startswith("second") else Run()
    verdict = run.start().ended()
    assert verdict is not None
    assert verdict.reason.startswith("it is ill (by the operator's hand: what `second` answered was given by hand by anna")
    assert [effect.key for effect in run.performed] == ["first/1@host"]
    answer = run.await_event(EffectAnswered, lambda event: event.key.startswith("second")).outcome
    assert isinstance(answer, Ok)
    assert isinstance(answer.answer, CommandRan)
    assert answer.answer.exit_status is None
    assert b"hunter2x" not in answer.answer.stdout
    judged_the_same(run)


def test_a_branch_by_hand_is_recorded_as_such_and_nothing_is_called_healthy_on_it(tmp_path: Path) -> None:
    def act(effect: Effect, run: Steered) -> None:
        if effect.key.startswith("second/1"):
            run.steering.branch("first", "third", "I do not\n trust it")
            run.await_event(EffectRequested, lambda event: event.effect.key.startswith("third"))

    run = Steered(tmp_path, say={"third": "root"}, do=act)
    verdict = run.start().ended()
    assert verdict is not None
    assert [(step.node, step.branch, step.leads_to) for step in verdict.path] == [
        ("first", "by hand: I do not trust it", "third"),
        ("third", "'root' in third.text", "second"),
        ("second", "otherwise", "healthy"),
    ]
    assert verdict.path[0].conditions[0].outcome == "false", "what its conditions came to stays with it"
    assert verdict.kind == "inconclusive"
    assert "the branch from `first` to `third` was taken by anna: I do not trust it" in verdict.reason
    assert any("taken by anna" in text for text in verdict.missing)
    judged_the_same(run)


def test_a_retried_node_is_asked_again_and_its_earlier_answer_counts_no_more(tmp_path: Path) -> None:
    def act(effect: Effect, run: Steered) -> None:
        if effect.key.startswith("third/1"):
            run.steering.retry("first")
            run.await_event(EffectRequested, lambda event: event.effect.key == "first/2@host")

    run = Steered(tmp_path, say={"first/1@host": "down", "first/2@host": "up"}, do=act)
    verdict = run.start().ended()
    assert verdict is not None
    assert verdict.kind == "healthy"
    assert verdict.reason == "it is well (by the operator's hand: `first` was retried by anna)"
    assert [(step.node, step.attempt) for step in verdict.path] == [("first", 2), ("second", 1)]
    told = [(event.decision.node, event.decision.attempt) for event in run.events if isinstance(event, DecisionTaken)]
    assert told == [("first", 1), ("first", 2), ("second", 1)], "the log keeps what counts no more"
    judged_the_same(run)


def test_retries_do_not_count_as_attempts_of_the_playbook(tmp_path: Path) -> None:
    def act(effect: Effect, run: Steered) -> None:
        if effect.key in {f"second/{number}@host" for number in range(1, 6)}:
            run.steering.retry()
            run.await_event(OperatorSteered, lambda event: event.key == effect.key.partition("@")[0])

    run = Steered(tmp_path, do=act)
    verdict = run.start().ended()
    assert verdict is not None
    assert verdict.kind == "healthy"
    assert verdict.path[-1].attempt == 6
    judged_the_same(run)


ASKS = """\
  first:
    ask: Well?
    decide:
      - when: first.answer == 'yes'
        healthy: it is
      - otherwise: second
  second:
    run: uptime
    on: host
    decide: [{otherwise: {inconclusive: nobody knows}}]
"""


def test_a_question_is_withdrawn_when_the_run_goes_another_way(tmp_path: Path) -> None:
    run = Steered(tmp_path, ASKS, do=lambda effect, run: run.steering.branch("first", "second") if effect.key == "first/1" else None)
    began = time.monotonic()
    assert run.start().ended() is not None
    assert time.monotonic() - began < SECONDS / 2
    withdrawn = run.await_event(EffectAnswered, lambda event: event.key == "first/1").outcome
    assert isinstance(withdrawn, Failed)
    judged_the_same(run)


WAITS = """\
  first:
    wait: 60
    decide: [{otherwise: second}]
  second:
    run: uptime
    on: host
    decide: [{otherwise: {healthy: it is well}}]
"""


def test_a_wait_ends_early_and_has_lasted_as_long_as_it_did(tmp_path: Path) -> None:
    run = Steered(tmp_path, WAITS, do=lambda effect, run: run.steering.end_wait(effect.key) if effect.key == "first/1" else None)
    verdict = run.start().ended()
    assert verdict is not None
    assert verdict.kind == "healthy"
    assert "the wait of `first` was ended early by anna" in verdict.reason
    waited = run.await_event(EffectAnswered).outcome
    assert waited.answer.seconds < 10  # type: ignore[union-attr]
    judged_the_same(run)


SERIES = """\
  first:
    run: uptime
    on: host
    sample: {every: 30, for: 600, watch: {load: first.text}}
    decide:
      - when: first.series.load.changes > 0
        inconclusive: it changes
      - otherwise: {healthy: it is steady}
"""


def test_a_series_ended_early_is_judged_by_what_it_has_and_shows_no_health(tmp_path: Path) -> None:
    def act(effect: Effect, run: Steered) -> None:
        if effect.key == "first:wait-1/1":
            run.steering.end_wait("")
            run.await_event(OperatorSteered)

    run = Steered(tmp_path, SERIES, do=act)
    verdict = run.start().ended()
    assert verdict is not None
    assert verdict.kind == "inconclusive"
    assert "the sampling of `first` was ended early by anna" in verdict.reason
    assert run.requested() == ["first:sample-1/1@host", "first:wait-1/1"]
    assert rejudge(run.session, recorded_playbook(run.session), {}, CancelToken()).result == "same"


def test_an_own_command_is_recorded_before_it_runs_and_nothing_is_decided_on_it(tmp_path: Path) -> None:
    def act(effect: Effect, run: Steered) -> None:
        if effect.key == "first/1@host":
            run.steering.run("other", "uname -r")
            run.await_event(EffectAnswered, lambda event: event.key == "own-1/1@other")
        elif effect.key.startswith("own"):
            assert effect.key in run.requested()

    run = Steered(tmp_path, say={"own-1": "down ill root"}, do=act)
    verdict = run.start().ended()
    assert verdict is not None
    assert (verdict.kind, verdict.reason) == ("healthy", "it is well")
    own = run.await_event(EffectRequested, lambda event: event.effect.key == "own-1/1@other").effect
    assert isinstance(own, RunCommand)
    assert (own.node, own.command, own.typed, own.changes) == ("", "uname -r", True, False)
    lines = list(transcript_lines(run.session.events()))
    assert any("other $ uname -r (the operator's own command)" in line for line in lines)
    judged_the_same(run)


def test_an_own_command_answers_nothing_that_a_playbook_asks(tmp_path: Path) -> None:
    """The same command on the same target, but at another time and for another reason."""

    def act(effect: Effect, run: Steered) -> None:
        if effect.key == "first/1@host":
            run.steering.run("host", "uname -a")
            run.await_event(EffectAnswered, lambda event: event.key == "own-1/1@host")

    run = Steered(tmp_path, say={"own-1": "ill"}, do=act)
    run.start().ended()
    events = tuple(event for event in run.session.events() if not getattr(event, "key", "").startswith("second"))
    recording = record_of(events)
    assert set(recording.answers) == {"first/1@host"}


def test_numbers_of_own_commands_go_on_where_a_session_is_gone_on_with(tmp_path: Path) -> None:
    run = Steered(tmp_path)
    put: list[RunCommand] = []
    told = [EffectRequested(1.0, RunCommand("own-7/1@host", "", "host", "uptime", typed=True))]
    run.steering.lend(put.append, lambda: run._runner._begin()[0], told)  # type: ignore[arg-type]
    run.steering.run("host", "uptime")
    assert put[0].key == "own-8/1@host"
    run.log.close()


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda steering: steering.run("nobody", "uptime"), "no target"),
        (lambda steering: steering.run("host", " "), "one line"),
        (lambda steering: steering.run("host", "uptime\nreboot"), "one line"),
        (lambda steering: steering.run("host", "x" * 4001), "at most 4000"),
        (lambda steering: steering.note(" \n"), "empty"),
        (lambda steering: steering.note("x" * 20_001), "20001 characters"),
        (lambda steering: steering.retry("nowhere"), "no node"),
        (lambda steering: steering.retry("third"), "not visited"),
        (lambda steering: steering.branch("third", "second"), "not visited"),
        (lambda steering: steering.branch("first", "nowhere"), "no node"),
        (lambda steering: steering.end_wait("first/1@host"), "no wait"),
        (lambda steering: steering.end_wait(""), "no wait"),
    ],
)
def test_what_cannot_be_done_is_refused_at_the_call(tmp_path: Path, call: object, said: str) -> None:
    refused: list[UsageError] = []

    def act(effect: Effect, run: Steered) -> None:
        if effect.key.startswith("first"):
            with pytest.raises(UsageError, match=said) as raised:
                call(run.steering)  # type: ignore[operator]
            refused.append(raised.value)

    run = Steered(tmp_path, do=act)
    assert run.start().ended() is not None
    assert refused
    assert refused[0].hint
    assert run.steers() == []


CAPTURE = """\
  first:
    capture:
      on: host
      interface: eth0
      filter: port 53
      stop: {seconds: 120, packets: 100, megabytes: 1}
      during: [{id: provoke, wait: 60}]
    decide: [{otherwise: second}]
  second:
    run: uptime
    on: host
    decide: [{otherwise: {inconclusive: nobody knows}}]
"""


def test_a_capture_is_shown_before_it_starts_its_stop_is_not(tmp_path: Path) -> None:
    run = Steered(tmp_path, CAPTURE)
    run.steering.stepping = True
    run.approve = lambda effect, cancel: Skip() if isinstance(effect, StartCapture) else Run()
    verdict = run.start().ended()
    assert verdict is not None
    assert [type(effect).__name__ for effect, _ in run.approvals] == ["StartCapture", "RunCommand"]
    assert [effect.key for effect in run.performed] == ["second/1@host"]


@pytest.mark.parametrize("leave", ["retry", "branch"])
def test_leaving_a_capture_by_hand_stops_it_on_the_target(tmp_path: Path, leave: str) -> None:
    def act(effect: Effect, run: Steered) -> None:
        if effect.key == "provoke/1":
            run.steering.retry("first") if leave == "retry" else run.steering.branch("first", "second")
        elif effect.key == "provoke/2":
            run.steering.branch("first", "second")

    run = Steered(tmp_path, CAPTURE, do=act)
    began = time.monotonic()
    assert run.start().ended() is not None
    assert time.monotonic() - began < SECONDS / 2
    stops = [effect for effect in run.performed if isinstance(effect, StopCapture)]
    starts = [effect for effect in run.performed if isinstance(effect, StartCapture)]
    assert [stop.capture for stop in stops] == [start.key for start in starts]
    assert len(starts) == (2 if leave == "retry" else 1)
    judged_the_same(run)


@pytest.mark.parametrize("action", ["danced", "OperatorSteered"])
def test_what_another_version_did_by_hand_is_not_judged_past(tmp_path: Path, action: str) -> None:
    run = Steered(tmp_path)
    run.start().ended()
    events = list(run.session.events())
    at = events[0].at
    foreign = OperatorSteered(at, "danced", "anna") if action == "danced" else UnknownEvent(at, "OperatorSteered", {"action": {}})  # type: ignore[arg-type]
    with pytest.raises(SessionError, match="does not know"):
        record_of([*events[:3], foreign, *events[3:]])
    assert any("danced" in line or "not known" in line for line in transcript_lines([foreign]))


def test_secrets_in_what_the_operator_typed_are_not_kept(tmp_path: Path) -> None:
    def act(effect: Effect, run: Steered) -> None:
        if effect.key == "first/1@host":
            run.steering.run("host", "curl -u u --password=hunter2x http://192.0.2.1/")
            run.steering.branch("first", "third", "password: hunter2x")
            run.await_event(OperatorSteered)

    run = Steered(tmp_path, do=act)
    run.start().ended()
    assert any("hunter2x" in effect.command for effect in run.performed if isinstance(effect, RunCommand)), "what runs is what was typed"
    kept = b"".join(path.read_bytes() for path in run.log.folder.rglob("*") if path.is_file())
    assert b"hunter2x" not in kept
    assert "hunter2x" not in str(run.events)
    assert run.await_event(VerdictReached)
