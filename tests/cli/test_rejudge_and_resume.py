"""Recorded sessions judged again and gone on with, as a user does it: the real program, real SSH to simulated devices, real crashes."""

from __future__ import annotations

import json
import os
import shutil
import signal
from pathlib import Path

import pytest

from tests.cli.commandline import Bench, Home, bench, ended
from tests.shipped_scenarios import STORY
from tests.waiting import wait_until
from tshoot.model.events import EffectRequested, NoteAdded, RunEnded
from tshoot.session.read import read_events
from tshoot.shipped import shipped

RECORDED = shipped("fixtures/sessions") / "v1" / "nfs-mount-denied"
CAPTURE = ("--capture-dir",)


@pytest.fixture
def home(tmp_path: Path) -> Home:
    """A user with one recorded session."""
    home = Home(tmp_path)
    home.sessions.mkdir(parents=True, mode=0o700)
    shutil.copytree(RECORDED, home.sessions / "20261121T045943Z-nfs-mount-44386f")
    return home


def bytes_of(folder: Path) -> dict[str, bytes]:
    return {str(file.relative_to(folder)): file.read_bytes() for file in sorted(folder.rglob("*")) if file.is_file()}


# --- rejudge ---------------------------------------------------------------------------------------------


def test_a_recorded_session_is_judged_the_same_and_only_read(home: Home) -> None:
    before = bytes_of(home.sessions)
    got = home.run("sessions", "rejudge")
    assert (got.code, got.error) == (0, b"")
    assert "judged the same" in got.said and "nfs.mount-denied" in got.said
    assert bytes_of(home.sessions) == before


def test_what_if_shows_the_other_way(home: Home) -> None:
    before = bytes_of(home.sessions)
    got = home.run("sessions", "rejudge", "last", "--what-if", "interfaces.by_name.vmk1.enabled=false")
    assert got.code == 1
    for part in ("host.wrong-vmkernel", "the ways part at `interfaces`", "was true, is false", "it is assumed"):
        assert part in got.said
    got = home.run("sessions", "rejudge", "last", "--what-if", "ping_full.received=0", "--json")
    assert got.code == 3
    document = got.document()
    assert document["today"] is None and document["what_if"] == ["ping_full.received=0"]
    assert [asked["what"] for asked in document["would_have_asked"]] == ["`vmkping -I vmk1 -s 56 -c 3 192.0.2.50` on host"]
    assert bytes_of(home.sessions) == before


@pytest.mark.parametrize("word", ["ping_full.received", "nobody.received=1", "ping_full.recieved=1", "=1", "ping_full.=1", ".received=1",
                                  "trace.found('no.such-cause')=true", "interfaces.by_name.vmk9.enabled=false", "routes.entries.99.interface=vmk0",
                                  "ping_full.failed=banana"])  # fmt: skip
def test_an_assumption_that_cannot_be_is_refused(home: Home, word: str) -> None:
    got = home.run("sessions", "rejudge", "last", "--what-if", word)
    assert (got.code, got.out) == (2, b"")


def test_a_hint_can_be_typed_as_it_stands(home: Home) -> None:
    refused = home.run("sessions", "rejudge", "last", "--what-if", "trace.found('nfs.mountd-blockd')=true")
    assert refused.code == 2 and b"did you mean: found('nfs.mountd-blocked')" in refused.error
    for word in ("trace.found('nfs.mountd-blocked')=true", "trace.found(nfs.mountd-blocked)=true", 'trace.found("nfs.mountd-blocked")=true'):
        got = home.run("sessions", "rejudge", "last", "--what-if", word)
        assert got.code == 1 and "nfs.mountd-blocked" in got.said, word


def test_all_sessions_as_a_table_with_a_status_for_scripts(home: Home) -> None:
    got = home.run("sessions", "rejudge", "--all")
    assert got.code == 0
    assert "1 session: 1 same, 0 different" in got.said
    playbook = home.folder / "mine.yaml"
    text = json.loads((RECORDED / "session.jsonl").read_bytes().splitlines()[0])["playbook_text"]
    playbook.write_text(text.replace("when: vmk not in interfaces.names", "when: vmk in interfaces.names"))
    got = home.run("sessions", "rejudge", "--all", "--playbook", str(playbook))
    assert got.code == 1
    assert "different" in got.said and "host.wrong-vmkernel" in got.said and "at interfaces" in got.said
    document = home.run("sessions", "rejudge", "--all", "--playbook", str(playbook), "--json").document()
    assert (document["different"], document["sessions"][0]["parting"]["node"]) == (1, "interfaces")
    (next(home.sessions.glob("*/evidence")) / "147852ac9dc5b21c3a59291c1c955b19145da3ab44ba01092e41bd44cf7888d2").write_bytes(b"forged")
    got = home.run("sessions", "rejudge", "--all")
    assert got.code == 3
    assert "not judged" in got.said and "was changed after it was recorded" in got.said
    assert home.run("sessions", "rejudge", "--all", "--since", "2026-11-22").said.startswith("0 sessions")
    assert home.run("sessions", "rejudge", "--all", "--since", "yesterday").code == 2


# --- resume ----------------------------------------------------------------------------------------------


def capturing(at: Bench) -> bool:
    return bool(at.captures()) and bool(at.device.device.processes())


def directory(at: Bench) -> str:
    return f"host={at.device.capture_directory}"


def folder_of(at: Bench) -> Path:
    return next(at.home.sessions.glob("*"))


def test_a_killed_run_is_gone_on_with_to_its_verdict_and_nothing_is_left(tmp_path: Path) -> None:
    with bench(tmp_path, STORY) as at:
        process = at.home.start(*at.words, "--yes")
        wait_until(lambda: capturing(at), "a capture")
        process.kill()
        process.communicate()
        folder = folder_of(at)
        with (folder / "session.jsonl").open("ab") as log:
            log.write(b'{"n": 99, "at": "2026-11')  # what the kill tore
        assert (folder / "writer.json").exists(), "a crash leaves it, and it means nothing"
        answered = sum(b'"EffectAnswered"' in line for line in (folder / "session.jsonl").read_bytes().splitlines())
        got = at.home.run("sessions", "resume", "--yes", "--json", *CAPTURE, directory(at))
        assert (got.code, got.error) == (1, b"")
        assert got.document()["verdict"]["cause"] == "nfs.mount-denied"
        assert at.nothing_is_left()
        assert not (folder / "writer.json").exists()
        assert "intact" in at.home.run("sessions", "verify").said
        events = [event for _, event in read_events(folder)]
        notes = [event for event in events if isinstance(event, NoteAdded)]
        assert notes[0].text.startswith("the session is gone on with by tshoot") and "a capture on host" in notes[0].text
        assert any("was removed" in note.text for note in notes), "what the crash left on the target"
        after = events[events.index(notes[0]) :]
        asked = [event.effect.key for event in after if isinstance(event, EffectRequested)]
        assert asked[0] == "trace/1@host" and answered > 5, "what was answered is not asked again"
        assert isinstance(events[-1], RunEnded) and events[-1].reason == "finished"
        assert at.home.run("sessions", "rejudge").code == 0
        refused = at.home.run("sessions", "resume")
        assert refused.code == 2 and "ended with its verdict" in refused.said


def test_a_cancelled_run_is_gone_on_with(tmp_path: Path) -> None:
    with bench(tmp_path, STORY) as at:
        process = at.home.start(*at.words, "--yes")
        wait_until(lambda: capturing(at), "a capture")
        process.send_signal(signal.SIGTERM)
        assert ended(process).code == 130
        got = at.home.run("sessions", "resume", "--yes", *CAPTURE, directory(at))
        assert got.code == 1
        for part in ("cancelled after", "gone on with", "nfs.mount-denied", "finished after"):
            assert part in got.said
        assert at.nothing_is_left()
        assert "intact" in at.home.run("sessions", "verify").said


def test_another_machine_without_the_journal_clears_what_was_left(tmp_path: Path) -> None:
    with bench(tmp_path, STORY) as at:
        process = at.home.start(*at.words, "--yes")
        wait_until(lambda: capturing(at), "a capture")
        process.kill()
        process.communicate()
        shutil.rmtree(at.home.folder / "data" / "tshoot" / "journal")
        wait_until(lambda: not at.device.device.processes(), "the capture's end, with its connection")
        assert at.captures()
        assert at.home.run("sessions", "resume", "--yes", *CAPTURE, directory(at)).code == 1
        assert at.nothing_is_left()
        left = [json.loads(line) for line in (folder_of(at) / "captures.jsonl").read_text().splitlines()]
        assert left[-1]["state"] == "removed"


def test_a_second_process_is_refused_and_told_who_has_the_session(tmp_path: Path) -> None:
    with bench(tmp_path, STORY, capture_delay=30) as at:
        process = at.home.start(*at.words, "--yes")
        wait_until(lambda: capturing(at), "a capture")
        before = (folder_of(at) / "session.jsonl").read_bytes()
        got = at.home.run("sessions", "resume", "--yes")
        assert got.code == 2
        assert f"another tshoot is writing this session: process {process.pid} on {os.uname().nodename}" in got.said
        assert (folder_of(at) / "session.jsonl").read_bytes().startswith(before)
        process.send_signal(signal.SIGTERM)
        assert ended(process).code == 130


def test_a_session_file_is_judged_as_it_is_but_has_to_be_imported_to_be_gone_on_with(home: Home) -> None:
    assert home.run("sessions", "export", "last", "-o", "incident.tshoot").code == 0
    assert home.run("sessions", "rejudge", "incident.tshoot").code == 0
    got = home.run("sessions", "resume", "incident.tshoot")
    assert got.code == 2 and "sessions import" in got.said
