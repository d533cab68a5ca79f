"""After the verdict, as an operator does it: verify the fix, export the report, copy a comment for the ticket."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from tui_helpers import asked, ended, opening_of, region, screen_text, until

from tests.unit.retrace.retraced import events_of, write
from tests.unit.retrace.verifying import recorded as checks_recorded
from tests.unit.retrace.verifying import verified_by
from tshoot.model.events import EffectRequested, FixVerified, RunStarted, VerificationBegan
from tshoot.session.read import read_events
from tshoot.session.verify import verify
from tshoot.shipped import shipped
from tshoot.simulator.scenario import load_scenario
from tshoot.simulator.serving import Served, serve
from tshoot.transports.settings import SshSettings
from tshoot.tui import verdict_actions
from tshoot.tui.app import TshootApp
from tshoot.tui.screens.confirm import Confirm
from tshoot.tui.screens.export_report import ExportReport
from tshoot.tui.screens.run import RunScreen
from tshoot.tui.screens.ticket import TicketComment
from tshoot.tui.screens.verify_fix import VerifyFix
from tshoot.wiring import Opening, Settings

FAULT = "nfs-mount/export-policy"
SMALL = (80, 24)


def recorded(root: Path, address: str) -> Path:
    """A session that found the export policy, of a host at `address`."""
    events = [
        replace(event, targets=tuple(replace(target, host=address) for target in event.targets)) if isinstance(event, RunStarted) else event
        for event in events_of(FAULT)
    ]
    return write(root / "sessions", FAULT, events).folder


@pytest.fixture
def session(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Of a host where nobody listens; the operator stands in a folder of their own."""
    here = tmp_path / "here"
    here.mkdir()
    monkeypatch.chdir(here)
    return recorded(tmp_path, "root@127.0.0.1:1")


def nobody(tmp_path: Path) -> Opening:
    ssh = SshSettings(config_file=None, known_hosts=(tmp_path / "known",), global_known_hosts=(), identity_files=(), default_keys=(), use_agent=False)
    return Opening(settings=Settings(tmp_path / "sessions", tmp_path / "state", ssh))


@contextmanager
def repaired(tmp_path: Path, case: str = "mount-works") -> Iterator[tuple[Opening, Served]]:
    """The world after somebody worked on it, behind real SSH."""
    scenario = load_scenario(shipped("fixtures/scenarios") / "nfs-mount" / case)
    with serve(scenario, capture_delay=0.2) as served:
        yield Opening(settings=opening_of(served, tmp_path, True).settings), served


async def shown(pilot, app: TshootApp, folder: Path) -> None:
    """The recorded run at its verdict."""
    app.show_session(folder, "nfs-mount")
    await until(pilot, lambda: ended(pilot), "the recorded verdict")


def rows(text: str) -> list[str]:
    return [" ".join(row.strip("│ ").split()) for row in text.splitlines()]


async def test_the_fix_is_verified_and_the_table_says_so(tmp_path: Path) -> None:
    with repaired(tmp_path) as (opening, served):
        folder = recorded(tmp_path, served.devices["host"].address)
        app = TshootApp(opening)
        async with app.run_test(size=SMALL) as pilot:
            await shown(pilot, app, folder)
            await pilot.press("f")
            await until(pilot, lambda: "was decided at trace" in screen_text(pilot), "the plan")
            assert "Retry the mount" in app.screen.query_one("#verifying-lines").text
            assert not any(isinstance(event, VerificationBegan) for _, event in read_events(folder)), "nothing is asked before the yes"
            await pilot.press("y")
            await until(pilot, lambda: "Retry the mount" in asked(pilot), "the question")
            await pilot.press("y")
            await until(pilot, lambda: "FIXED  nfs.mount-denied" in screen_text(pilot), "the result")
            seen = rows(screen_text(pilot))
            assert "checked again before after" in seen
            assert "≠ trace: true false" in seen and "trace.found('nfs.mount-denied')" in seen, "what changed is marked"
            assert "≠ trace.seen.nfs.mount-ok 0 1" in seen
            await pilot.press("q")
            await until(pilot, lambda: isinstance(app.screen, RunScreen), "the run again")
            assert "FIXED" in region(pilot, "verdict") and "✗ FAULT" in region(pilot, "verdict"), "the verdict stays what it was"
            await pilot.press("q")
        assert verify(folder) == []
    verified = [event.verification.outcome for _, event in read_events(folder) if isinstance(event, FixVerified)]
    assert verified == ["fixed"]


async def test_a_session_that_was_verified_shows_it_again(tmp_path: Path) -> None:
    events = events_of(FAULT)
    checks = checks_recorded(tmp_path / "first", FAULT)
    verification, asked_again = verified_by(checks, FAULT)
    later = events[-1].at + 600
    began = VerificationBegan(later, "nfs.mount-denied", tuple(checks.targets.values()), "anna@jump1", "0")
    added = [began, *(EffectRequested(later, effect) for effect in asked_again), FixVerified(later + 60, verification)]
    folder = write(tmp_path / "sessions", FAULT, [*events, *added]).folder
    app = TshootApp(nobody(tmp_path))
    async with app.run_test(size=SMALL) as pilot:
        await shown(pilot, app, folder)
        told = region(pilot, "verdict")
        assert "✗ STILL THERE" in told.splitlines()[2] and "Verification" in told and "13 (frame 16)" in told
        output = region(pilot, "output")
        assert "verification the deciding checks of nfs.mount-denied are asked again, by anna@jump1" in output
        assert output.count("capture on vmk1") == 2, "what the run did stays on the screen"
        await pilot.press("q")


async def test_a_target_that_is_gone_decides_nothing(tmp_path: Path, session: Path) -> None:
    app = TshootApp(nobody(tmp_path))
    async with app.run_test(size=SMALL) as pilot:
        await shown(pilot, app, session)
        await pilot.press("f")
        await until(pilot, lambda: "was decided at trace" in screen_text(pilot), "the plan")
        await pilot.press("y")
        await until(pilot, lambda: "NOT DECIDED" in screen_text(pilot), "the result")
        assert "refused" in screen_text(pilot) and "Missing" in app.screen.query_one("#verifying-lines").text
        await pilot.press("q", "q")


async def test_left_while_it_runs_it_is_stopped_and_leaves_nothing(tmp_path: Path, notices: list[tuple[str, float | None]]) -> None:
    with repaired(tmp_path) as (opening, served):
        folder = recorded(tmp_path, served.devices["host"].address)
        app = TshootApp(opening)
        async with app.run_test(size=SMALL) as pilot:
            await shown(pilot, app, folder)
            await pilot.press("f")
            await until(pilot, lambda: "was decided at trace" in screen_text(pilot), "the plan")
            await pilot.press("y")
            await until(pilot, lambda: asked(pilot), "the question, while it captures")
            for key in ("escape", "ctrl+c"):
                await pilot.press(key)
                await until(pilot, lambda: "Stop the verification and leave?" in screen_text(pilot), f"whether {key} is meant")
                await pilot.press("n")
                await until(pilot, lambda: isinstance(app.screen, VerifyFix) and asked(pilot), "that it goes on")
            await pilot.press("escape")
            await until(pilot, lambda: isinstance(app.screen, Confirm), "whether it is meant")
            await pilot.press("y")
            await until(pilot, lambda: isinstance(app.screen, RunScreen), "the run again")
            await until(pilot, lambda: any("is stopped" in text for text, _ in notices), "what became of it")
            await until(pilot, lambda: not list(Path(served.devices["host"].capture_directory).glob("tshoot-*")), "the capture to be removed")
            await pilot.press("q")
        assert not any(isinstance(event, FixVerified) for _, event in read_events(folder))


async def test_what_has_no_fault_says_why_it_cannot_be_verified(tmp_path: Path) -> None:
    folder = write(tmp_path / "sessions", "nfs-mount/mount-works").folder
    app = TshootApp(nobody(tmp_path))
    async with app.run_test(size=SMALL) as pilot:
        await until(pilot, lambda: app.screen_stack[1:], "the first screen")
        verdict_actions.verify_fix(app, folder)
        await until(pilot, lambda: "no fault whose fix could be" in screen_text(pilot), "why not")
        await pilot.press("y", "q")
        assert not isinstance(app.screen, VerifyFix)


async def test_the_report_is_exported_and_nothing_is_overwritten_unasked(tmp_path: Path, session: Path) -> None:
    app = TshootApp(nobody(tmp_path))
    async with app.run_test(size=SMALL) as pilot:
        await shown(pilot, app, session)
        await pilot.press("x")
        await until(pilot, lambda: isinstance(app.screen, ExportReport), "the formats")
        page = Path.cwd() / f"{session.name}.html"
        await pilot.press("enter")
        await until(pilot, lambda: "written:" in screen_text(pilot), "where it is")
        assert page.read_text(encoding="utf-8").startswith("<!DOCTYPE html>") and page.stat().st_mode & 0o777 == 0o600
        await pilot.press("enter", "x")
        await until(pilot, lambda: isinstance(app.screen, ExportReport), "the formats again")
        page.write_text("mine")
        await pilot.press("enter")
        await until(pilot, lambda: "is there already" in screen_text(pilot), "the question")
        assert page.read_text() == "mine"
        await pilot.press("enter")
        await until(pilot, lambda: "written:" in screen_text(pilot), "where it is")
        assert page.read_text(encoding="utf-8") != "mine"
        await pilot.press("enter", "x", "down")
        await until(pilot, lambda: f"{session.name}.md" in app.screen.query_one("#export-path").value, "the name of the next format")
        app.screen.query_one("#export-path").value = str(tmp_path / "nowhere" / "x.md")
        await pilot.press("enter")
        await until(pilot, lambda: "not there" in screen_text(pilot), "what is wrong with the path")
        await pilot.press("escape", "q")


async def test_a_comment_for_the_ticket_is_copied_and_kept(tmp_path: Path, session: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    app = TshootApp(nobody(tmp_path))
    async with app.run_test(size=SMALL) as pilot:
        await shown(pilot, app, session)
        for name in (f"ticket-{session.name}.md", f"ticket-{session.name}-2.md"):
            await pilot.press("c")
            await until(pilot, lambda: "written to" in screen_text(pilot), "where it is")
            assert isinstance(app.screen, TicketComment) and "OSC 52" in screen_text(pilot)
            text = (Path.cwd() / name).read_text(encoding="utf-8")
            assert app.clipboard == text
            await pilot.press("q")
        for part in ("FAULT nfs.mount-denied", "frame 16", "Owner: storage team", "Fix:", "Verify:", session.name):
            assert part in text, part
        assert len(text.splitlines()) <= 20
        await pilot.press("q")


async def test_a_session_that_is_gone_is_said_where_the_eye_is(tmp_path: Path, session: Path) -> None:
    app = TshootApp(nobody(tmp_path))
    async with app.run_test(size=SMALL) as pilot:
        await shown(pilot, app, session)
        (session / "session.jsonl").unlink()
        for key, kind in (("f", VerifyFix), ("c", TicketComment)):
            await pilot.press(key)
            await until(pilot, lambda kind=kind: isinstance(app.screen, kind) and "! " in screen_text(pilot), "what is wrong")
            await pilot.press("q")
        await pilot.press("x", "enter")
        await until(pilot, lambda: "! " in screen_text(pilot), "what is wrong")
        await pilot.press("escape", "q")
