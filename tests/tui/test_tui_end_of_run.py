"""The run ends while somebody types; what is done after it; which keys the last line tells while letters go into a field."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from steered_world import Device
from textual.pilot import Pilot
from textual.widgets import Input
from tui_helpers import asked, ended, on_run, region, screen_text, small_events, told, until

from tshoot.model.effects import AskOperator
from tshoot.model.events import NoteAdded, RunEnded, VerdictReached
from tshoot.session.log import SessionLog
from tshoot.session.read import read_events, read_header
from tshoot.session.report.build import build_report
from tshoot.session.store import entry_of
from tshoot.session.verify import verify
from tshoot.shipped import shipped
from tshoot.tui.app import TshootApp
from tshoot.tui.bridge import Bridge
from tshoot.tui.goals import NodeGoal
from tshoot.tui.screens.compare import CompareScreen
from tshoot.tui.screens.help import Help
from tshoot.tui.screens.replay import ReplayScreen
from tshoot.tui.screens.text_analysis import TextAnalysisScreen
from tshoot.tui.screens.typed import Typed
from tshoot.tui.widgets.lines.view import LinesView
from tshoot.tui.widgets.question.bar import QuestionBar
from tshoot.wiring import Opening, Settings

NARROW, WIDE = (80, 24), (140, 40)
GOLDEN = shipped("fixtures/sessions") / "v1" / "nfs-mount-denied"
NOTE = "Alice added the client to the export rule at 03:12"
UNENDED = [event for event in small_events() if not isinstance(event, VerdictReached | RunEnded)]
END = [event for event in small_events() if isinstance(event, VerdictReached | RunEnded)]


class Held:
    """A run that ends when it is let go."""

    def __init__(self) -> None:
        self.free = threading.Event()

    def work(self):
        def rest(bridge: Bridge) -> None:
            assert self.free.wait(60)
            for event in END:
                bridge(event)

        return told(UNENDED, rest)


def last_line(pilot: Pilot[int]) -> str:
    return screen_text(pilot).splitlines()[-1]


async def under_way(pilot: Pilot[int], held: Held) -> None:
    pilot.app.show_work(held.work(), "small")
    await until(pilot, lambda: on_run(pilot) and pilot.app.focused is not None and "nfs.mount-denied" in region(pilot, "evidence"), "the run")


async def at_the_end(pilot: Pilot[int], device: Device, root: Path) -> None:
    """A run of a real session, with its verdict."""
    pilot.app.show_work(device.work(root), "small")
    await until(pilot, lambda: "Mount now" in asked(pilot), "the question")
    await pilot.press("y")
    await until(pilot, lambda: ended(pilot), "the verdict")


def notes(folder: Path) -> list[str]:
    return [event.text for _, event in read_events(folder) if isinstance(event, NoteAdded)]


# --- an open search ---------------------------------------------------------------------------


@pytest.mark.parametrize("size", [NARROW, WIDE], ids=["80x24", "140x40"])
async def test_the_end_takes_no_keys_from_an_open_search(size: tuple[int, int]) -> None:
    held, app = Held(), TshootApp(Opening())
    async with app.run_test(size=size) as pilot:
        await under_way(pilot, held)
        await pilot.press("2", "slash", "z")
        held.free.set()
        await until(pilot, lambda: "✗ FAULT" in screen_text(pilot), "that it has ended")
        screen = app.screen
        await pilot.press("x", "f", "q", "c")
        assert app.screen is screen, "the letters were typed"
        await until(pilot, lambda: "/zxfqc▏" in screen_text(pilot), "all of them")
        assert "4 shows the verdict" in screen_text(pilot)
        await pilot.press("escape")
        assert app.screen is screen and screen.query_one("#output", LinesView).has_focus
        await pilot.press("4")
        await until(pilot, lambda: screen.query_one("#verdict", LinesView).has_focus, "the verdict")
        assert "4 shows the verdict" not in screen_text(pilot)


async def test_the_end_is_shown_where_nobody_types() -> None:
    held, app = Held(), TshootApp(Opening())
    async with app.run_test(size=NARROW) as pilot:
        await under_way(pilot, held)
        await pilot.press("2", "slash", *"ping", "enter")
        held.free.set()
        await until(pilot, lambda: "[4 Verdict]" in screen_text(pilot), "the verdict, though a search is kept")
        assert "4 shows the verdict" not in screen_text(pilot)


async def test_the_end_of_a_replay_takes_no_keys_from_its_field() -> None:
    app = TshootApp(Opening())
    async with app.run_test(size=NARROW) as pilot:
        app.show_replay(GOLDEN)
        await until(pilot, lambda: isinstance(app.screen, ReplayScreen) and app.screen._player.positions, "the index")
        player = app.screen._player
        await pilot.press("colon", *"verd")
        player.seek(len(player.positions))
        await until(pilot, lambda: app.screen.has_ended, "the end")
        await pilot.press(*"ict")
        assert app.screen.query_one("#timeline-place", Input).value == "verdict"
        await pilot.press("escape", "q")
    app.end_runs()


# --- notes after the end ----------------------------------------------------------------------


async def test_a_note_that_is_typed_as_the_run_ends_goes_into_its_session(tmp_path: Path) -> None:
    device, app = Device(), TshootApp(Opening())
    async with app.run_test(size=NARROW) as pilot:
        app.show_work(device.work(tmp_path), "small")
        await until(pilot, lambda: "Mount now" in asked(pilot), "the question")
        await pilot.press("a", *NOTE[:20])
        run = app.screen_stack[-2]
        run.query_one(QuestionBar).give("yes")
        await until(pilot, lambda: run.has_ended, "the end, behind the dialog")
        await pilot.press(*NOTE[20:], "enter")
        await until(pilot, lambda: on_run(pilot) and NOTE in region(pilot, "output"), "the note")
    assert notes(device.folder) == [NOTE]
    app.end_runs()


async def test_a_note_after_the_verdict_stands_in_session_report_and_picture(tmp_path: Path) -> None:
    device, app = Device(), TshootApp(Opening())
    async with app.run_test(size=NARROW) as pilot:
        await at_the_end(pilot, device, tmp_path)
        await until(pilot, lambda: "a Note" in last_line(pilot), "the keys")
        before = verify(device.folder)  # its capture is none
        for text in (NOTE, "password: hunter2 was used"):
            await pilot.press("a", *text, "enter")
            await until(pilot, lambda: on_run(pilot), "the run again")
        await until(pilot, lambda: "password" in region(pilot, "output"), "the second note")
        shown = region(pilot, "output")
        assert NOTE in shown and "hunter2" not in shown
    assert len(notes(device.folder)) == 2 and "hunter2" not in "".join(notes(device.folder))
    assert verify(device.folder) == before
    assert entry_of(device.folder).state == "finished"
    assert NOTE in [note.text for note in build_report(device.folder).notes]
    again = TshootApp(Opening())
    async with again.run_test(size=NARROW) as pilot:
        again.show_session(device.folder, "again")
        await until(pilot, lambda: ended(pilot), "the record")
        assert region(pilot, "output") == shown


def another_has_it(folder: Path) -> Callable[[], object]:
    return SessionLog.reopen(folder).release


def it_has_gone(folder: Path) -> Callable[[], object]:
    kept = folder.rename(folder.with_name("gone"))
    return lambda: kept.rename(folder)


@pytest.mark.parametrize(("hinder", "said"), [(another_has_it, "another tshoot is writing"), (it_has_gone, "session.jsonl")])
async def test_a_note_that_is_refused_stays_in_its_field(tmp_path: Path, hinder, said: str) -> None:
    device, app = Device(), TshootApp(Opening())
    async with app.run_test(size=NARROW) as pilot:
        await at_the_end(pilot, device, tmp_path)
        mend = hinder(device.folder)
        await pilot.press("a", *NOTE, "enter")
        await until(pilot, lambda: said in " ".join(str(app.screen.query_one("#typed-says").content).split()), "why not")
        assert isinstance(app.screen, Typed) and app.screen.query_one(Input).value == NOTE
        mend()
        await pilot.press("enter")
        await until(pilot, lambda: on_run(pilot) and NOTE in region(pilot, "output"), "the note")
    assert notes(device.folder) == [NOTE]


async def test_a_run_without_a_session_has_no_notes_after_its_end() -> None:
    held, app = Held(), TshootApp(Opening())
    async with app.run_test(size=NARROW) as pilot:
        await under_way(pilot, held)
        held.free.set()
        await until(pilot, lambda: ended(pilot), "the end")
        screen = app.screen
        await pilot.press("a")
        assert app.screen is screen and "a Note" not in last_line(pilot)


# --- the last line ----------------------------------------------------------------------------


def a_text(path: Path) -> Path:
    path.write_text("mount.nfs: access denied by server\n")
    return path


async def opened(pilot: Pilot[int], tmp_path: Path, where: str) -> None:
    app = pilot.app
    match where:
        case "sessions":
            app.show_sessions()
        case "compare":
            app.push_screen(CompareScreen(GOLDEN, GOLDEN))
        case "text":
            app.push_screen(TextAnalysisScreen(a_text(tmp_path / "log.txt")))
        case "help":
            app.push_screen(Help())
        case _:
            app.show_session(GOLDEN, "a record")
    # all that is read has arrived: nothing takes the keys afterwards
    await until(pilot, lambda: app.focused is not None and (where != "run" or ended(pilot)) and ("q " in last_line(pilot)), "the screen")


@pytest.mark.parametrize("where", ["run", "sessions", "compare", "text", "help"])
async def test_while_letters_are_typed_no_letter_is_told_as_a_key(tmp_path: Path, where: str) -> None:
    root = tmp_path / "sessions"
    shutil.copytree(GOLDEN, root / read_header(GOLDEN).session)
    app = TshootApp(Opening(settings=Settings(record=root)))
    async with app.run_test(size=NARROW) as pilot:
        await opened(pilot, tmp_path, where)
        free = last_line(pilot)
        assert "q " in free and "F1" not in free and "esc" not in free
        await pilot.press("slash", *"q?")
        await until(pilot, lambda: "esc " in last_line(pilot) and "q Leave" not in last_line(pilot), "the keys of the field")
        assert "? Help" not in last_line(pilot) and "q Close" not in last_line(pilot)
        if where != "help":
            assert "F1 Help" in last_line(pilot)
        await pilot.press("escape")
        await until(pilot, lambda: "q " in last_line(pilot) and "F1" not in last_line(pilot) and "esc" not in last_line(pilot), "the keys of before")


async def test_the_field_of_a_question_tells_its_keys() -> None:
    def ask(bridge: Bridge) -> None:
        bridge.ask(AskOperator("k", "n", "Serial number?", "text"), bridge.cancel)

    app = TshootApp(Opening())
    async with app.run_test(size=NARROW) as pilot:
        app.show_work(told(UNENDED, ask), "small")
        await until(pilot, lambda: asked(pilot), "the question")
        app.screen.query_one("#question-answer").focus()
        await until(pilot, lambda: isinstance(app.focused, Input), "its field to have the keys")
        await pilot.press(*"3q?")
        assert app.focused.value == "3q?"
        assert "F1 Help" in last_line(pilot) and "esc Leave" in last_line(pilot)
        assert "? Help" not in last_line(pilot) and "q Leave" not in last_line(pilot)
    app.end_runs()


async def test_a_replay_tells_what_space_does_now() -> None:
    app = TshootApp(Opening())
    async with app.run_test(size=NARROW) as pilot:
        app.show_replay(GOLDEN)
        await until(pilot, lambda: isinstance(app.screen, ReplayScreen) and app.screen._player.positions, "the index")
        await until(pilot, lambda: "space Pause" in last_line(pilot), "that it can be paused")
        await pilot.press("space")
        await until(pilot, lambda: "space Play" in last_line(pilot) and not app.screen._player.playing, "that it can be played")
        await pilot.press("colon")
        await until(pilot, lambda: "esc Back" in last_line(pilot), "the keys of the field")
        assert "space" not in last_line(pilot) and "F1 Help" in last_line(pilot)
        await pilot.press("escape", "q")
    app.end_runs()


# --- a question during a search ---------------------------------------------------------------


@pytest.mark.parametrize("leads", ["tab", "escape"])
@pytest.mark.parametrize(
    ("form", "choices", "keys", "answer"),
    [("confirm", (), ["y"], "yes"), ("text", (), [*"SN1", "enter"], "SN1"), ("choice", ("primary", "backup"), ["down", "enter"], "backup")],
)
async def test_from_a_search_to_the_question_that_came_meanwhile(leads: str, form: str, choices, keys: list[str], answer: str) -> None:
    held, answers, app = Held(), [], TshootApp(Opening())

    def ask(bridge: Bridge) -> None:
        assert held.free.wait(60)
        answers.append(bridge.ask(AskOperator("k", "n", "Which one?", form, choices), bridge.cancel))

    async with app.run_test(size=NARROW) as pilot:
        app.show_work(told(UNENDED, ask), "small")
        await until(pilot, lambda: on_run(pilot) and app.focused is not None and "nfs.mount-denied" in region(pilot, "evidence"), "the run")
        await pilot.press("2", "slash", *"pi")
        held.free.set()
        await until(pilot, lambda: asked(pilot), "the question")
        await pilot.press(*"yn")
        assert not answers and app.screen.query_one("#output", LinesView).has_focus, "the search keeps its letters"
        await pilot.press(leads, *keys)
        await until(pilot, lambda: answers, "the answer")
        assert answers == [answer]
    app.end_runs()


# --- what is said over the screen -------------------------------------------------------------


async def test_the_same_is_said_once_and_briefly(notices: list[tuple[str, float | None]]) -> None:
    app = TshootApp(Opening())
    async with app.run_test(size=NARROW, notifications=True) as pilot:
        app.show_session(GOLDEN, "a record")
        await until(pilot, lambda: ended(pilot), "the end")
        for _ in range(3):
            app.screen.go_to(NodeGoal("nowhere"))
        app.notify("something else", timeout=9)
    assert [text for text, _ in notices] == ["nothing was done at nowhere so far", "something else"]
    assert {seconds for _, seconds in notices} == {3.0}
