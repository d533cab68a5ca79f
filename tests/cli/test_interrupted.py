"""tshoot stopped in the middle: by a signal it ends clean with 130; killed outright, the next run finds and clears what was left."""

from __future__ import annotations

import json
import os
import signal
import threading
import time
from pathlib import Path

import pytest

from tests.cli.commandline import Bench, Ended, Home, bench, ended
from tests.shipped_scenarios import SCENARIOS, STORY
from tests.waiting import wait_until


def capturing(at: Bench) -> bool:
    """The capture's file is there and somebody writes it."""
    return bool(at.captures()) and bool(at.device.device.processes())


def journals(at: Bench) -> list[Path]:
    return list((at.home.folder / "data" / "tshoot" / "journal").glob("*.jsonl"))


@pytest.mark.parametrize(("number", "form"), [(signal.SIGINT, ()), (signal.SIGTERM, ("--json",)), (signal.SIGHUP, ())])
def test_a_signal_during_a_capture_stops_and_removes_it(tmp_path: Path, number: signal.Signals, form: tuple[str, ...]) -> None:
    with bench(tmp_path, STORY, capture_delay=30) as at:
        process = at.home.start(*at.words, "--yes", *form)
        wait_until(lambda: capturing(at), "a capture")
        process.send_signal(number)
        sent = time.monotonic()
        got = ended(process)
        assert time.monotonic() - sent < 20
        assert got.code == 130
        assert "stopping cleanly" in got.error.decode()
        assert at.captures() == []
        wait_until(lambda: not at.device.device.processes(), "the end of the capture's processes")
        assert journals(at) == []
        if form:
            assert got.document()["verdict"] is None
        session = at.home.run("sessions", "list", "--json").document()["sessions"][0]
        assert (session["state"], session["verdict"]) == ("interrupted", None)
        assert "intact" in at.home.run("sessions", "verify").said
        assert at.home.run("sessions", "show").code == 0


@pytest.mark.parametrize("host", ["hangs", "slow"])
def test_a_signal_while_a_host_does_not_answer_ends_soon(tmp_path: Path, host: str) -> None:
    name = "nfs-mount/host-hangs" if host == "hangs" else "nfs-mount/server-silent"
    scenario = SCENARIOS[name]
    with bench(tmp_path, scenario) as at:
        process = at.home.start(*at.words, "--yes")
        wait_until(lambda: list(at.home.sessions.glob("*/session.jsonl")), "the session")
        wait_until(lambda: b"EffectRequested" in next(at.home.sessions.glob("*/session.jsonl")).read_bytes(), "a request")
        process.send_signal(signal.SIGINT)
        sent = time.monotonic()
        assert ended(process).code == 130
        assert time.monotonic() - sent < 15


def test_a_second_signal_gives_up_waiting(tmp_path: Path) -> None:
    with bench(tmp_path, STORY, capture_delay=30) as at:
        process = at.home.start(*at.words, "--yes")
        wait_until(lambda: capturing(at), "a capture")
        process.send_signal(signal.SIGINT)
        time.sleep(0.15)  # two signals at one instant are one
        process.send_signal(signal.SIGINT)
        sent = time.monotonic()
        got = ended(process)
        assert time.monotonic() - sent < 10
        assert got.code == 130


def test_the_demo_interrupted_leaves_no_process_and_no_folder(tmp_path: Path) -> None:
    home, temporary = Home(tmp_path), tmp_path / "tmp"
    temporary.mkdir()
    process = home.start("demo", "--no-tui", TMPDIR=str(temporary))
    wait_until(lambda: list(home.sessions.glob("*/captures.jsonl")), "a capture")
    capture = Path(json.loads(next(home.sessions.glob("*/captures.jsonl")).read_text().splitlines()[0])["path"])
    device = next(folder for folder in capture.parents if folder.name.startswith("tshoot-device-"))
    assert device.exists()
    process.send_signal(signal.SIGTERM)
    assert ended(process).code == 130
    assert not device.exists()
    assert list(temporary.iterdir()) == []
    assert not [place for place in Path("/proc").glob("[0-9]*/environ") if str(device).encode() in _content(place)]


def _content(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError:  # it has just ended
        return b""


# --- killed ----------------------------------------------------------------------------------------------


def killed_after(at: Bench, events: int) -> None:
    """SIGKILL once the log holds so many lines, or as soon as it captures where `events` is 0."""
    process = at.home.start(*at.words, "--yes")
    # read on, so that a full pipe never stops it before the kill does
    threading.Thread(target=process.communicate, daemon=True).start()
    log = lambda: next(at.home.sessions.glob("*/session.jsonl"), None)  # noqa: E731
    if events:
        wait_until(lambda: (path := log()) and path.read_bytes().count(b"\n") >= events, f"{events} events")
    else:
        wait_until(lambda: capturing(at), "a capture")
    os.kill(process.pid, signal.SIGKILL)
    process.wait(60)
    assert process.returncode == -signal.SIGKILL


def readable(at: Bench) -> None:
    session = at.home.run("sessions", "list", "--json").document()["sessions"][-1]
    assert session["state"] == "interrupted"
    for words in (("show", session["id"]), ("show", "--all", session["id"]), ("replay", session["id"]), ("show", "--json", session["id"])):
        assert at.home.run("sessions", *words).code == 0
    verified: Ended = at.home.run("sessions", "verify", session["id"])
    assert verified.code == 0
    assert "intact" in verified.said


@pytest.mark.parametrize("events", [24, 0])
def test_a_killed_run_is_readable_and_the_next_one_clears_what_it_left(tmp_path: Path, events: int) -> None:
    with bench(tmp_path, STORY) as at:
        killed_after(at, events)
        readable(at)
        got = at.home.run(*at.words, "--yes")
        assert got.code == 1
        assert "nfs.mount-denied" in got.said
        assert at.captures() == []
        wait_until(lambda: not at.device.device.processes(), "the end of the capture's processes")
        assert journals(at) == []
        if events == 0:
            assert "a capture of an earlier run was removed" in " ".join(got.said.split())


def test_a_capture_ends_by_itself_when_tshoot_is_killed(tmp_path: Path) -> None:
    """Its bound is the connection: nothing runs on, even where nobody ever comes back."""
    with bench(tmp_path, STORY, capture_delay=30) as at:
        killed_after(at, 0)
        wait_until(lambda: not at.device.device.processes(), "the end of the capture's processes")


def test_two_runs_at_once_leave_each_others_capture_alone(tmp_path: Path) -> None:
    with bench(tmp_path, STORY) as at:
        runs = [at.home.start(*at.words, "--yes", "--json") for _ in range(2)]
        ends = [ended(run, 90) for run in runs]
        assert [end.code for end in ends] == [1, 1]
        assert {end.document()["verdict"]["cause"] for end in ends} == {"nfs.mount-denied"}
        assert at.captures() == []
        assert len(at.home.run("sessions", "list", "--json").document()["sessions"]) == 2
