"""Keys that come in one burst, as a slow line bundles them: each is done before the next one is given to anybody, and none is lost."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

import pytest
from steered_world import Device, two_targets
from test_tui_terminal import Terminal, terminal
from textual.events import Key, Paste
from textual.keys import _character_to_key
from textual.widgets import Input
from tui_helpers import asked, until

from tshoot.tui.app import TshootApp
from tshoot.tui.screens.confirm import Confirm
from tshoot.tui.screens.run import RunScreen
from tshoot.tui.screens.typed import Typed
from tshoot.tui.widgets.lines.view import LinesView
from tshoot.tui.widgets.steering.own import OwnCommand
from tshoot.wiring import Opening, Settings

__all__ = ["terminal"]  # a fixture

NARROW = (80, 24)


def burst(app: TshootApp, *keys: str) -> None:
    """All at once, as they come from one read of the terminal."""
    for key in keys:
        name, character = (_character_to_key(key), key) if len(key) == 1 else (key, None)
        app._driver.send_message(Key(name, character))


def field(app: TshootApp) -> str:
    fields = app.screen.query(Input)
    return fields.first().value if fields else ""


def output(app: TshootApp) -> str:
    """Of the run, whatever stands over it."""
    run = next(screen for screen in app.screen_stack if isinstance(screen, RunScreen))
    return run.query_one("#output", LinesView).text


@pytest.fixture
def device() -> Device:
    return Device()


async def steered_run(pilot, device: Device, root: Path, playbook=None) -> None:
    pilot.app.show_work(device.work(root, playbook), "small")
    await until(pilot, lambda: "Mount now" in asked(pilot), "the question of the capture")


async def test_a_search_is_typed_in_one_burst_with_the_key_that_opens_it(tmp_path: Path, device: Device) -> None:
    app = TshootApp(Opening())
    async with app.run_test(size=NARROW) as pilot:
        await steered_run(pilot, device, tmp_path)
        burst(app, *"2/received", "enter", "n")
        view = app.screen.query_one("#output", LinesView)
        await until(pilot, lambda: view.prompt.search and view.prompt.search.words == "received", "all letters, and those alone")
        await until(pilot, lambda: view.has_focus and not view.prompt.typing, "the end of the search")
        burst(app, "escape", "1", "slash", "r", "backspace", "e", "a", "c", "h")
        path = app.screen.query_one("#path", LinesView)
        await until(pilot, lambda: path.prompt.search and path.prompt.search.words == "each", "another region, and a letter rubbed out")
    app.end_runs()


@pytest.mark.parametrize("text", ["pause by step, yes quite", "?!/:q"])
async def test_a_note_is_typed_in_one_burst(tmp_path: Path, device: Device, text: str) -> None:
    app = TshootApp(Opening())
    async with app.run_test(size=NARROW) as pilot:
        await steered_run(pilot, device, tmp_path)
        burst(app, "a", *text)
        await until(pilot, lambda: isinstance(app.screen, Typed) and field(app) == text, "the whole note")
        burst(app, "enter", "a", *"and another", "enter")
        await until(pilot, lambda: "and another" in output(app), "the second note, after the first")
        assert text in output(app)
        assert asked(pilot), "nothing of it was taken for an answer"
    app.end_runs()


@pytest.mark.parametrize("playbook", [None, two_targets()], ids=["one target", "two targets"])
async def test_a_command_keeps_its_first_letters(tmp_path: Path, device: Device, playbook) -> None:
    app = TshootApp(Opening())
    async with app.run_test(size=NARROW) as pilot:
        await steered_run(pilot, device, tmp_path, playbook)
        burst(app, *"!undebug all")
        await until(pilot, lambda: isinstance(app.screen, OwnCommand) and field(app) == "undebug all", "the whole command")
        burst(app, "escape", *"auptime", "enter", "q")
        await until(pilot, lambda: isinstance(app.screen, Confirm), "the key after the note")
        assert not [command for _, command in device.run if "debug" in command]
        burst(app, "n")
    app.end_runs()


async def test_what_is_pasted_behind_a_key_goes_where_the_key_leads(tmp_path: Path, device: Device) -> None:
    app = TshootApp(Opening())
    async with app.run_test(size=NARROW) as pilot:
        await steered_run(pilot, device, tmp_path)
        burst(app, "a")
        app._driver.send_message(Paste("from the ticket"))
        burst(app, "!")
        await until(pilot, lambda: field(app) == "from the ticket!", "the paste, then the key after it")
    app.end_runs()


async def test_the_search_of_sessions_is_typed_in_one_burst(tmp_path: Path) -> None:
    app = TshootApp(Opening(settings=Settings(record=tmp_path)))
    async with app.run_test(size=NARROW) as pilot:
        app.show_sessions()
        await until(pilot, lambda: app.focused is not None and app.focused.id == "archived", "the list")
        burst(app, *"/cause:nfs q?")
        await until(pilot, lambda: field(app) == "cause:nfs q?", "all of it")


async def test_a_key_that_closes_its_own_screen_holds_up_none_after_it(tmp_path: Path, device: Device) -> None:
    app = TshootApp(Opening())
    async with app.run_test(size=NARROW) as pilot:
        await steered_run(pilot, device, tmp_path)
        for _ in range(20):
            burst(app, "question_mark", "escape", "a", "x", "escape")
        burst(app, "a", "e", "n", "d")
        await until(pilot, lambda: isinstance(app.screen, Typed) and field(app) == "end", "the last of a hundred keys")
        assert app._turns._now is None, "no key is waited for"
    app.end_runs()


# --- in a real terminal -------------------------------------------------------------------------


@pytest.mark.skipif(shutil.which("tmux") is None, reason="tmux is not installed")
def test_bursts_in_a_terminal(terminal: Terminal) -> None:
    terminal.press(f"{sys.executable} -m tshoot demo; echo exit status $?", "Enter")
    terminal.wait_for("Was it retried?")
    terminal.press("2", "/", "e", "s", "x")
    terminal.wait_for("/esx▏")
    terminal.press("Escape")
    terminal.wait_for("? Help")
    terminal.tmux("send-keys", "-l", "apause by step, yes quite")
    terminal.wait_for(" pause by step, yes quite ")
    terminal.press("Enter", "q", "y")
    terminal.wait_for("exit status 130")
