"""The deciding checks of a recorded fault asked again, as a user does it: the real program, real SSH to simulated devices."""

from __future__ import annotations

import json
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from tests.cli.commandline import Bench, bench, ended
from tests.shipped_scenarios import SCENARIOS
from tests.waiting import wait_until
from tshoot.model.events import CaptureTaken, EffectAnswered, EffectRequested, FixVerified, NoteAdded, Ok, RunEnded, VerificationBegan
from tshoot.session.read import read_events
from tshoot.session.store import entry_of
from tshoot.simulator.scenario import Scenario
from tshoot.simulator.serving import serve

FAULT = SCENARIOS["nfs-mount/export-policy"]
FIXED = SCENARIOS["nfs-mount/mount-works"]


SCHEMA = json.loads((Path(__file__).parents[2] / "docs/json.schema.json").read_text())
DOCUMENT = Draft202012Validator({"$ref": "#/$defs/verify_fix", "$defs": SCHEMA["$defs"]})


@contextmanager
def after(at: Bench, scenario: Scenario) -> Iterator[Bench]:
    """The same name in ssh_config leads to the devices of another scenario: the world after somebody worked on it."""
    with serve(scenario, 1.0) as served:
        device = served.devices["host"]
        config = f"Host esx new\n  HostName {device.host}\n  Port {device.port}\n  User {device.user}\n  IdentityFile {device.key_file}\n"
        (at.home.folder / ".ssh" / "config").write_text(config)
        (at.home.folder / ".ssh" / "known_hosts").write_text(device.known_hosts_line + "\n")
        yield replace(at, served=served)


def folder_of(at: Bench) -> Path:
    return next(folder for folder in at.home.sessions.iterdir() if folder.is_dir())


def directory(at: Bench) -> tuple[str, str]:
    return "--capture-dir", f"host={at.device.capture_directory}"


def chapter(at: Bench) -> list[object]:
    """The events from the last verification on."""
    events = [event for _, event in read_events(folder_of(at))]
    return events[max(number for number, event in enumerate(events) if isinstance(event, VerificationBegan)) :]


def is_still_the_recorded_fault(at: Bench) -> None:
    """A verification is added to a session and changes nothing of what the run was."""
    assert "intact" in at.home.run("sessions", "verify").said
    judged = at.home.run("sessions", "rejudge")
    assert judged.code == 0 and "judged the same" in judged.said
    entry = entry_of(folder_of(at))
    assert (entry.state, entry.verdict, entry.cause) == ("finished", "fault", "nfs.mount-denied")
    assert at.home.run("sessions", "resume").code == 2


@pytest.fixture(scope="module")
def faulty(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    """A user whose run found the export policy, and whose host is still there."""
    with bench(tmp_path_factory.mktemp("user"), FAULT) as at:
        assert at.home.run(*at.words, "--yes").code == 1
        yield at


def test_a_plan_says_what_would_be_asked_and_connects_nowhere(faulty: Bench) -> None:
    before = (folder_of(faulty) / "session.jsonl").read_bytes()
    got = faulty.home.run("sessions", "verify-fix", "--plan", "--target", "host=nobody.invalid", PATH="/nonexistent")
    assert got.code == 0
    assert "nfs.mount-denied was decided at `trace`" in got.said and "tcpdump-uw -i vmk1" in got.said and "Retry the mount" in got.said
    assert "host = nobody.invalid (vmware_esxi)" in got.said and "changes: nothing" in got.said
    assert "esxcfg-vmknic" not in got.said, "what the fault does not rest on is not asked again"
    document = faulty.home.run("sessions", "verify-fix", "--plan", "--json").document()
    assert {row["node"] for row in document["plan"]} == {"trace"} and not any(row["changes"] for row in document["plan"])
    assert (folder_of(faulty) / "session.jsonl").read_bytes() == before


def test_a_fault_that_is_still_there_has_new_proof(faulty: Bench) -> None:
    got = faulty.home.run("sessions", "verify-fix", "--yes", *directory(faulty))
    assert got.code == 1, got.said
    for part in ("the deciding checks of nfs.mount-denied are", "STILL THERE  nfs.mount-denied", "true -> true", "frame 16"):
        assert part in got.said, got.said
    assert "all else is as the session recorded it" in got.said
    events = chapter(faulty)
    asked = [event.effect.key for event in events if isinstance(event, EffectRequested)]
    assert asked == ["trace/1@host", "retry/1", "trace:stop/1@host", "trace:decode/1@host"]
    captures = [
        one for one in events if isinstance(one, EffectAnswered) and isinstance(one.outcome, Ok) and isinstance(one.outcome.answer, CaptureTaken)
    ]
    assert len(captures) == 1
    assert faulty.nothing_is_left()
    is_still_the_recorded_fault(faulty)


def test_by_a_name_of_the_inventory(faulty: Bench, tmp_path: Path) -> None:
    """What says where it is, and as whom to log in, is a file that was named."""
    listed = tmp_path / "hosts.yaml"
    with after(faulty, FIXED) as now:
        device = now.device
        config = now.home.folder / ".ssh" / "config"
        config.write_text(f"Host *\n  IdentityFile {device.key_file}\n")
        listed.write_text(f"targets:\n  mended: {device.user}@{device.host}:{device.port}\n")
        words = ("sessions", "verify-fix", "--yes", *directory(now), "--target", "host=mended")
        unknown = now.home.run(*words)
        assert unknown.code not in (0, 1) and "mended" in unknown.said
        got = now.home.run(*words, "--inventory", str(listed))
        assert got.code == 0 and "FIXED  nfs.mount-denied" in got.said, got.said
        assert now.nothing_is_left()


def test_the_fault_is_gone(faulty: Bench, tmp_path: Path) -> None:
    with after(faulty, FIXED) as now:
        got = now.home.run("sessions", "verify-fix", "--yes", "--json", *directory(now))
        assert got.code == 0, got.said
        DOCUMENT.validate(got.document())
        told = got.document()["verification"]
        assert (told["outcome"], told["cause"], told["verdict"]["kind"]) == ("fixed", "nfs.mount-denied", "healthy")
        assert [(one["before"], one["after"]) for one in told["conditions"]] == [("true", "false"), ("false", "true")]
        compared = {one["fact"]: (one["before"]["value"], one["after"]["value"]) for one in told["compared"]}
        assert compared["trace.found('nfs.mount-denied')"] == ("true", "false") and compared["trace.seen.nfs.mount-ok"] == ("0", "1")
        assert now.nothing_is_left()
    is_still_the_recorded_fault(faulty)
    report = faulty.home.run("sessions", "report").said
    assert "Verified since: fixed." in report and "| Checked again | Before | After |" in report
    html = faulty.home.run("sessions", "report", "--format", "html").said
    assert "The deciding checks, before and after" in html and "FIXED" in html
    junit = faulty.home.run("sessions", "report", "--format", "junit").said
    assert 'failures="1"' in junit, "the incident was a fault, whatever became of it"
    shown = faulty.home.run("sessions", "show").said
    assert "FIXED  nfs.mount-denied" in shown and "FAULT  nfs.mount-denied" in shown
    verified = faulty.home.run("sessions", "show", "--json").document()["verifications"][-1]  # other tests had it verified before
    assert verified["verification"]["outcome"] == "fixed" and verified["began"] < verified["ended"] and "@" in verified["by"]
    packed = tmp_path / "one.tshoot"
    assert faulty.home.run("sessions", "export", "-o", str(packed)).code == 0
    elsewhere = str(tmp_path / "elsewhere")
    assert faulty.home.run("sessions", "import", str(packed), "--record", elsewhere).code == 0
    assert "FIXED  nfs.mount-denied" in faulty.home.run("sessions", "show", "--record", elsewhere).said
    redacted = faulty.home.run("sessions", "redact", "-o", str(tmp_path / "shared.tshoot"), "--key-file", str(tmp_path / "key"))
    assert redacted.code == 0 and "says the same" in redacted.said
    assert b"192.0.2.50" not in faulty.home.run("sessions", "show", str(tmp_path / "shared.tshoot")).out


def test_a_target_that_cannot_be_reached_decides_nothing(faulty: Bench) -> None:
    (faulty.home.folder / ".ssh" / "config").write_text("Host esx\n  HostName 127.0.0.1\n  Port 1\n  User root\n")
    got = faulty.home.run("sessions", "verify-fix", "--yes")
    assert got.code == 4
    assert "NOT DECIDED  nfs.mount-denied" in got.said and "refused" in got.said
    verified = [event.verification for event in chapter(faulty) if isinstance(event, FixVerified)]
    assert [(one.outcome, one.target_failed) for one in verified] == [("not-decided", "refused")]
    is_still_the_recorded_fault(faulty)


def test_another_name_for_a_target_and_a_role_that_is_none(faulty: Bench) -> None:
    with after(faulty, SCENARIOS["nfs-mount/nfs-service-stopped"]) as now:
        got = now.home.run("sessions", "verify-fix", "--yes", "--target", "host=new", *directory(now))
        assert got.code == 1
        assert "ANOTHER FAULT" in got.said and "nfs.program-not-registered" in got.said
    began = chapter(faulty)[0]
    assert isinstance(began, VerificationBegan) and [target.host for target in began.targets] == ["new"]
    before = (folder_of(faulty) / "session.jsonl").read_bytes()
    for words in (("--target", "router=new"), ("--target", "host"), ("--target", "host=user@"), ("--capture-dir", "host=tmp")):
        assert faulty.home.run("sessions", "verify-fix", *words).code == 2, words
    assert (folder_of(faulty) / "session.jsonl").read_bytes() == before


def test_stopped_in_the_middle_it_leaves_no_capture_and_no_result(tmp_path: Path) -> None:
    with bench(tmp_path, FAULT) as at:
        assert at.home.run(*at.words, "--yes").code == 1
        process = at.home.start("sessions", "verify-fix", *directory(at), "--yes")
        wait_until(lambda: bool(at.captures()) and bool(at.device.device.processes()), "a capture")
        process.send_signal(signal.SIGTERM)
        assert ended(process).code == 130
        wait_until(at.nothing_is_left, "the end of what the capture ran on the device")
        events = chapter(at)
        assert not any(isinstance(event, FixVerified | RunEnded) for event in events)
        assert isinstance(events[-1], NoteAdded) and events[-1].text == "the verification was stopped"
        is_still_the_recorded_fault(at)
        assert "STOPPED" in at.home.run("sessions", "report").said
        (stopped,) = at.home.run("sessions", "show", "--json").document()["verifications"]
        assert stopped["ended"] is None and stopped["verification"] is None
        killed = at.home.start("sessions", "verify-fix", *directory(at), "--yes")
        wait_until(lambda: bool(at.captures()) and bool(at.device.device.processes()), "a capture")
        killed.kill()
        killed.communicate()
        assert at.home.run("sessions", "verify-fix", *directory(at), "--yes").code == 1
        assert at.nothing_is_left(), "what the killed one left was cleared"
        is_still_the_recorded_fault(at)


def test_without_a_fault_there_is_nothing_to_verify(tmp_path: Path) -> None:
    with bench(tmp_path, FIXED) as at:
        assert at.home.run(*at.words, "--yes").code == 0
        got = at.home.run("sessions", "verify-fix", "--yes")
        assert got.code == 2 and "no fault whose fix could be verified: its verdict is healthy" in got.said
