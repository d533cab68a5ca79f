"""Help for where one is, the palette, and the theme that is remembered."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest
from textual.command import CommandPalette
from textual.widgets import OptionList
from tui_helpers import asked, ended, screen_text, small_events, told, until

from tshoot.errors import TshootError
from tshoot.model.effects import AskOperator
from tshoot.session.store import SessionEntry
from tshoot.tui.app import TshootApp, make_app
from tshoot.tui.bridge import Bridge
from tshoot.tui.preferences import preferences_file, remember, remembered
from tshoot.tui.screens.help import Help
from tshoot.tui.screens.home import HomeScreen
from tshoot.tui.screens.run import RunScreen
from tshoot.tui.screens.sessions import SessionsScreen
from tshoot.tui.screens.setup import SetupScreen
from tshoot.wiring import Opening

SMALL = Path(__file__).parent / "data" / "small.yaml"
HOSTILE = "[/foo] [red]x [@click=app.quit]x[/]"


@pytest.fixture(autouse=True)
def _small_world(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (hostile := tmp_path / "hostile.yaml").write_text(SMALL.read_text().replace("A share cannot be mounted", f"'{HOSTILE}'"))
    entries = [SessionEntry("20261121-[/id]", tmp_path, 0.0, "[/book]", "finished", "fault", "[@click=app.quit]cause[/]")]
    monkeypatch.setattr("tshoot.tui.catalogue.shipped_playbooks", lambda: (hostile,))
    monkeypatch.setattr("tshoot.tui.catalogue.all_causes", dict)
    monkeypatch.setattr("tshoot.tui.catalogue.archived_sessions", lambda root: entries)


async def opened(pilot, words: str, wanted: str) -> None:
    await pilot.press("ctrl+p")
    await until(pilot, lambda: CommandPalette.is_open(pilot.app), "the palette")
    await pilot.press(*words)
    await until(pilot, lambda: wanted in screen_text(pilot), wanted)


async def chosen(pilot, words: str, wanted: str) -> None:
    """Open the palette, type, and take the first that fits."""
    await opened(pilot, words, wanted)
    commands = pilot.app.screen.query_one(OptionList)
    await until(pilot, lambda: commands.option_count and wanted in str(commands.get_option_at_index(0).prompt), f"{wanted} as the first")
    await pilot.press("enter")
    await until(pilot, lambda: not CommandPalette.is_open(pilot.app), "the palette to close")


async def test_help_tells_the_region_that_has_the_keys_first() -> None:
    app = TshootApp(Opening())
    async with app.run_test(size=(100, 40)) as pilot:
        app.show_work(told(small_events()), "a run")
        await until(pilot, lambda: ended(pilot), "the end")
        await pilot.press("1", "question_mark")
        await until(pilot, lambda: isinstance(app.screen, Help) and "Anywhere" in app.screen.query_one("#help").text, "the help")
        text = app.screen.query_one("#help").text
        assert text.index("A region of lines") < text.index("A run") < text.index("Anywhere") < text.index("Signs")
        assert "pages" not in text or text.count("Anywhere") == 1
        await pilot.press("question_mark")
        await until(pilot, lambda: isinstance(app.screen, RunScreen), "the run again")


async def test_help_of_a_field_and_of_a_screen_without_a_help_of_its_own() -> None:
    from tshoot.tui.screens.confirm import Confirm

    app = TshootApp(Opening())
    async with app.run_test(size=(100, 40)) as pilot:
        await until(pilot, lambda: isinstance(app.screen, HomeScreen), "home")
        await pilot.press("question_mark")
        assert isinstance(app.screen, HomeScreen)  # it was typed into the field
        await pilot.press("f1")
        await until(pilot, lambda: isinstance(app.screen, Help), "the help")
        assert "Home" in app.screen.query_one("#help").text
        await pilot.press("escape")
        await until(pilot, lambda: isinstance(app.screen, HomeScreen), "home again")
        await app.push_screen(Confirm("Sure?"))
        await pilot.press("f1")
        await until(pilot, lambda: isinstance(app.screen, Help) and "Here" in app.screen.query_one("#help").text, "the help of the question")
        assert "Yes" in app.screen.query_one("#help").text


async def test_the_palette_runs_a_key_of_the_screen() -> None:
    app = TshootApp(Opening())
    async with app.run_test(size=(100, 30)) as pilot:
        app.show_work(told(small_events()), "a run")
        await until(pilot, lambda: ended(pilot), "the end")
        await pilot.press("2")
        output = app.screen.query_one("#output")
        assert not output.raw
        await chosen(pilot, "Raw", "Raw")
        await until(pilot, lambda: output.raw, "the raw output")


async def test_the_palette_offers_only_what_is_possible_now() -> None:
    app = TshootApp(Opening())
    async with app.run_test(size=(100, 50)) as pilot:
        app.show_work(told([], lambda bridge: bridge.ask(AskOperator("q/1", "q", "Was it?", "confirm"), bridge.cancel)), "a run")
        await until(pilot, lambda: asked(pilot), "the question")
        await opened(pilot, "yes", "here: y")
        await pilot.press("escape")
        await until(pilot, lambda: not CommandPalette.is_open(app), "the palette to close")
        await pilot.press("y")
        await until(pilot, lambda: ended(pilot), "the end")
        await opened(pilot, "yes", "Home: a new incident")
        assert "here: y" not in screen_text(pilot)


async def test_playbooks_sessions_and_screens_from_the_palette() -> None:
    app = TshootApp(Opening())
    async with app.run_test(size=(100, 50), notifications=True) as pilot:
        await chosen(pilot, "All sessions", "All sessions")
        await until(pilot, lambda: isinstance(app.screen, SessionsScreen), "the sessions")
        await opened(pilot, "book", f"Set up: {HOSTILE}")
        assert "Session: [/book], [@click=app.quit]cause[/]" in screen_text(pilot)
        assert "20261121-[/id]" in screen_text(pilot)
        assert not any("@click" in segment.style.meta for strip in app.screen._compositor.render_strips() for segment in strip if segment.style)
        await pilot.press("escape")
        await chosen(pilot, "Set up", HOSTILE)
        await until(pilot, lambda: isinstance(app.screen, SetupScreen), "the set-up")
        await pilot.press("escape")
        await until(pilot, lambda: isinstance(app.screen, SessionsScreen), "the sessions again")


async def test_a_theme_is_chosen_and_remembered() -> None:
    app = make_app(Opening())
    async with app.run_test(size=(100, 40)) as pilot:
        assert app.theme == "tshoot"
        await chosen(pilot, "theme colour", "colour-blind")
        await until(pilot, lambda: app.theme == "tshoot-colour-blind", "the theme")
    assert stat.S_IMODE(preferences_file().stat().st_mode) == 0o600
    again = make_app(Opening())
    async with again.run_test(size=(80, 24)):
        assert again.theme == "tshoot-colour-blind"


@pytest.mark.parametrize(
    "text", ["{", "[]", '{"theme": 3}', "[" * 4000, "\x00", "x" * 10_000], ids=["torn", "list", "number", "deep", "nul", "large"]
)
async def test_a_damaged_file_is_not_used_and_that_is_said(text: str) -> None:
    file = preferences_file()
    file.parent.mkdir(parents=True)
    file.write_text(text)
    with pytest.raises(TshootError, match=r"damaged|not used"):
        remembered(file)
    if text == "{":
        app = make_app(Opening())
        async with app.run_test(size=(140, 40), notifications=True) as pilot:
            await until(pilot, lambda: "damaged" in screen_text(pilot), "the word about it")
            assert app.theme == "tshoot"


def test_a_pipe_or_an_unknown_theme_harms_nothing(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(TshootError, match="no file"):
        remembered(tmp_path / "pipe")
    assert remembered(tmp_path / "missing") == {}
    remember(tmp_path / "new" / "it.json", {"theme": "no such theme"})
    assert remembered(tmp_path / "new" / "it.json") == {"theme": "no such theme"}
    assert [path.name for path in (tmp_path / "new").iterdir()] == ["it.json"]
    (tmp_path / "file").write_text("")
    with pytest.raises(TshootError, match="not remembered"):
        remember(tmp_path / "file" / "it.json", {})


async def test_suspending_a_run_says_first_that_it_stands_still(monkeypatch: pytest.MonkeyPatch) -> None:
    suspended: list[bool] = []
    monkeypatch.setattr("textual.app.App.action_suspend_process", lambda self: suspended.append(True))
    app = TshootApp(Opening())
    async with app.run_test(size=(80, 24)) as pilot:
        app.show_work(told([], lambda bridge: bridge.cancel.wait(60.0)), "a run")
        await until(pilot, lambda: isinstance(app.screen, RunScreen) and not app.bridges[0].wait(0), "the run")
        await pilot.press("ctrl+z")
        await until(pilot, lambda: "stands still" in screen_text(pilot), "the question")
        assert not suspended
        await pilot.press("y")
        await until(pilot, lambda: suspended, "the shell")
        app.end_runs()


def test_bridges_know_whether_they_run() -> None:
    assert Bridge(told([])).wait(0)
