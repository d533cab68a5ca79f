"""What a report says, whatever its format: the excerpt with its neighbours, the path, what is open, before and after; bounded, and never more than was recorded."""

from __future__ import annotations

import tracemalloc
from dataclasses import replace
from pathlib import Path

import pytest
import report_samples as samples
from session_samples import START, VERDICT, short_session

from tshoot.model.effects import RunCommand, Wait
from tshoot.model.events import CommandRan, DecisionTaken, EffectAnswered, EffectRequested, Event, Ok, RunEnded, RunStarted, VerdictReached, Waited
from tshoot.model.verdicts import ConditionValue, Decision, RuledOut, Verdict
from tshoot.session.log import SessionLog
from tshoot.session.report.build import build_report
from tshoot.session.report.model import Report

NUMBERED = "\n".join(f"line {number}" for number in range(1, 11)).encode() + b"\n"


def report_of(root: Path, events: list[Event]) -> Report:
    return build_report(samples.write_session(root, events))


def test_the_summary_is_five_lines_that_stand_alone(tmp_path: Path) -> None:
    told = report_of(tmp_path, short_session()).summary
    assert told.what == "nfs-mount on host esx01.example; server 192.0.2.10, mountd_port 635"
    assert told.verdict == "FAULT nfs.mount-denied: the NFS server denies the mount."
    assert told.proof == "frame 18 on host: mount.status = 13"
    assert told.owner == "storage"
    assert told.next_step == "Add 192.0.2.21 to the export rule of /vol/ds1."


@pytest.mark.parametrize(
    ("first", "last", "shown", "marked"),
    [(5, 5, range(3, 8), {5}), (1, 1, range(1, 4), {1}), (10, 10, range(8, 11), {10}), (4, 6, range(2, 9), {4, 5, 6})],
)
def test_the_cited_lines_come_with_two_around_them(tmp_path: Path, first: int, last: int, shown: range, marked: set[int]) -> None:
    (proof,) = report_of(tmp_path, samples.fault("cat", NUMBERED, first, last)).proof
    assert [(line.number, line.text) for line in proof.lines] == [(number, f"line {number}") for number in shown]
    assert {line.number for line in proof.lines if line.cited} == marked


def test_a_long_citation_is_cut_and_says_so(tmp_path: Path) -> None:
    output = b"x\n" * 500
    (proof,) = report_of(tmp_path, samples.fault("cat", output, 1, 400)).proof
    assert len(proof.lines) == 30 and proof.lines_left == 370


def test_evidence_that_was_changed_is_not_quoted_as_if_it_were_sound(tmp_path: Path) -> None:
    folder = samples.write_session(tmp_path, samples.fault("cat", NUMBERED, 5, 5))
    file = max((folder / "evidence").iterdir(), key=lambda path: path.stat().st_size)
    file.chmod(0o600)
    file.write_bytes(b"forged\n" * 10)
    report = build_report(folder)
    assert "was changed" in report.proof[0].problem
    assert [(line.number, line.text) for line in report.proof[0].lines] == [(0, "line 5")], "what the log itself quotes, without numbers"
    assert any("changed" in problem for problem in report.problems)


def test_a_huge_output_costs_no_memory_and_is_cut(tmp_path: Path) -> None:
    output = b"y" * 2_000_000 + b"\n" + b"filler line\n" * 700_000
    folder = samples.write_session(tmp_path, samples.fault("cat", output, 1, 1))
    tracemalloc.start()
    report = build_report(folder)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 300 << 20
    assert report.proof[0].lines[0].text.endswith("1,999,600 more characters")
    assert len(repr(report)) < 100_000


def test_the_path_shows_what_was_tried_and_what_stayed_open(tmp_path: Path) -> None:
    unknown = ConditionValue("probe.state == 'open'", "unknown", "conclude path.unreachable", "the probe failed: timeout")
    settled = ConditionValue("a == 1", "unknown", "conclude path.mtu-mismatch", "not read")
    decision = Decision("probe", 2, "otherwise", "", (unknown, settled), "does it answer")
    verdict = Verdict(
        "inconclusive", "not decided", missing=("a capture",), next_steps="capture", ruled_out=(RuledOut("path.mtu-mismatch", "", "seen"),)
    )
    report = report_of(tmp_path, [DecisionTaken(START, decision), VerdictReached(START + 1, verdict), RunEnded(START + 2, "finished")])
    (step,) = report.path
    assert (step.node, step.attempt, step.branch) == ("probe", 2, "otherwise")
    assert [(one.outcome, one.leads_to) for one in step.alternatives] == [
        ("unknown", "conclude path.unreachable"),
        ("unknown", "conclude path.mtu-mismatch"),
    ]
    assert [(open_.cause, open_.because) for open_ in report.undecided] == [("path.unreachable", "the probe failed: timeout")]
    assert [out.cause for out in report.ruled_out] == ["path.mtu-mismatch"]


def test_before_and_after_a_fix_stand_side_by_side(tmp_path: Path) -> None:
    events = samples.fault("esxcli storage nfs list", b"templates 03:41:07 up\nds1 not mounted\n", 2, 2)
    later = samples.ran(START + 600, "list/2@host", "esxcli storage nfs list", b"templates 03:51:07 up\nds1 mounted\n")
    healthy = Verdict("healthy", "the share is mounted")
    report = report_of(tmp_path, [*events, *later, VerdictReached(START + 601, healthy), RunEnded(START + 602, "finished")])
    assert report.verdict is not None and report.verdict.kind == "fault", "the report is about the incident"
    assert report.verification.verdict is not None and report.verification.verdict.kind == "healthy"
    (comparison,) = report.verification.comparisons
    assert comparison.changes == ("- ds1 not mounted", "+ ds1 mounted"), "a clock that ran on is no change"
    assert report.summary.verdict.endswith("Since then: healthy.")


def test_without_a_second_verdict_nothing_is_verified(tmp_path: Path) -> None:
    verification = report_of(tmp_path, short_session()).verification
    assert verification.verdict is None and verification.comparisons == () and verification.how == "Mount it again."


def test_a_series_is_one_moment_of_the_timeline(tmp_path: Path) -> None:
    events: list[Event] = [RunStarted(START, "bgp", (), {})]
    for number in range(1, 21):
        run = RunCommand(f"route:sample-{number}/1@router", "route", "router", "show ip route 203.0.113.0")
        wait = Wait(f"route:wait-{number}/1", "route", 5)
        events += [EffectRequested(START + 5 * number, run), EffectAnswered(START + 5 * number, run.key, Ok(CommandRan(0, b"x\n", b"", 0.1)))]
        events += [EffectRequested(START + 5 * number, wait), EffectAnswered(START + 5 * number + 5, wait.key, Ok(Waited(5)))]
    report = report_of(tmp_path, events)
    moments = [moment for moment in report.timeline if moment.kind == "command"]
    assert [(moment.who, moment.outcome) for moment in moments] == [("router", "sampled 20 times in 95 s")]
    assert len(report.timeline) == 2 and len(report.commands) == 20


def test_the_timeline_is_in_order_and_names_who_did_it(tmp_path: Path) -> None:
    report = build_report(samples.write_session(tmp_path, samples.believable()))
    assert [moment.at for moment in report.timeline] == sorted(moment.at for moment in report.timeline)
    who = {moment.kind: moment.who for moment in report.timeline}
    assert who == {
        "start": "tshoot",
        "command": "host",
        "question": "operator",
        "decision": "tshoot",
        "verdict": "tshoot",
        "note": "anna",
        "end": "tshoot",
    }
    failed = [moment.outcome for moment in report.timeline if moment.failed]
    assert failed == ["failed (timeout): no answer within 30 s"]
    assert [(note.author, note.text) for note in report.notes] == [("anna", "storage says they changed the policy at 03:30")]


def test_commands_have_status_time_and_the_hash_of_what_they_said(tmp_path: Path) -> None:
    report = report_of(tmp_path, short_session())
    ran, failed = report.commands
    assert (ran.command, ran.exit_status, ran.seconds, ran.failure) == ("esxcfg-vmknic -l", 0, 0.4, "")
    assert (failed.exit_status, failed.failure, failed.bytes) == (None, "timeout: no answer within 30 s", 4)
    assert {ran.sha256, failed.sha256} == {file.sha256 for file in report.evidence}
    assert {file.origin for file in report.evidence} == {"host $ esxcfg-vmknic -l", "host $ nc -z -w 5 192.0.2.10 2049"}


@pytest.mark.parametrize("cut", range(1, 11))
def test_a_run_that_was_cut_off_anywhere_has_a_report(tmp_path: Path, cut: int) -> None:
    report = report_of(tmp_path, short_session()[: cut - 1])
    assert report.state == "cut off: the run has no end in the log"
    assert (report.verdict is None) == (cut < 10)
    if report.verdict is None:
        assert report.summary.verdict.startswith("none")


def test_a_session_that_is_being_written_says_so(tmp_path: Path) -> None:
    with SessionLog.create(tmp_path, "nfs-mount", "id: nfs-mount\n", {}) as log:
        log.append(short_session()[0])
        assert build_report(log.folder).state == "still running"


def test_the_next_step_is_the_first_of_a_numbered_fix(tmp_path: Path) -> None:
    verdict = replace(VERDICT, fix="It broke.\n1. Look at the log.\n2. Mend it.")
    assert report_of(tmp_path, [VerdictReached(START, verdict)]).summary.next_step == "Look at the log."


def test_a_verdict_without_any_proof_still_has_a_summary(tmp_path: Path) -> None:
    verdict = replace(VERDICT, evidence=(), fix="", owner="")
    told = report_of(tmp_path, [VerdictReached(START, verdict)]).summary
    assert told.proof == verdict.reason and told.owner == "nobody yet" and told.next_step == "none is named"
