"""Stories of somebody who comes after the incident: looks for a session, plays it, compares, goes on, gives it away. Keys typed, what is seen."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from pathlib import Path

import pytest
from textual.pilot import Pilot
from textual.widgets import Input
from tui_helpers import ended, region, screen_text, until

from tshoot.model.events import EffectAnswered, Event, NoteAdded, Ok, RunStarted, TargetSpec, VerdictReached
from tshoot.session.glance import glance
from tshoot.session.log import SessionLog
from tshoot.session.read import read_events, read_header
from tshoot.session.store import SessionEntry
from tshoot.shipped import shipped
from tshoot.tui import player, session_actions
from tshoot.tui.app import TshootApp
from tshoot.tui.screens import sessions as sessions_screen
from tshoot.tui.screens.compare import CompareScreen
from tshoot.tui.screens.confirm import Confirm
from tshoot.tui.screens.replay import ReplayScreen
from tshoot.tui.screens.resume import ResumeScreen
from tshoot.tui.screens.sessions import SessionsScreen
from tshoot.tui.widgets.sessions import list as session_list
from tshoot.tui.widgets.timeline.view import Timeline
from tshoot.wiring import Opening, Settings

GOLDEN = shipped("fixtures/sessions") / "v1" / "nfs-mount-denied"
NAMES = ("path", "output", "evidence", "verdict")
HOSTILE = "\x1b[31m\x1b]0;owned\x07[bold red]x[/] \u202e\u200b[@click=app.bell]no[/]"


def golden_events() -> list[Event]:
    return [event for _, event in read_events(GOLDEN)]


def write(root: Path, events: Iterable[Event], days: int) -> Path:
    """A session of the golden one's playbook, begun so many days later, with its capture."""
    header = read_header(GOLDEN)
    with SessionLog.create(root, header.playbook, header.playbook_text, header.parsers, started=header.started + days * 86400) as log:
        for file in (GOLDEN / "evidence").iterdir():
            shutil.copy(file, log.folder / "evidence" / file.name)
        for event in events:
            log.append(replace(event, at=event.at + days * 86400))
    return log.folder


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The golden session, one of a healthy verdict on another host, one that was interrupted with a note, one that is broken."""
    root = tmp_path_factory.mktemp("sessions")
    shutil.copytree(GOLDEN, root / read_header(GOLDEN).session)
    events = golden_events()
    started = events[0]
    assert isinstance(started, RunStarted)
    other = replace(started, targets=(TargetSpec("host", "esx77.example.net", "vmware_esxi"),), inputs={**started.inputs, "server": "192.0.2.51"})
    last = next(event for event in events if isinstance(event, VerdictReached))
    healthy = replace(last, verdict=replace(last.verdict, kind="healthy", cause="", title="The mount works", reason="the volume is mounted"))
    write(root, [other, *events[1:-2], healthy, events[-1]], 1)
    write(root, [*events[:11], NoteAdded(events[10].at + 1, f"the storage team {HOSTILE} was called", "anna")], 2)
    broken = root / "20990101T000000Z-nfs-mount-ffffff"
    broken.mkdir()
    (broken / "session.jsonl").write_text('{"n": 0, "format": 9}\n')
    os.utime(broken, (4e9, 4e9))
    return root


def golden_in(root: Path) -> Path:
    """Where the index of the archive may be written beside it."""
    return root / read_header(GOLDEN).session


def app_of(root: Path) -> TshootApp:
    return TshootApp(Opening(settings=Settings(record=root)))


async def opened(pilot: Pilot[int], count: int = 4) -> SessionsScreen:
    pilot.app.show_sessions()
    await until(pilot, lambda: f"{count} sessions" in screen_text(pilot), "the list")
    screen = pilot.app.screen
    assert isinstance(screen, SessionsScreen)
    return screen


async def searched(pilot: Pilot[int], query: str, count: int) -> None:
    before = pilot.app.screen.archived.entries
    pilot.app.screen.query_one("#query", Input).value = query
    listed = pilot.app.screen.archived
    await until(pilot, lambda: listed.entries is not before and len(listed.entries) == count, f"{count} sessions for {query}")


async def focused(pilot: Pilot[int], screen: SessionsScreen) -> None:
    screen.archived.focus()
    await until(pilot, lambda: screen.focused is screen.archived, "the keys for the list")


async def replayed(pilot: Pilot[int], folder: Path) -> player.Player:
    pilot.app.show_replay(folder)
    await until(pilot, lambda: isinstance(pilot.app.screen, ReplayScreen) and pilot.app.screen._player.positions, "the index")
    return pilot.app.screen._player


async def typed(pilot: Pilot[int], place: str) -> None:
    await pilot.press(":")
    pilot.app.screen.query_one("#timeline-place", Input).value = place
    await pilot.press("enter")


def picture(pilot: Pilot[int]) -> dict[str, str]:
    return {name: region(pilot, name) for name in NAMES}


@pytest.mark.parametrize("size", [(80, 24), (140, 40)], ids=["80x24", "140x40"])
async def test_the_list_says_what_each_session_came_to(root: Path, size: tuple[int, int]) -> None:
    app = app_of(root)
    async with app.run_test(size=size) as pilot:
        await opened(pilot)
        await until(pilot, lambda: "esx77" in screen_text(pilot), "the targets, looked at when they are seen")
        await until(pilot, lambda: "q Leave" in screen_text(pilot), "the keys, whole")
        shown = screen_text(pilot)
        for text in ("✗ fault", "nfs.mount-denied", "✓ healthy", "- interrupted", "! broken"):
            assert text in shown, text
        await pilot.press("G")
        await until(pilot, lambda: "MNT3ERR_ACCES" in region(pilot, "detail"), "the verdict of the oldest")
        await until(pilot, lambda: "Incidents like this one" in region(pilot, "detail"), "what is similar")
        assert "same target" in region(pilot, "detail") or "same address" in region(pilot, "detail")
        await pilot.press("g")
        await until(pilot, lambda: "format 9" in region(pilot, "detail"), "what is wrong with the broken one")
        await pilot.press("enter", "p", "r", "e")
        assert isinstance(app.screen, SessionsScreen), "a session that cannot be read is not opened, and said so"


async def test_a_search_by_words_and_filters_shows_where_they_stand(root: Path) -> None:
    app = app_of(root)
    async with app.run_test(size=(120, 30)) as pilot:
        screen = await opened(pilot)
        await pilot.press("/", *"called")
        await until(pilot, lambda: len(screen.archived.entries) == 1 and "Found" in region(pilot, "detail"), "the session with the note")
        assert "the storage team" in region(pilot, "detail")
        await searched(pilot, "verdict:healthy target:esx77", 1)
        await until(pilot, lambda: "✓ healthy" in region(pilot, "detail"), "its detail")
        await searched(pilot, "since:20x verdikt:fault verdict:bad", 0)
        said = ("since:20x is no date", "did you mean verdict:?", "no session fits")
        await until(pilot, lambda: all(text in screen_text(pilot) for text in said), "what is wrong with it")
        await searched(pilot, "!!!", 0)
        await until(pilot, lambda: "no letter or digit to look for" in screen_text(pilot), "why nothing fits")
        await searched(pilot, "", 4)
        assert not app.screen.query_one("#query-remark").display
        await pilot.press("escape")
        await until(pilot, lambda: screen.focused is screen.archived, "the list to have the keys")
        assert app.screen is screen, "escape leaves the field, not the screen"


async def test_ten_thousand_sessions_cost_the_rows_that_are_seen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    entries = [SessionEntry(f"s{number}", tmp_path / f"s{number}", 1.7e9 - number, "nfs-mount", "finished", "healthy") for number in range(10_000)]
    monkeypatch.setattr("tshoot.tui.screens.sessions.found_sessions", lambda *rest: (entries, {}, len(entries)))
    drawn = list[str]()
    row = session_list.session_row
    monkeypatch.setattr(session_list, "session_row", lambda entry, *rest, **named: drawn.append(entry.id) or row(entry, *rest, **named))
    app = app_of(tmp_path)
    async with app.run_test(size=(80, 24), notifications=True) as pilot:
        app.show_sessions()
        await until(pilot, lambda: "10,000 sessions" in screen_text(pilot), "the list")
        await pilot.press("G")
        await until(pilot, lambda: "s9999" in drawn, "the last one")
        await pilot.press("ctrl+u", "pageup", "g")
        await pilot.pause()
        assert len(set(drawn)) < 150


async def test_a_list_of_an_index_looks_into_the_sessions_that_are_seen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A real index of 300 sessions: read once; a key asks it nothing, and no log is opened that is not on the screen."""
    monkeypatch.setattr("os.fsync", lambda descriptor: None)
    started = golden_events()[0]
    for number in range(300):
        with SessionLog.create(tmp_path, "nfs-mount", "id: nfs-mount\n", {}, started=1.7e9 + number) as log:
            log.append(replace(started, at=1.7e9 + number))
    asked, seen = list[str](), list[Path]()
    monkeypatch.setattr(sessions_screen, "found_sessions", lambda *rest: asked.append("list") or session_actions.found_sessions(*rest))
    monkeypatch.setattr(sessions_screen, "glance", lambda path: seen.append(path) or glance(path))
    app = app_of(tmp_path)
    async with app.run_test(size=(100, 30), notifications=True) as pilot:
        screen = await opened(pilot, 300)
        first = screen.archived.entries[0]
        await pilot.press(*"jjkj", "ctrl+d", "g")
        await until(pilot, lambda: screen.archived.chosen == first and first.path in seen, "the newest, looked at")
        assert asked == ["list"] and len(set(seen)) == len(seen) < 60
        await pilot.press("G")
        await until(pilot, lambda: screen.archived.entries[-1].path in seen, "the oldest, looked at")
        await searched(pilot, "state:interrupted", 300)
        assert asked == ["list"] * 2 and len(set(seen)) < 100


async def test_a_replay_ends_in_the_picture_of_the_run_and_goes_back(tmp_path: Path) -> None:
    golden = tmp_path / read_header(GOLDEN).session  # alone: no incident is like it
    shutil.copytree(GOLDEN, golden)
    app = app_of(tmp_path)
    async with app.run_test(size=(140, 40)) as pilot:
        app.show_session(golden, "x")
        await until(pilot, lambda: ended(pilot) and "FAULT" in screen_text(pilot), "the run as it is opened at its end")
        at_its_end = picture(pilot)
        await pilot.press("q")
        play = await replayed(pilot, golden)
        play.change_speed(8)
        await pilot.press("plus")
        await until(pilot, lambda: ended(pilot), "the end, without pauses")
        assert "no pauses" in screen_text(pilot)
        assert picture(pilot) == at_its_end
        await until(pilot, lambda: "FAULT  nfs.mount-denied" in screen_text(pilot), "the verdict")
        seen: dict[int, dict[str, str]] = {}
        for place in range(35, 31, -1):  # back, event by event
            await pilot.press("comma")
            await until(pilot, lambda place=place: play.at == place and not ended(pilot), f"event {place}")
            await pilot.pause()
            seen[place] = picture(pilot)
        assert "No verdict yet" in seen[34]["verdict"] and "No verdict yet" not in seen[35]["verdict"]
        await typed(pilot, "event 1")
        await until(pilot, lambda: play.at == 1, "the start")
        await pilot.pause()
        assert "mount.status" not in picture(pilot)["evidence"] and "esx" not in picture(pilot)["path"]
        for place in (33, 35):
            await typed(pilot, f"event {place}")
            await until(pilot, lambda place=place: play.at == place, f"event {place}, forwards")
            await pilot.pause()
            assert picture(pilot) == seen[place], place
        await typed(pilot, "end")
        await until(pilot, lambda: ended(pilot), "the end")
        assert picture(pilot) == at_its_end


async def test_the_time_line_goes_to_decisions_nodes_and_places(root: Path) -> None:
    app = app_of(root)
    async with app.run_test(size=(80, 24), notifications=True) as pilot:
        play = await replayed(pilot, golden_in(root))
        await pilot.press("space")
        await until(pilot, lambda: not play.playing and "paused" in screen_text(pilot), "a pause")
        await typed(pilot, "start")
        await until(pilot, lambda: play.at == 1, "the start")
        for key, at in (("]", 4), ("]", 7), ("}", 8), ("[", 7), ("{", 5), ("full_stop", 6), ("comma", 5)):
            await pilot.press(key)
            await until(pilot, lambda at=at: play.at == at, f"event {at} by {key}")
        await typed(pilot, "trace")
        await until(pilot, lambda: "[trace]" in screen_text(pilot), "the node named under the line")
        assert play.at == 26 and "◆" in screen_text(pilot)
        await typed(pilot, "nowhere")
        assert "is no place of the session" in screen_text(pilot)
        assert app.screen.query_one("#timeline-place", Input).value == "nowhere", "what was typed stays, to be mended"
        await pilot.press("escape")
        assert not app.screen.query_one(Timeline).asks and isinstance(app.screen, ReplayScreen)
        await pilot.press("n")
        await until(pilot, lambda: "no note after this place" in screen_text(pilot), "that there is no note")
        await pilot.press("minus", "minus")
        await until(pilot, lambda: "×0.25" in screen_text(pilot), "a quarter of the speed")


async def test_a_note_of_an_interrupted_session_is_found_and_shows_nothing_but_text(root: Path) -> None:
    folder = next(entry for entry in root.iterdir() if "23T" in entry.name)
    app = app_of(root)
    async with app.run_test(size=(100, 30), notifications=True) as pilot:
        play = await replayed(pilot, folder)
        await typed(pilot, "start")
        await until(pilot, lambda: play.at == 1, "the start")
        await pilot.press("n")
        await until(pilot, lambda: play.at == 12, "the note")
        await until(pilot, lambda: "was called" in region(pilot, "output"), "its text")
        assert "[bold red]x[/]" in region(pilot, "output") and "\x1b" not in screen_text(pilot) and "\u202e" not in screen_text(pilot)


async def test_what_going_on_means_is_said_before_it_is_done(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    begun = list[tuple[Path, bool]]()

    def resumed(folder: Path, settings: Settings, *, keep_path: bool, hosts: Mapping[str, str]) -> Callable[[object], None]:
        begun.append((folder, keep_path))
        return lambda bridge: None

    monkeypatch.setattr("tshoot.tui.screens.resume.resumed", resumed)
    app = app_of(root)
    async with app.run_test(size=(100, 30), notifications=True) as pilot:
        screen = await opened(pilot)
        await searched(pilot, "verdict:healthy", 1)
        await focused(pilot, screen)
        await pilot.press("r")
        await until(pilot, lambda: "nothing to go on with" in screen_text(pilot), "why not")
        await searched(pilot, "state:interrupted", 1)
        await pilot.press("r")
        await until(pilot, lambda: "Asked once more" in screen_text(pilot), "what is asked again")
        assert "nc -z -w 5 192.0.2.50 2049" in screen_text(pilot)
        await pilot.press("n")
        await until(pilot, lambda: app.screen is screen, "the list again")
        assert not begun
        await pilot.press("r")
        await until(pilot, lambda: isinstance(app.screen, ResumeScreen) and "Asked once more" in screen_text(pilot), "asked again")
        await pilot.press("y")
        await until(pilot, lambda: begun, "the run")
        assert begun == [(screen.archived.entries[0].path, False)]
    app.end_runs()


async def test_two_sessions_side_by_side_show_where_they_part(root: Path) -> None:
    app = app_of(root)
    async with app.run_test(size=(120, 40)) as pilot:
        await opened(pilot)
        await pilot.press("G", "c")
        await until(pilot, lambda: "›*✗" in screen_text(pilot), "the mark")
        await pilot.press("k", "c")
        await until(pilot, lambda: isinstance(app.screen, CompareScreen) and "! different" in screen_text(pilot), "both")
        compared = region(pilot, "compared")
        assert "192.0.2.50 | 192.0.2.51" in compared and "another verdict, the same way" in compared
        assert "= interfaces" in compared
        await pilot.press("d")
        assert "= interfaces" not in region(pilot, "compared"), "what is the same can be hidden"
        await pilot.press("a")
        await until(pilot, lambda: ended(pilot), "the first of them")
        await pilot.press("q", "q")
        await until(pilot, lambda: isinstance(app.screen, SessionsScreen), "back")


async def test_a_session_is_verified_exported_and_taken_in_elsewhere(root: Path, tmp_path: Path) -> None:
    target, taken = tmp_path / "a.tshoot", tmp_path / "elsewhere"
    app = app_of(root)
    async with app.run_test(size=(100, 30), notifications=True) as pilot:
        screen = await opened(pilot)
        await searched(pilot, "verdict:fault", 1)
        await focused(pilot, screen)
        await pilot.press("v")
        await until(pilot, lambda: "✓ intact" in region(pilot, "detail"), "that nothing was altered")
        for again in (False, True):
            await pilot.press("e")
            await until(pilot, lambda: app.screen.query("#path-asked"), "where to")
            field = app.screen.query_one("#path-asked", Input)
            field.value = "/nowhere/x.tshoot"
            await pilot.press("enter")
            await until(pilot, lambda: "/nowhere is not there" in screen_text(pilot), "what is wrong with it")
            field.value = str(target)
            await pilot.press("enter")
            if again:
                await until(pilot, lambda: isinstance(app.screen, Confirm) and "Overwrite" in screen_text(pilot), "are you sure")
                before = target.stat().st_mtime_ns
                await pilot.press("y")
                await until(pilot, lambda before=before: target.stat().st_mtime_ns != before, "the file anew")
            await until(pilot, target.exists, "the file")
        await until(pilot, lambda: isinstance(app.screen, SessionsScreen), "the list")
    app = app_of(taken)
    async with app.run_test(size=(100, 30), notifications=True) as pilot:
        await opened(pilot, 0)
        await pilot.press("i")
        await until(pilot, lambda: app.screen.query("#path-asked"), "which file")
        app.screen.query_one("#path-asked", Input).value = str(GOLDEN / "session.jsonl")
        await pilot.press("enter")
        await until(pilot, lambda: "tshoot sessions export` makes them" in screen_text(pilot), "that it is none")
        app.screen.query_one("#path-asked", Input).value = str(target)
        await pilot.press("ctrl+o")
        await until(pilot, lambda: isinstance(app.screen, ReplayScreen) and app.screen._player.positions, "the replay of the file")
        place = app.screen._player.folder
        await pilot.press("q")
        assert place.exists() and not list(taken.glob("2*")), "looked into, not kept"
        await pilot.press("i")
        await until(pilot, lambda: app.screen.query("#path-asked"), "which file")
        app.screen.query_one("#path-asked", Input).value = str(target)
        await pilot.press("enter")
        await until(pilot, lambda: "1 session" in screen_text(pilot) and "nfs.mount-denied" in screen_text(pilot), "the session in the list")
        await pilot.press("q")
    assert not place.exists(), "what was unpacked to be looked at is gone"
    app.end_runs()


async def test_an_altered_session_is_told_by_its_replay_and_by_verify(root: Path, tmp_path: Path) -> None:
    folder = tmp_path / read_header(GOLDEN).session
    shutil.copytree(GOLDEN, folder)
    log = folder / "session.jsonl"
    lines = log.read_bytes().split(b"\n")
    lines[20] = lines[20].replace(b"2049", b"2050")
    log.write_bytes(b"\n".join(lines))
    app = app_of(tmp_path)
    async with app.run_test(size=(100, 30), notifications=True) as pilot:
        play = await replayed(pilot, folder)
        play.change_speed(9)
        await until(pilot, lambda: ended(pilot), "the end")
        await until(pilot, lambda: "does not follow the line before" in screen_text(pilot), "what is wrong with it")
        await pilot.press("q")
        app.show_sessions()
        await until(pilot, lambda: "1 session" in screen_text(pilot), "the list")
        await pilot.press("v")
        await until(pilot, lambda: "altered or damaged" in region(pilot, "detail"), "what verify says")


def test_events_of_the_golden_session_have_what_the_stories_need() -> None:
    events = golden_events()
    assert sum(isinstance(event, EffectAnswered) and isinstance(event.outcome, Ok) for event in events) == 12
