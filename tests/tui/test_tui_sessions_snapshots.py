"""Pictures of the sessions screen, the replay, the comparison and the dialogs. Look at them before they are kept (`--snapshot-update`)."""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from unittest.mock import patch

import pytest
from textual.widgets import Input
from tui_helpers import ended, region, screen_text, until

from tshoot.model.events import DecisionTaken, RunStarted, TargetSpec, VerdictReached
from tshoot.session.archive.search import Hit
from tshoot.session.archive.similar import Similar
from tshoot.session.glance import Glance, last_verdict
from tshoot.session.log import SessionLog
from tshoot.session.read import read_events, read_header
from tshoot.session.store import SessionEntry
from tshoot.shipped import shipped
from tshoot.tui.app import TshootApp
from tshoot.wiring import Opening

GOLDEN = shipped("fixtures/sessions") / "v1" / "nfs-mount-denied"
FOLDER = Path("/home/ada/sessions")
SIZES = pytest.mark.parametrize("size", [(80, 24), (100, 30), (160, 50)], ids=["80x24", "100x30", "160x50"])
ENTRIES = [
    SessionEntry("20261121T045943Z-nfs-mount-44386f", FOLDER / "a", 1_700_000_000.0, "nfs-mount", "finished", "fault", "nfs.mount-denied"),
    SessionEntry("20261120T045943Z-nfs-mount-55aa00", FOLDER / "b", 1_699_900_000.0, "nfs-mount", "finished", "healthy"),
    SessionEntry("20261119T045943Z-bgp-walker-flap-1234ab", FOLDER / "c", 1_699_800_000.0, "bgp-walker-flap", "interrupted"),
    SessionEntry("20261118T045943Z-ndp-source-mac-77ff01", FOLDER / "d", 1_699_700_000.0, "ndp-source-mac", "finished", "inconclusive"),
    SessionEntry("20261117T045943Z-nfs-mount-ffffff", FOLDER / "e", 1_699_600_000.0, state="broken", problem="the session has format 9"),
]


@pytest.fixture(autouse=True)
def asked(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """What the screen asked the archive so far."""
    asked: list[str] = []
    hits = {ENTRIES[0].path: Hit(ENTRIES[0], "output", "host $ esxcfg-vmknic -l", "vmk1 NFS Storage IPv4 192.0.2.21")}
    seen = Glance((TargetSpec("host", "root@esx01.example.net", "vmware_esxi"),), 372.0)
    similar = [Similar(ENTRIES[1], "", 5, ("same target esx01.example.net",))]
    for name, value in {
        "found_sessions": lambda *rest: asked.append("list") or (ENTRIES, hits, len(ENTRIES)),
        "glance": lambda path: seen,
        "last_verdict": lambda path: last_verdict(GOLDEN),
        "similar_to": lambda *rest: asked.append("similar") or similar,
    }.items():
        monkeypatch.setattr(f"tshoot.tui.screens.sessions.{name}", value)
    monkeypatch.setattr("textual.widgets.Input.cursor_blink", False)
    monkeypatch.setattr("tshoot.tui.screens.running.told.similar_to", lambda *rest: [])
    with monkeypatch.context() as context:
        context.setenv("TZ", "UTC")
        time.tzset()
        yield asked
    time.tzset()


def frozen_app() -> TshootApp:
    return TshootApp(Opening(), clock=lambda: 0.0)


async def looked_into(pilot, asked: list[str], lists: int) -> None:
    """The list was asked for so many times, and the last one's chosen session has been looked into."""
    await until(pilot, lambda: asked.count("list") >= lists and asked[-1] == "similar", "the last look")
    await until(pilot, lambda: "Incidents like this one" in region(pilot, "detail"), "what it found")
    await drawn(pilot)


async def drawn(pilot) -> None:
    await until(pilot, lambda: all(worker.is_finished for worker in pilot.app.workers), "all work in threads")
    await pilot.pause()


@SIZES
def test_sessions(snap_compare, size, asked: list[str]) -> None:
    async def before(pilot) -> None:
        pilot.app.show_sessions()
        await until(pilot, lambda: "5 sessions" in screen_text(pilot), "the list")
        pilot.app.screen.query_one("#query", Input).value = "vmk1 since:last-week"
        await until(pilot, lambda: "Incidents like this one" in region(pilot, "detail") and "Found" in region(pilot, "detail"), "the detail")
        await until(pilot, lambda: "esx01" in screen_text(pilot) and "q Leave" in screen_text(pilot), "the targets and the keys")
        await until(pilot, lambda: "such as 7d" in screen_text(pilot), "the remark")
        await looked_into(pilot, asked, 2)

    assert snap_compare(frozen_app(), terminal_size=size, run_before=before)


@SIZES
def test_replay_paused(snap_compare, size, tmp_path: Path) -> None:
    async def before(pilot) -> None:
        pilot.app.show_replay(GOLDEN, "nfs-mount")
        await until(pilot, lambda: pilot.app.screen._player.positions, "the index")
        await pilot.press("space", ":")
        pilot.app.screen.query_one("#timeline-place", Input).value = "decision 6"
        await pilot.press("enter", "2")
        await until(pilot, lambda: pilot.app.screen._player.at == 19 and "event 19 of 36" in screen_text(pilot), "the place")

    app = frozen_app()
    try:
        assert snap_compare(app, terminal_size=size, run_before=before)
    finally:
        app.end_runs()


def test_going_on(snap_compare, tmp_path: Path, asked: list[str]) -> None:
    folder = tmp_path / "session"
    shutil.copytree(GOLDEN, folder)
    log = folder / "session.jsonl"
    log.write_bytes(b"\n".join(log.read_bytes().split(b"\n")[:27]) + b"\n")

    async def before(pilot) -> None:
        pilot.app.show_sessions()
        await until(pilot, lambda: "5 sessions" in screen_text(pilot), "the list")
        await looked_into(pilot, asked, 1)
        pilot.app.resume_session(folder)
        await until(pilot, lambda: "Asked once more" in screen_text(pilot) and "y Go on" in screen_text(pilot), "what is asked again, and the keys")
        await drawn(pilot)

    assert snap_compare(frozen_app(), terminal_size=(80, 24), run_before=before)


@pytest.mark.parametrize("size", [(80, 24), (160, 50)], ids=["80x24", "160x50"])
def test_compared(snap_compare, size, tmp_path: Path) -> None:
    """With itself as it would have been on another server, healthy in the end."""
    first, other = tmp_path / "a" / "one", recorded_otherwise(tmp_path / "b")
    shutil.copytree(GOLDEN, first)

    async def before(pilot) -> None:
        pilot.app.compare_sessions(first, other)
        await until(pilot, lambda: "! different" in screen_text(pilot) and "q Leave" in screen_text(pilot), "both")
        await drawn(pilot)

    assert snap_compare(frozen_app(), terminal_size=size, run_before=before)


def recorded_otherwise(root: Path) -> Path:
    header, events = read_header(GOLDEN), [event for _, event in read_events(GOLDEN)]
    with patch("secrets.token_hex", lambda size: "b7e1c2"):
        log = SessionLog.create(root, header.playbook, header.playbook_text, header.parsers, started=header.started + 86400)
    with log:
        for recorded in events:
            event = replace(recorded, at=recorded.at + 86400)
            if isinstance(event, RunStarted):
                event = replace(event, inputs={**event.inputs, "server": "192.0.2.51"})
            if isinstance(event, VerdictReached):
                event = replace(event, verdict=replace(event.verdict, kind="healthy", cause="", title="The mount works"))
            if isinstance(event, DecisionTaken) and event.decision.node == "mountd_tcp_port":
                event = replace(event, decision=replace(event.decision, leads_to="conclude path.unreachable"))
            log.append(event)
    return log.folder


def test_replay_at_the_end_is_the_verdict(snap_compare) -> None:
    async def before(pilot) -> None:
        pilot.app.show_replay(GOLDEN, "nfs-mount")
        await until(pilot, lambda: pilot.app.screen._player.positions, "the index")
        pilot.app.screen._player.change_speed(9)
        await until(pilot, lambda: ended(pilot) and "at the end" in screen_text(pilot), "the end")

    app = frozen_app()
    try:
        assert snap_compare(app, terminal_size=(100, 30), run_before=before)
    finally:
        app.end_runs()
