"""The deciding checks of recorded faults asked again, of devices that were mended, were not, or broke in another way."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.unit.retrace.retraced import SCENARIOS, answering, events_of, one_of_each_kind, write
from tests.unit.retrace.verifying import recorded, verified_by
from tshoot.engine.advance import step_of
from tshoot.errors import UsageError
from tshoot.model.effects import AskOperator, Effect, RunCommand
from tshoot.model.events import (
    EffectAnswered,
    Event,
    Failed,
    FixVerified,
    NoteAdded,
    Ok,
    OperatorAnswered,
    OperatorSteered,
    Outcome,
    RunEnded,
    VerdictReached,
    VerificationBegan,
)
from tshoot.model.evidence import FrameCitation
from tshoot.retrace.recording import record_of
from tshoot.retrace.verification import checks_of
from tshoot.retrace.verification_plan import planned
from tshoot.session.verification_text import rows, verification_json, verification_lines

FAULTS = [one for one in one_of_each_kind() if SCENARIOS[one].expect.verdict == "fault"]


@pytest.mark.parametrize("scenario_id", FAULTS)
def test_where_nothing_was_mended_the_same_fault_is_found(scenario_id: str, tmp_path: Path) -> None:
    checks = recorded(tmp_path, scenario_id)
    verification, asked = verified_by(checks, scenario_id)
    assert (verification.outcome, verification.cause) == ("still-there", SCENARIOS[scenario_id].expect.cause), verification.reason
    assert verification.verdict is not None and verification.verdict.evidence == checks.deciding.verdict.evidence
    assert verification.conditions[0].before == verification.conditions[0].after == "true"
    assert asked, "a verification asks something"
    assert {effect.key for effect in asked} <= set(checks.recording.requests), "and nothing that was not asked then"
    assert all(len(line) < 200 for line in verification_lines(verification))


@pytest.mark.parametrize(
    ("then", "now"),
    [
        ("nfs-mount/export-policy", "nfs-mount/mount-works"),
        ("nfs-mount/nfsd-filtered", "nfs-mount/mount-works"),
        ("ndp-source-mac/wireless-bridge", "ndp-source-mac/wired"),
        ("ndp-source-mac/lab-wifi", "ndp-source-mac/lab-wired"),
    ],
)
def test_what_was_mended_is_fixed(then: str, now: str, tmp_path: Path) -> None:
    verification, asked = verified_by(recorded(tmp_path, then), now)
    assert verification.outcome == "fixed", verification.reason
    assert verification.verdict is not None and verification.verdict.kind == "healthy"
    fault = verification.conditions[0]
    assert (fault.before, fault.after, fault.leads_to) == ("true", "false", f"conclude {SCENARIOS[then].expect.cause}")
    assert {step_of(effect) for effect in asked} < {step_of(effect) for effect in record_of(events_of(then)).requests.values()}, "not the whole run"
    assert any(row.changed for row in rows(verification))


def test_each_cited_fact_stands_before_and_after_with_its_place(tmp_path: Path) -> None:
    verification, _ = verified_by(recorded(tmp_path, "nfs-mount/export-policy"), "nfs-mount/mount-works")
    compared = {one.fact: one for one in verification.compared}
    found = compared["trace.found('nfs.mount-denied')"]
    assert (found.before, found.after) == ("true", "false")
    assert [one.frame for one in found.before_citations if isinstance(one, FrameCitation)] == [16, 14, 6]
    assert (compared["trace.seen.nfs.mount-ok"].before, compared["trace.seen.nfs.mount-ok"].after) == ("0", "1")
    status = next(row for row in rows(verification) if row.what == "mount.status")
    assert (status.before, status.after) == ("13 (frame 16)", "not seen")


def test_another_fault_is_named_with_its_own_proof(tmp_path: Path) -> None:
    verification, _ = verified_by(recorded(tmp_path, "nfs-mount/export-policy"), "nfs-mount/nfs-service-stopped")
    assert (verification.outcome, verification.cause) == ("another-fault", "nfs.mount-denied")
    assert verification.verdict is not None and verification.verdict.cause == "nfs.program-not-registered" and verification.verdict.evidence
    assert verification.conditions[0].after == "false"


def test_a_way_into_checks_that_nobody_asked_is_not_decided_and_names_them(tmp_path: Path) -> None:
    verification, asked = verified_by(recorded(tmp_path, "nfs-mount/export-policy"), "nfs-mount/not-retried")
    assert verification.outcome == "not-decided" and verification.verdict is None
    assert verification.missing == ("`grep -i nfs /var/log/vmkernel.log | tail -n 50` on host",)
    assert "the condition that found the fault is false now" in verification.reason
    assert "tshoot run nfs-mount --target host=" in verification.next_steps and "--set share=/vol/ds1" in verification.next_steps
    assert not any(isinstance(effect, RunCommand) and "grep" in effect.command for effect in asked), "it is not asked either"


def test_a_steady_route_ends_the_flap_and_a_lost_session_is_no_more_known(tmp_path: Path) -> None:
    verification, asked = verified_by(recorded(tmp_path, "bgp-walker-flap/period-by-table"), "bgp-walker-flap/steady")
    assert (verification.outcome, verification.conditions[0].after) == ("fixed", "false"), verification.reason
    assert len(asked) > 60, "both series are sampled again, with their bounds"
    assert len(verification.asked) == 2
    verification, _ = verified_by(recorded(tmp_path, "bgp-walker-flap/hold-timer-expired"), "bgp-walker-flap/steady")
    assert (verification.outcome, verification.conditions[0].after) == ("not-decided", "false")
    assert verification.missing == ("a capture on router, any: tcp port 179",)


def test_a_target_that_cannot_be_reached_is_said_with_its_kind(tmp_path: Path) -> None:
    checks = recorded(tmp_path, "nfs-mount/export-policy")

    def unreachable(effect: Effect, at: float) -> Outcome:
        return Failed("unreachable", "esx01: no answer on port 22", "is it switched on?")

    verification, asked = verified_by(checks, "", unreachable)
    assert (verification.outcome, verification.target_failed) == ("not-decided", "unreachable")
    assert verification.reason == "esx01: no answer on port 22" and verification.conditions[0].after == "unknown"
    assert len(asked) == 1


def test_a_check_that_could_not_be_made_decides_nothing(tmp_path: Path) -> None:
    real = answering(SCENARIOS["nfs-mount/mount-works"])

    def no_answer(effect: Effect, at: float) -> Outcome:
        return Failed("permission-denied", "you may not capture") if step_of(effect) == "trace" else real(effect, at)

    verification, _ = verified_by(recorded(tmp_path, "nfs-mount/export-policy"), "", no_answer)
    assert (verification.outcome, verification.target_failed, verification.reason) == ("not-decided", "", "you may not capture")


def test_a_fault_by_answers_of_the_record_alone_is_not_claimed(tmp_path: Path) -> None:
    """The capture is made again and shows nothing; what then refuses are ports that only the run tried."""
    other = "nfs-mount/capture-not-allowed"
    checks = recorded(tmp_path, "nfs-mount/export-policy")
    refused = record_of(events_of(other))
    for key in ("portmapper_port/1@host", "mountd_tcp_port/1@host", "log/1@host"):
        checks.recording.requests[key] = refused.requests[key]
        checks.recording.answers[key] = refused.answers[key]
    verification, asked = verified_by(checks, "nfs-mount/not-retried")
    assert verification.outcome == "not-decided" and "by answers of the record alone" in verification.reason
    assert len(verification.missing) == 2 and all("nc -z" in text for text in verification.missing)
    assert not any(effect.key.startswith(("log/", "portmapper", "mountd")) for effect in asked)


def test_the_plan_has_each_command_once_with_its_bounds(tmp_path: Path) -> None:
    bounds = "2001:db9:121:1::/64   (every 5 s for 180 s, or until it is decided)"
    steps = planned(recorded(tmp_path, "bgp-walker-flap/period-by-table"))
    assert [step.text for step in steps] == [f"show ipv6 route {bounds}", f"show bgp ipv6 unicast {bounds}"], "series side by side belong together"
    steps = planned(recorded(tmp_path, "nfs-mount/export-policy"), {"host": "/scratch"})
    texts = [step.text for step in steps]
    assert any("/scratch/tshoot-" in text and "ended after 120 s, 20000 packets or 20 MB" in text for text in texts)
    assert sum("Retry the mount" in text for text in texts) == 1 and not any("esxcfg" in text for text in texts)


def test_a_verification_in_the_log_changes_nothing_of_the_record(tmp_path: Path) -> None:
    events = events_of("nfs-mount/export-policy")
    checks = recorded(tmp_path, "nfs-mount/export-policy")
    verification, _ = verified_by(checks, "nfs-mount/mount-works")
    later: tuple[Event, ...] = (
        VerificationBegan(events[-1].at + 60, "nfs.mount-denied", (), "anna", "0"),
        EffectAnswered(events[-1].at + 61, "retry/1", Ok(OperatorAnswered("no"))),
        FixVerified(events[-1].at + 62, verification),
    )
    assert record_of((*events, *later)) == record_of(events)
    session = write(tmp_path, "nfs-mount/export-policy", (*events, *later))
    assert list(session.events())[-1] == later[-1], "all of it is kept"
    assert checks_of(session, {}).deciding == checks.deciding, "it can be verified once more"
    assert verification_json(verification)["outcome"] == "fixed"


@pytest.mark.parametrize("what", ["healthy", "inconclusive", "no verdict", "not ended", "by hand", "steered"])
def test_where_there_is_nothing_to_verify_it_is_refused(what: str, tmp_path: Path) -> None:
    fault = events_of("nfs-mount/export-policy")
    events: tuple[Event, ...] = {
        "healthy": events_of("nfs-mount/mount-works"),
        "inconclusive": events_of("nfs-mount/not-retried"),
        "no verdict": tuple(event for event in fault if not isinstance(event, VerdictReached | RunEnded)),
        "not ended": fault[:-1],
        "by hand": tuple(_by_hand(event) for event in fault),
        "steered": (*fault[:-2], OperatorSteered(fault[-2].at, "retried", "anna", "interfaces", "interfaces/1"), *fault[-2:]),
    }[what]
    with pytest.raises(UsageError) as refused:
        recorded(tmp_path, "nfs-mount/export-policy", events)
    assert refused.value.hint


def _by_hand(event: Event) -> Event:
    from dataclasses import replace

    if not isinstance(event, VerdictReached):
        return event
    last = replace(event.verdict.path[-1], branch="by hand: I know it", conditions=())
    return replace(event, verdict=replace(event.verdict, path=(*event.verdict.path[:-1], last)))


def test_a_question_is_asked_again_and_a_note_is_no_hindrance(tmp_path: Path) -> None:
    events = events_of("nfs-mount/export-policy")
    noted = (*events, NoteAdded(events[-1].at, "the storage team added the rule", "anna"))
    _, asked = verified_by(recorded(tmp_path, "nfs-mount/export-policy", noted), "nfs-mount/mount-works")
    assert sum(isinstance(effect, AskOperator) for effect in asked) == 1
