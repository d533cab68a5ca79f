"""What was put into a set-up is not lost with a key, and a demo is no last time."""

from __future__ import annotations

from pathlib import Path

import pytest
from test_tui_home_stories import at_set_up, field, opening
from textual.widgets import Input
from tui_helpers import screen_text, small_playbook, until

from tshoot.engine.advance import begin
from tshoot.knowledge import ShippedKnowledge
from tshoot.model.events import CommandRan, Ok, TargetSpec
from tshoot.runner import Runner
from tshoot.session.log import SessionLog
from tshoot.tui.app import TshootApp
from tshoot.tui.earlier import last_used
from tshoot.tui.screens.setup import SetupScreen


def session_on(root: Path, host: str, started: float) -> None:
    """A run of the small playbook that ended without a verdict, through the real log."""
    playbook, knowledge = small_playbook(), ShippedKnowledge()
    log = SessionLog.create(root, playbook.id, playbook.text, knowledge.versions(), started=started)
    targets = {"host": TargetSpec("host", host, "linux")}
    with log:
        Runner(
            lambda: begin(playbook, targets, {"server": "192.0.2.77", "port": 111}, knowledge),
            lambda effect, show: Ok(CommandRan(1, b"", b"", 0.1)),
            log,
        ).run()


@pytest.mark.parametrize("host", ["root@127.0.0.1:40835", "127.0.0.1:32768", "root@[::1]:60999"])
def test_a_demo_does_not_displace_the_last_time(tmp_path: Path, host: str) -> None:
    session_on(tmp_path, "esx07", 1_700_000_000.0)
    session_on(tmp_path, host, 1_700_000_100.0)
    found = last_used(tmp_path, "small")
    assert found is not None and found.targets == {"host": "esx07"}


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "root@127.0.0.1:2222", "root@192.0.2.1:40835", "esx07:40835"])
def test_a_target_of_its_own_is_the_last_time(tmp_path: Path, host: str) -> None:
    session_on(tmp_path, "esx07", 1_700_000_000.0)
    session_on(tmp_path, host, 1_700_000_100.0)
    found = last_used(tmp_path, "small")
    assert found is not None and found.targets == {"host": host}


def test_what_the_ssh_config_or_the_inventory_names_is_no_demo(tmp_path: Path) -> None:
    session_on(tmp_path, "root@127.0.0.1:40835", 1_700_000_000.0)
    assert last_used(tmp_path, "small") is None
    assert last_used(tmp_path, "small", ("127.0.0.1",)) is not None


async def test_what_was_typed_is_there_again_after_escape(tmp_path: Path) -> None:
    session_on(tmp_path / "sessions", "esx07", 1_700_000_000.0)
    app = TshootApp(opening(tmp_path))
    async with app.run_test(size=(120, 40)) as pilot:
        app.set_up(small_playbook())
        await at_set_up(pilot)
        assert field(pilot, "host").has_focus_within
        await pilot.press(*"esx42")
        field(pilot, "server").query_one(Input).value = "192.0.2.9"
        await pilot.pause()
        await pilot.press("escape")
        await until(pilot, lambda: not isinstance(app.screen, SetupScreen), "the screen before")
        app.set_up(small_playbook())
        await at_set_up(pilot)
        assert (field(pilot, "host").value, field(pilot, "server").value) == ("esx42", "192.0.2.9")
        await until(pilot, lambda: "takes the values of last time" in screen_text(pilot), "the offer")
        await pilot.press("ctrl+l")
        assert field(pilot, "host").value == "esx42", "last time does not overwrite it"
        assert field(pilot, "port").value == "111", "what nobody typed is taken from last time"


async def test_what_was_cleared_again_is_not_kept(tmp_path: Path) -> None:
    app = TshootApp(opening(tmp_path))
    async with app.run_test(size=(120, 40)) as pilot:
        app.set_up(small_playbook())
        await at_set_up(pilot)
        await pilot.press("x", "backspace")
        await pilot.pause()
        await pilot.press("escape")
        await until(pilot, lambda: not isinstance(app.screen, SetupScreen), "the screen before")
        app.set_up(small_playbook())
        await at_set_up(pilot)
        assert field(pilot, "host").value == ""
