"""Going on with an interrupted session from the list: on devices that are called otherwise here, along a path that parted, with a change in doubt."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import pytest
from textual.pilot import Pilot
from tui_helpers import asked, ended, region, screen_text, served_case, until

from tests.unit.retrace.retraced import write
from tests.unit.retrace.test_continuation import BEGUN, CHANGE, CHANGING, less_received, until_node
from tshoot.model.events import EffectRequested, NoteAdded
from tshoot.session.store import list_sessions, open_session
from tshoot.tui.app import TshootApp, make_app
from tshoot.tui.screens.resume import ResumeScreen
from tshoot.tui.screens.sessions import SessionsScreen
from tshoot.tui.widgets.field.hosts import HostInput
from tshoot.wiring import Opening, Settings

STORY = "nfs-mount/export-policy"


async def asked_to_go_on(pilot: Pilot[int], what: str = "Asked once more") -> None:
    pilot.app.show_sessions()
    await until(pilot, lambda: "1 session" in screen_text(pilot), "the list")
    await pilot.press("r")
    await until(pilot, lambda: isinstance(pilot.app.screen, ResumeScreen) and what in screen_text(pilot), what)


async def named(pilot: Pilot[int], host: str) -> None:
    """Another name for the only target, typed."""
    await pilot.press("t")
    field = pilot.app.screen.query_one(HostInput)
    assert pilot.app.screen.focused is field
    field.value = ""
    await pilot.press(*host)
    await pilot.press("enter")
    assert pilot.app.screen.focused is not field


async def interrupted(tmp_path: Path) -> str:
    """A run that is stopped while its capture runs; its device is gone then. The name of the device."""
    with served_case("export-policy", tmp_path) as (opening, served):
        app = make_app(opening)
        async with app.run_test(size=(80, 24)) as pilot:
            await until(pilot, lambda: asked(pilot), "the question")
            await pilot.press("ctrl+c", "ctrl+c")
            await until(pilot, lambda: app.return_value is not None, "the end")
        app.end_runs()
        return served.devices["host"].address


async def test_an_interrupted_run_goes_on_to_its_verdict_where_its_device_has_another_name(tmp_path: Path) -> None:
    recorded = await interrupted(tmp_path)
    with served_case("export-policy", tmp_path) as (opening, served):
        here = served.devices["host"].address
        assert here != recorded
        app = TshootApp(Opening(settings=opening.settings))
        async with app.run_test(size=(80, 24), notifications=True) as pilot:
            await asked_to_go_on(pilot)
            assert recorded in screen_text(pilot), "the target, as the session names it"
            await named(pilot, "a host; reboot")
            assert "host:" in screen_text(pilot), "what is wrong with the name"
            await pilot.press("y")
            assert isinstance(app.screen, ResumeScreen), "no run with a name that is none"
            await named(pilot, here)
            await pilot.press("y")
            await until(pilot, lambda: "Retry the mount" in asked(pilot), "the question, once more")
            await pilot.press("y")
            await until(pilot, lambda: ended(pilot) and "FAULT  nfs.mount-denied" in screen_text(pilot), "the verdict")
            assert f"host is called {here} here" in region(pilot, "output")
        app.end_runs()
    (session,) = list_sessions(tmp_path / "sessions")
    assert (session.state, session.verdict, session.cause) == ("finished", "fault", "nfs.mount-denied")
    notes = [event.text for event in open_session(tmp_path / "sessions", session.id).events() if isinstance(event, NoteAdded)]
    assert any("gone on with" in text and here in text for text in notes)


async def test_a_path_that_would_part_today_is_explained_and_kept_only_by_its_own_key(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    begun = list[tuple[bool, dict[str, str]]]()

    def resumed(folder: Path, settings: Settings, *, keep_path: bool, hosts: Mapping[str, str]) -> Callable[[object], None]:
        begun.append((keep_path, dict(hosts)))
        return lambda bridge: None

    monkeypatch.setattr("tshoot.tui.screens.resume.resumed", resumed)
    write(tmp_path, STORY, until_node("volumes"))
    less_received(monkeypatch)
    app = TshootApp(Opening(settings=Settings(record=tmp_path)))
    async with app.run_test(size=(100, 40), notifications=True) as pilot:
        await asked_to_go_on(pilot, "Today a decision that was taken would be another")
        told = ("at ping_full it led to nfsd_port, today to ping_small", "k Keep path", "t Targets")
        await until(pilot, lambda: all(text in screen_text(pilot) for text in told), "where they part, and the keys")
        await pilot.press("y")
        assert isinstance(app.screen, ResumeScreen) and not begun, "y does not go on along a path that parted"
        await named(pilot, "root@kk.example")
        await pilot.press("k")
        await until(pilot, lambda: begun, "the run")
    app.end_runs()
    assert begun == [(True, {"host": "root@kk.example"})]


async def test_a_change_that_may_have_been_done_is_asked_about(tmp_path: Path) -> None:
    write(tmp_path, STORY, (BEGUN, EffectRequested(BEGUN.at + 5, CHANGING)), text=CHANGE)
    app = TshootApp(Opening(settings=Settings(record=tmp_path)))
    async with app.run_test(size=(100, 40), notifications=True) as pilot:
        await asked_to_go_on(pilot, "May have been done already")
        assert "act/1@host  asked for at 2026-01-01 00:00:05 UTC" in screen_text(pilot)
        await pilot.press("n")
        assert isinstance(app.screen, SessionsScreen) and list_sessions(tmp_path)[0].state == "interrupted"
        await pilot.press("r")
        await until(pilot, lambda: isinstance(app.screen, ResumeScreen) and "May have been" in screen_text(pilot), "once more")
        await pilot.press("y")
        await until(pilot, lambda: "may have been done then" in asked(pilot), "the question")
        assert "touch made" in asked(pilot)
        await pilot.press("n")
        await until(pilot, lambda: ended(pilot), "the end")
        assert "inconclusive" in region(pilot, "verdict").lower()
    app.end_runs()
