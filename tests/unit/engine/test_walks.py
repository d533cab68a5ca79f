"""What a playbook's words mean when it is walked: doubt, failure, loops, captures. Each test is a small playbook."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from tests.unit.engine.walking import start, walk
from tshoot.engine.advance import advance
from tshoot.model.effects import AskOperator, Decode, Effect, RunCommand, StartCapture, StopCapture, Wait
from tshoot.model.events import TARGET_FAILURES, CaptureStarted, CaptureTaken, CommandRan, Decoded, EffectAnswered, Failed, Ok, Waited
from tshoot.model.evidence import EvidenceRef
from tshoot.model.findings import FieldValue, Finding
from tshoot.session.verdict_text import verdict_lines

UPTIME = "  first:\n    run: uptime\n    on: host\n"
ENDS = "      - otherwise: {inconclusive: nothing is known, next: look again}\n"


def ran(stdout: bytes = b"up 3 days\n", status: int = 0) -> CommandRan:
    return CommandRan(status, stdout, b"", 0.1)


def always(answer: Any) -> Any:
    return lambda effect: answer


# --- doubt -----------------------------------------------------------------------------------------------

UNKNOWN = Failed("timeout", "no answer within 30 s")


@pytest.mark.parametrize(
    ("branches", "kind", "cause"),
    [
        ("      - when: first.exit_status == 1\n        conclude: path.unreachable\n      - otherwise: {conclude: host.wrong-vmkernel}\n", "inconclusive", ""),
        ("      - when: first.exit_status == 1\n        conclude: path.unreachable\n      - otherwise: {healthy: all is well}\n", "inconclusive", ""),
        ("      - when: first.exit_status == 1\n        healthy: x\n      - when: first.failed == 'timeout'\n        conclude: path.unreachable\n" + ENDS, "fault", "path.unreachable"),
        ("      - when: first.exit_status == 1\n        conclude: path.unreachable\n      - when: first.failed is not none\n        healthy: that was wanted\n" + ENDS, "healthy", ""),
        ("      - otherwise: {healthy: nothing was asked}\n", "healthy", ""),
        ("      - otherwise: {conclude: path.unreachable}\n", "fault", "path.unreachable"),
    ],
    ids=["conclude", "healthy", "true-condition-concludes", "true-condition-heals", "no-condition", "no-condition-concludes"],
)  # fmt: skip
def test_otherwise_after_an_unknown_claims_nothing_but_a_true_condition_stands(branches: str, kind: str, cause: str) -> None:
    verdict = walk(UPTIME + "    decide:\n" + branches, always(UNKNOWN)).verdict
    assert (verdict.kind, verdict.cause) == (kind, cause)
    if kind == "inconclusive":
        assert verdict.missing == ("first.exit_status == 1: no answer within 30 s",) or "first" in verdict.missing[0]
        assert verdict.next_steps


def test_a_doubt_on_the_way_takes_healthy_by_otherwise_but_not_a_conclusion() -> None:
    nodes = UPTIME + """\
    decide:
      - when: first.exit_status == 1
        conclude: path.unreachable
      - otherwise: second
  second:
    ask: Well?
    decide:
      - when: second.answer == 'no'
        go: third
      - otherwise: {healthy: it is well}
  third:
    decide:
      - when: second.answer == 'no'
        conclude: host.wrong-vmkernel
      - otherwise: {healthy: it is well}
"""  # fmt: skip
    well = walk(nodes, lambda effect: "yes" if isinstance(effect, AskOperator) else UNKNOWN).verdict
    assert well.kind == "inconclusive"
    assert well.missing == ("first: first.exit_status == 1: no answer within 30 s",)
    assert walk(nodes, lambda effect: "no" if isinstance(effect, AskOperator) else UNKNOWN).verdict.cause == "host.wrong-vmkernel"
    assert walk(nodes, lambda effect: "yes" if isinstance(effect, AskOperator) else ran()).verdict.kind == "healthy"


def test_otherwise_after_an_unknown_rules_nothing_out() -> None:
    nodes = UPTIME + """\
    decide:
      - when: first.exit_status == 1
        healthy: it is well
      - otherwise:
          go: second
          rules_out: [path.unreachable]
  second:
    ask: Well?
    decide:
      - otherwise: {inconclusive: nothing more to ask}
"""  # fmt: skip
    answered = lambda first: walk(nodes, lambda effect: "yes" if isinstance(effect, AskOperator) else first).verdict  # noqa: E731
    assert [out.cause for out in answered(ran()).ruled_out] == ["path.unreachable"]
    assert answered(UNKNOWN).ruled_out == ()


def test_no_branch_at_all_is_said_to_be_none() -> None:
    verdict = walk(UPTIME + "    decide:\n      - when: first.exit_status == 1\n        healthy: x\n", always(ran())).verdict
    assert (verdict.kind, verdict.reason) == ("inconclusive", "no branch of `first` applied")


# --- failures --------------------------------------------------------------------------------------------

TWO = """\
    decide:
      - otherwise: second
  second:
    run: uptime
    on: other
    decide:
      - otherwise: {inconclusive: both were asked}
"""


@pytest.mark.parametrize("kind", sorted(TARGET_FAILURES))
def test_a_target_that_cannot_be_used_ends_the_run(kind: Any) -> None:
    done = walk(UPTIME + TWO, always(Failed(kind, "host.example.net: gone", "look at the cable")))
    assert done.verdict.target_failed == kind
    assert (done.verdict.kind, done.verdict.reason, done.verdict.next_steps) == ("inconclusive", "host.example.net: gone", "look at the cable")
    assert [effect.key for effect in done.effects] == ["first/1@host"]


@pytest.mark.parametrize("kind", ["timeout", "permission-denied", "not-found", "declined", "internal"])
def test_a_request_that_failed_ends_nothing(kind: Any) -> None:
    done = walk(UPTIME + TWO, always(Failed(kind, "no")))
    assert not done.verdict.target_failed
    assert len(done.effects) == 2


@pytest.mark.parametrize("kind", ["refused", "timeout"])
def test_a_node_that_asks_for_the_failure_decides_itself(kind: Any) -> None:
    nodes = UPTIME + f"    decide:\n      - when: first.failed == '{kind}'\n        conclude: path.unreachable\n" + ENDS
    verdict = walk(nodes, always(Failed(kind, "host.example.net: no"))).verdict
    assert verdict.cause == "path.unreachable"
    assert verdict.target_failed == ""
    assert verdict.evidence[0].failure == kind  # type: ignore[union-attr]


# --- loops -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("attempts", "times"), [("", 3), ("    attempts: 1\n", 1), ("    attempts: 7\n", 7)])
def test_a_node_is_entered_so_often_and_no_more(attempts: str, times: int) -> None:
    nodes = UPTIME + attempts + "    decide:\n      - when: first.exit_status == 0\n        go: first\n" + ENDS
    done = walk(nodes, always(ran()))
    assert [effect.key for effect in done.effects] == [f"first/{n + 1}@host" for n in range(times)]
    assert done.verdict.kind == "inconclusive"
    assert f"entered {times} times" in done.verdict.reason
    assert [decision.attempt for decision in done.verdict.path] == list(range(1, times + 1))


def test_decisions_without_steps_end_however_many_there_are() -> None:
    nodes = "  first:\n    attempts: 100\n    decide:\n      - otherwise: n0\n"
    nodes += "".join(f"  n{n}:\n    attempts: 100\n    decide:\n      - otherwise: n{n + 1}\n" for n in range(50))
    nodes += "  n50:\n    attempts: 100\n    decide:\n      - when: interface == 'eth1'\n        healthy: x\n      - otherwise: first\n"
    state, effects = start(nodes)
    assert effects == ()
    assert state.verdict is not None
    assert len(state.path) == 100 * 52


def test_steps_that_cannot_be_asked_for_end_however_many_there_are() -> None:
    nodes = "  first:\n    decide:\n      - otherwise: n0\n"
    nodes += "".join(f"  n{n}:\n    run: ping -c 1 {{{{ n999.text }}}}\n    on: host\n    decide:\n      - otherwise: n{n + 1}\n" for n in range(999))
    nodes += "  n999:\n    run: uptime\n    on: host\n    decide:\n" + ENDS
    state, effects = start(nodes)
    assert [effect.key for effect in effects] == ["n999/1@host"]
    assert len(state.path) == 1000


# --- steps -----------------------------------------------------------------------------------------------


def test_a_command_whose_text_is_not_known_is_not_run_and_says_so() -> None:
    nodes = """\
  first:
    decide:
      - otherwise: second
  second:
    run: ping -c 1 {{ first_answer.text }}
    on: host
    decide:
      - when: second.failed == 'not-found'
        inconclusive: it could not be asked
      - otherwise: {healthy: it was asked}
  first_answer:
    run: uptime
    on: host
    decide:
      - otherwise: {inconclusive: never}
"""
    done = walk(nodes, always(ran()))
    assert done.effects == []
    assert done.verdict.reason == "it could not be asked"
    assert "not run" in done.verdict.evidence[0].detail  # type: ignore[union-attr]
    assert not [line for line in verdict_lines(done.verdict) if line.strip().startswith(":")], "a step that was not run is named"


def test_values_are_quoted_in_commands_and_as_they_are_elsewhere() -> None:
    nodes = """\
  first:
    ask: Which?
    free_text: true
    decide:
      - otherwise: second
  second:
    run: ping -c 1 {{ first.answer }}
    on: host
    decide:
      - otherwise: third
  third:
    ask: "{{ first.answer }}?"
    decide:
      - otherwise: {inconclusive: end}
"""
    done = walk(nodes, lambda effect: "a b; reboot" if isinstance(effect, AskOperator) else ran())
    commands = [effect.command for effect in done.effects if isinstance(effect, RunCommand)]
    questions = [effect.question for effect in done.effects if isinstance(effect, AskOperator)]
    assert commands == ["ping -c 1 'a b; reboot'"]
    assert questions == ["Which?", "a b; reboot?"]


def test_a_device_that_complains_gave_evidence() -> None:
    nodes = UPTIME + "    decide:\n      - when: first.exit_status == 127\n        conclude: path.unreachable\n" + ENDS
    verdict = walk(nodes, always(CommandRan(127, b"", b"uptime: not found\n", 0.1))).verdict
    assert verdict.kind == "fault"
    assert "not found" in "\n".join(verdict_lines(verdict)) or verdict.evidence


# --- captures --------------------------------------------------------------------------------------------

CAPTURE = """\
  first:
    capture:
      on: host
      interface: "{{ interface }}"
      filter: port 2049
      detect: [nfs]
      during:
        - id: poke
          run: uptime
          on: other
        - wait: 1
        - id: retry
          ask: Retry now
    decide:
      - when: first.found('nfs.mount-denied')
        conclude: nfs.mount-denied
      - when: first.failed == 'no-space'
        inconclusive: there is no room
      - when: retry.failed is not none
        inconclusive: nobody was there
      - otherwise: {healthy: it mounts}
"""
CAPTURED = EvidenceRef("ab" * 32, 9, "capture", "host")
FINDING = Finding("nfs.mount-denied", "denied", "fault", "high", (3,), (FieldValue(3, "mount.status", "13"),), "no", "mount.status == 13")


def capture_answers(**changes: Any) -> Any:
    """Answers of a capture that goes well; a change by the effect's type name or by the id of its step."""

    def answer(effect: Effect) -> Any:
        step = effect.key.partition("/")[0]
        if step in changes or type(effect).__name__ in changes:
            return changes.get(step, changes.get(type(effect).__name__))
        match effect:
            case RunCommand():
                return ran()
            case Wait():
                return Waited(1.0)
            case AskOperator():
                return "yes"
            case StartCapture():
                return CaptureStarted("/tmp/x.pcap", 7, "tcpdump")
            case StopCapture():
                return CaptureTaken(CAPTURED, "operator", 1.0)
            case Decode():
                return Decoded(9, (FINDING,), {})

    return answer


def names(effects: list[Effect]) -> list[str]:
    return [f"{type(effect).__name__} {effect.key}" for effect in effects]


WHOLE = [
    "StartCapture first/1@host",
    "RunCommand poke/1@other",
    "Wait first_during_2/1",
    "AskOperator retry/1",
    "StopCapture first:stop/1@host",
    "Decode first:decode/1@host",
]


def test_a_capture_is_a_chain() -> None:
    done = walk(CAPTURE, capture_answers())
    assert names(done.effects) == WHOLE
    assert done.verdict.cause == "nfs.mount-denied"
    assert done.verdict.evidence[0].frame == 3  # type: ignore[union-attr]
    assert done.effects[4].capture == "first/1@host"  # type: ignore[union-attr]
    assert done.effects[5].sha256 == "ab" * 32  # type: ignore[union-attr]


def test_a_start_that_fails_skips_the_rest() -> None:
    done = walk(CAPTURE, capture_answers(StartCapture=Failed("no-space", "/tmp has 1 MB")))
    assert names(done.effects) == WHOLE[:1]
    assert done.verdict.reason == "there is no room"


@pytest.mark.parametrize("failing", ["poke", "first_during_2", "retry"])
@pytest.mark.parametrize("kind", ["timeout", "declined", "internal"])
def test_a_step_that_fails_while_it_captures_still_lets_it_be_stopped_and_read(failing: str, kind: Any) -> None:
    done = walk(CAPTURE, capture_answers(**{failing: Failed(kind, "no")}))
    assert names(done.effects) == WHOLE
    assert done.verdict.cause == "nfs.mount-denied"


def test_a_target_lost_while_it_captures_still_lets_it_be_stopped() -> None:
    done = walk(CAPTURE, capture_answers(poke=Failed("closed", "other.example.net: gone")))
    assert "StopCapture first:stop/1@host" in names(done.effects)
    assert done.verdict.target_failed == "closed"


@pytest.mark.parametrize("failing", ["StopCapture", "Decode"])
def test_a_capture_that_cannot_be_had_leaves_its_facts_unknown(failing: str) -> None:
    done = walk(CAPTURE, capture_answers(**{failing: Failed("unreadable", "no capture")}))
    assert done.verdict.kind == "inconclusive"
    assert "no capture" in " ".join(done.verdict.missing)


@pytest.mark.parametrize(
    ("decoded", "kind"),
    [(Decoded(0, (), {}), "inconclusive"), (Decoded(5, (), {}, True, "cut off"), "inconclusive"), (Decoded(5, (), {}), "healthy")],
)
def test_what_a_capture_does_not_show_is_absent_only_where_it_is_whole(decoded: Decoded, kind: str) -> None:
    assert walk(CAPTURE, capture_answers(Decode=decoded)).verdict.kind == kind


@pytest.mark.parametrize(
    ("taken", "missed"),
    [
        (CaptureTaken(CAPTURED, "packets", 8.0), "ended (stopped by packets) 22 s before"),  # the operator answers at 30 s
        (CaptureTaken(CAPTURED, "closed", 1.0), "ended (stopped by closed) 29 s before"),
        (CaptureTaken(CAPTURED, "seconds", 29.5), ""),
        (CaptureTaken(CAPTURED, "packets", 33.0), ""),
        (CaptureTaken(CAPTURED, "operator", 8.0), ""),
        (CaptureTaken(CAPTURED, "operator", 30.0, 100_000, 90_000), "dropped 90,000 of 100,000 packets"),
        (CaptureTaken(CAPTURED, "operator", 30.0, None, 5), "dropped 5 of 5 packets"),
        (CaptureTaken(CAPTURED, "operator", 30.0, 100_000, 5), ""),
    ],
)
def test_what_a_capture_may_have_missed_is_not_excluded(taken: CaptureTaken, missed: str) -> None:
    times = {"AskOperator": 1030.0, "StopCapture": 1033.0, "Decode": 1034.0}
    for findings in ((), (FINDING,)):
        answers = capture_answers(StopCapture=taken, Decode=Decoded(9, findings, {}))
        verdict = walk(CAPTURE, answers, at=lambda effect: times.get(type(effect).__name__, 1000.0)).verdict
        if findings:
            assert verdict.kind == "fault"
        elif missed:
            assert verdict.kind == "inconclusive"
            assert any(missed in text for text in verdict.missing)
            assert verdict.ruled_out == ()
        else:
            assert verdict.kind == "healthy"


SILENT = replace(FINDING, cause="ndp.unanswered-solicitation", explanation="nobody answers")
LOSSY = CaptureTaken(CAPTURED, "operator", 1.0, 1000, 50)


@pytest.mark.parametrize(
    ("finding", "taken", "partial", "said"),
    [
        (SILENT, LOSSY, "", "but the target dropped 50 of 1,000 packets: capture again to be sure"),
        (SILENT, CaptureTaken(CAPTURED, "operator", 1.0), "3 gaps", "but 3 gaps: capture again to be sure"),
        (SILENT, CaptureTaken(CAPTURED, "operator", 1.0), "", ""),
        (replace(SILENT, facts={"how": "refused"}), LOSSY, "", ""),  # an answer is the proof
        (replace(SILENT, facts={"reporter": "192.0.2.1"}), LOSSY, "", ""),
        (FINDING, LOSSY, "", ""),
    ],
)
def test_a_fault_that_rests_on_silence_tells_what_may_have_been_missed(finding: Finding, taken: CaptureTaken, partial: str, said: str) -> None:
    nodes = CAPTURE.replace("nfs.mount-denied", finding.cause)
    verdict = walk(nodes, capture_answers(StopCapture=taken, Decode=Decoded(9, (finding,), {}, bool(partial), partial))).verdict
    assert verdict.cause == finding.cause
    assert verdict.reason == finding.explanation + (f"; it is shown by an answer that is missing in the capture, {said}" if said else "")


def test_a_partial_capture_that_shows_the_fault_proves_it() -> None:
    assert walk(CAPTURE, capture_answers(Decode=Decoded(5, (FINDING,), {}, True, "cut off"))).verdict.cause == "nfs.mount-denied"


def test_what_a_capture_shows_as_a_warning_is_not_ruled_out() -> None:
    odd = replace(FINDING, severity="warning")
    assert [out.cause for out in walk(CAPTURE, capture_answers(Decode=Decoded(9, (), {}))).verdict.ruled_out] == ["nfs.mount-denied"]
    assert walk(CAPTURE, capture_answers(Decode=Decoded(9, (odd,), {}))).verdict.ruled_out == ()


@pytest.mark.parametrize(("seen", "kind"), [({}, "inconclusive"), ({"nfs.mount-ok": 1}, "healthy")])
def test_what_the_detectors_did_not_count_was_seen_not_once(seen: dict[str, int], kind: str) -> None:
    nodes = CAPTURE.replace(
        "      - when: first.found",
        "      - when: first.seen['nfs.mount-ok'] == 0\n        inconclusive: no mount was seen\n      - when: first.found",
        1,
    )
    assert walk(nodes, capture_answers(Decode=Decoded(9, (), seen))).verdict.kind == kind


def test_a_capture_taken_again_is_started_and_stopped_again() -> None:
    """Its first try could not even be asked for; the second one can."""
    nodes = """\
  first:
    capture:
      on: host
      interface: "{{ which.answer }}"
      filter: port 2049
    decide:
      - when: first.failed == 'not-found'
        go: which
      - otherwise: {inconclusive: taken}
  which:
    ask: Which interface?
    free_text: true
    decide:
      - otherwise: first
"""
    done = walk(nodes, capture_answers(which="eth7"))
    assert names(done.effects) == ["AskOperator which/1", "StartCapture first/2@host", "StopCapture first:stop/2@host", "Decode first:decode/2@host"]
    assert done.verdict.reason == "taken"


@pytest.mark.parametrize("odd", [Ok(Waited(1.0)), Ok(CaptureStarted("/x", 1, "t"))])
def test_an_answer_of_another_kind_does_not_stop_the_fold(odd: Ok) -> None:
    nodes = (
        "  first:\n    capture:\n      on: host\n      interface: eth0\n      filter: port 1\n    decide:\n      - otherwise: {inconclusive: end}\n"
    )
    state, _ = start(nodes)
    for _ in range(3):
        key = next(iter(state.waiting), None)
        if key is None:
            break
        state, _ = advance(state, EffectAnswered(0.0, key, odd))
    assert state.verdict is not None or state.waiting
