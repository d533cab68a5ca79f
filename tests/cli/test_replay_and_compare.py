"""`sessions replay` from one place to another and step by step, and `sessions compare`, as a user types them."""

from __future__ import annotations

import json
import os
import pty
import shutil
import subprocess
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from tests.cli.commandline import TSHOOT, Home
from tests.waiting import wait_until
from tshoot.model.events import RunEnded, RunStarted, VerdictReached
from tshoot.session.log import SessionLog
from tshoot.session.read import read_events, read_header
from tshoot.shipped import shipped

RECORDED = shipped("fixtures/sessions") / "v1" / "nfs-mount-denied"
ROOT = Path(__file__).parents[2]
SCHEMA = json.loads((ROOT / "docs/json.schema.json").read_text())


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Home:
    """A user with the recorded session, and one that is cut before its capture."""
    home = Home(tmp_path_factory.mktemp("home"))
    home.sessions.mkdir(parents=True, mode=0o700)
    shutil.copytree(RECORDED, home.sessions / "20261121T045943Z-nfs-mount-44386f")
    header, events = read_header(RECORDED), [event for _, event in read_events(RECORDED)]
    with SessionLog.create(home.sessions, header.playbook, header.playbook_text, header.parsers, started=header.started + 60) as log:
        for event in events[:12]:
            log.append(event)
    log.folder.rename(home.sessions / "20261121T050043Z-nfs-mount-cc0000")
    return home


@pytest.mark.parametrize(
    ("words", "there", "missing"),
    [
        ((), ("interfaces -> routes", "FAULT  nfs.mount-denied", "finished after"), ("events before",)),
        (("--from", "volumes"), ("… 21 events before", "$ esxcli storage nfs list", "FAULT"), ("$ nc -z", "-> routes")),
        (("--to", "ping_full"), ("interfaces -> routes", "$ vmkping"), ("ping_full -> nfsd_port", "FAULT")),
        (("--from", "decision 2", "--to", "decision:3"), ("routes -> ping_full", "ping_full -> nfsd_port"), ("interfaces -> routes", "nc -z")),
        (("--from", "event 3", "--to", "event 3"), ("$ esxcfg-vmknic -l", "vmk0 "), ("interfaces -> routes", "events before")),
        (("--from", "+3"), ("capture on vmk1:", "Retry the mount", "answer: yes"), ("volumes -> trace",)),
        (("--from", "verdict", "--to", "end", "--speed", "1000", "--step"), ("FAULT",), ("trace -> conclude", "seconds of")),
    ],
    ids=["all", "node", "to-node", "decisions", "one-answer", "time", "verdict"],
)
def test_a_replay_goes_from_one_place_to_another(home: Home, words: tuple[str, ...], there: tuple[str, ...], missing: tuple[str, ...]) -> None:
    got = home.run("sessions", "replay", "44386f", *words)
    assert got.code == 0, got.said
    assert got.said.startswith("nfs-mount, 2026-11-21"), "what the run was begun with is told in any case"
    for text in there:
        assert text in got.said
    for text in missing:
        assert text not in got.said


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--from", "tarce"), "did you mean `trace`"),
        (("--from", "decision 99"), "it has 9 decisions"),
        (("--from", "trace", "--to", "routes"), "--from trace comes after --to routes"),
        (("--to", "+"), "is no place"),
        (("--speed", "0"), "--speed takes a number"),
    ],
)
def test_a_place_that_is_none_is_a_usage_error(home: Home, words: tuple[str, ...], said: str) -> None:
    got = home.run("sessions", "replay", "44386f", *words)
    assert got.code == 2 and said in got.said


def test_steps_wait_for_enter_on_a_terminal_and_q_leaves(home: Home) -> None:
    terminal, theirs = pty.openpty()
    words = [str(TSHOOT), "sessions", "replay", "44386f", "--step"]
    process = subprocess.Popen(words, stdin=theirs, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=home.environment(), cwd=home.folder)
    os.close(theirs)
    assert process.stdout and process.stderr
    asked = b""

    def asks(count: int) -> bool:
        nonlocal asked
        asked += os.read(process.stderr.fileno(), 4096)
        return asked.count(b"[enter: next, q: leave]") >= count

    try:
        for count in (1, 2, 3):
            wait_until(lambda count=count: asks(count), what=f"question {count}")
            os.write(terminal, b"\n" if count < 3 else b"q\n")
        out, _ = process.communicate(timeout=60)
    finally:
        process.kill()
        process.wait()
        os.close(terminal)
    assert process.returncode == 0
    shown = out.decode()
    assert "$ esxcfg-vmknic -l" in shown and "vmk0 " in shown and "interfaces -> routes" not in shown


def test_a_session_compared_with_itself_is_the_same(home: Home) -> None:
    got = home.run("sessions", "compare", "44386f", "44386f")
    assert got.code == 0 and "the same verdict, the same way" in got.said


def test_two_sessions_that_part_say_where(home: Home) -> None:
    got = home.run("sessions", "compare", "44386f", "cc0000")
    assert got.code == 1
    assert "< trace: in the first session only" in got.said and "another verdict, another way" in got.said
    got = home.run("sessions", "compare", "cc0000", "44386f", "--json")
    assert got.code == 1
    document = got.document()
    Draft202012Validator({"$ref": "#/$defs/compare", "$defs": SCHEMA["$defs"]}).validate(document)
    assert document["result"] == "different" and document["parting"]["first"] is None
    assert {node["result"] for node in document["nodes"]} == {"same", "different", "second_only"}


def test_a_session_file_is_compared_as_it_is(home: Home) -> None:
    assert home.run("sessions", "export", "44386f", "-o", "one.tshoot", "--force").code == 0
    got = home.run("sessions", "compare", "one.tshoot", "last")
    assert got.code == 1 and "the ways part" in got.said
    assert home.run("sessions", "compare", "one.tshoot", "44386f").code == 0


@pytest.mark.parametrize("other", ["nobody", "/", "one.tshoot.txt"])
def test_what_is_no_session_is_not_compared(home: Home, other: str) -> None:
    got = home.run("sessions", "compare", "44386f", other)
    assert got.code == 2 and got.error


def test_events_of_the_recording_are_what_the_tests_think() -> None:
    events = [event for _, event in read_events(RECORDED)]
    assert isinstance(events[0], RunStarted) and isinstance(events[34], VerdictReached) and isinstance(events[35], RunEnded)
