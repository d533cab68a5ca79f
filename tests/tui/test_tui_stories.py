"""An operator's stories, from the first key to the exit code, on a device behind real SSH."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from tui_helpers import asked, ended, on_run, region, screen_text, served_case, until

from tshoot.session.store import list_sessions
from tshoot.tui.app import TshootApp, make_app
from tshoot.tui.messages import RunClosed
from tshoot.tui.parting import exit_code
from tshoot.tui.screens.confirm import Confirm
from tshoot.tui.screens.home import HomeScreen
from tshoot.tui.screens.setup import SetupScreen
from tshoot.tui.widgets.field.field import Field
from tshoot.wiring import Opening


def fill(pilot, label: str, text: str) -> None:
    next(field for field in pilot.app.screen.query(Field) if field.label == label).query_one("Input").value = text


@pytest.mark.parametrize("size", [(80, 24)], ids=["80x24"])
async def test_from_a_symptom_to_the_verdict(tmp_path: Path, size: tuple[int, int]) -> None:
    with served_case("export-policy", tmp_path) as (opening, served):
        app = TshootApp(Opening(settings=opening.settings))
        async with app.run_test(size=size) as pilot:
            await until(pilot, lambda: "nfs-mount" in screen_text(pilot), "the playbooks")
            await pilot.press(*"mount denied", "enter")
            await until(pilot, lambda: isinstance(app.screen, SetupScreen), "the set-up screen")
            await pilot.press(*served.devices["host"].address, "enter", *"192.0.2.999", "enter")
            await until(pilot, lambda: "`server` expects an IPv4 or IPv6 address" in screen_text(pilot), "what is wrong with the address")
            await pilot.press("ctrl+r")
            assert isinstance(app.screen, SetupScreen), "a run must not start with a wrong input"
            for label, text in (("server", "192.0.2.50"), ("share", "/vol/ds1"), ("vmk", "vmk1")):
                fill(pilot, label, text)
            await pilot.press("ctrl+r")
            await until(pilot, lambda: "Retry the mount" in asked(pilot), "the question")
            await until(pilot, lambda: "capturing on vmk1" in screen_text(pilot), "the capture in the line above")
            await pilot.press("y")
            await until(pilot, lambda: ended(pilot), "the verdict")
            await until(pilot, lambda: "FAULT  nfs.mount-denied" in screen_text(pilot), "the verdict on the screen")
            verdict = region(pilot, "verdict")
            assert "mount.status = 13" in verdict
            assert "storage team" in verdict
            assert str(tmp_path / "sessions") in verdict
            await pilot.press("q", "escape")
            await until(pilot, lambda: isinstance(app.screen, HomeScreen), "home")
            await until(pilot, lambda: "✗ nfs.mount-denied" in screen_text(pilot), "the session in the list")
            await pilot.press("escape")
        assert app.return_value == 1


async def test_a_session_shown_again_ends_in_the_same_picture(tmp_path: Path) -> None:
    with served_case("export-policy", tmp_path) as (opening, _):
        app = make_app(opening)
        async with app.run_test(size=(140, 40)) as pilot:
            await until(pilot, lambda: asked(pilot), "the question")
            await pilot.press("y")
            await until(pilot, lambda: ended(pilot), "the verdict")
            live = {name: region(pilot, name) for name in ("path", "output", "evidence", "verdict")}
            assert "vmkping -I vmk1 -d -s 1472 -c 3 192.0.2.50" in live["output"]
            await pilot.press("q")
        assert app.return_value == 1
    again = TshootApp(Opening(settings=opening.settings))
    async with again.run_test(size=(140, 40)) as pilot:
        await until(pilot, lambda: "✗ nfs.mount-denied" in screen_text(pilot), "the session in the list")
        await pilot.press("tab", "tab", "enter")
        await until(pilot, lambda: ended(pilot), "the replay")
        assert {name: region(pilot, name) for name in live} == live
        await pilot.press("q", "escape")
    assert again.return_value == 0, "looking at a session is no run"


async def test_cancelled_in_the_middle_nothing_is_left(tmp_path: Path) -> None:
    with served_case("export-policy", tmp_path) as (opening, served):
        app = make_app(opening)
        async with app.run_test(size=(80, 24)) as pilot:
            await until(pilot, lambda: asked(pilot), "the question")
            await pilot.press("q")
            await until(pilot, lambda: isinstance(app.screen, Confirm), "are you sure")
            await pilot.press("n")
            assert asked(pilot), "no means that the run goes on"
            await pilot.press("ctrl+c")
            await until(pilot, lambda: isinstance(app.screen, Confirm), "are you sure")
            started = time.monotonic()
            await pilot.press("ctrl+c")
            await until(
                pilot, lambda: app.return_value is not None or "stopping, waits for" in screen_text(pilot), "the end, or what it waits for", 10.0
            )
            await until(pilot, lambda: app.return_value is not None, "the end")
            assert time.monotonic() - started < 30
        assert app.return_value == 130
        (session,) = list_sessions(tmp_path / "sessions")
        assert session.state == "interrupted"
        assert not list(Path(served.devices["host"].capture_directory).glob("*.pcap")), "the capture is still on the target"


@pytest.mark.parametrize(("key", "code"), [("y", 1), ("n", 4)])
async def test_an_unknown_host_key_is_shown_and_asked_about(tmp_path: Path, key: str, code: int) -> None:
    with served_case("export-policy", tmp_path, known=False) as (opening, served):
        app = make_app(opening)
        async with app.run_test(size=(80, 24)) as pilot:
            await until(pilot, lambda: "host key of 127.0.0.1" in asked(pilot), "the host key")
            await until(pilot, lambda: served.devices["host"].fingerprint in screen_text(pilot), "its fingerprint")
            await pilot.press(key)
            await until(pilot, lambda: ended(pilot) or "Retry the mount" in asked(pilot), "what follows")
            if not ended(pilot):
                await pilot.press("y")
            await until(pilot, lambda: ended(pilot), "the end")
            await pilot.press("q")
        assert app.return_value == code


async def test_a_password_is_asked_for_and_never_shown(tmp_path: Path) -> None:
    with served_case("export-policy", tmp_path) as (opening, served):
        ssh = opening.settings.ssh
        assert ssh is not None
        no_key = Opening(
            **{
                **vars(opening),
                "settings": type(opening.settings)(**{**vars(opening.settings), "ssh": type(ssh)(**{**vars(ssh), "identity_files": ()})}),
            }
        )
        app = make_app(no_key)
        async with app.run_test(size=(80, 24)) as pilot:
            await until(pilot, lambda: "assword" in asked(pilot), "the password prompt")
            secret = served.devices["host"].password
            app.screen.query_one("#question-answer").value = secret
            await until(pilot, lambda: "•" * 10 in screen_text(pilot), "something hidden")
            assert secret not in screen_text(pilot)
            await pilot.press("enter")
            await until(pilot, lambda: "Retry the mount" in asked(pilot), "the run going on")
            await pilot.press("y")
            await until(pilot, lambda: ended(pilot), "the verdict")
            assert all(secret not in region(pilot, name) for name in ("path", "output", "evidence", "verdict"))
            await pilot.press("q")


async def test_an_unreachable_target_ends_with_its_own_exit_code(tmp_path: Path) -> None:
    with served_case("ssh-off", tmp_path) as (opening, _):
        app = make_app(opening)
        async with app.run_test(size=(80, 24)) as pilot:
            await until(pilot, lambda: on_run(pilot) and ended(pilot), "the end")
            assert "INCONCLUSIVE" in region(pilot, "verdict")
            await pilot.press("ctrl+c")
        assert app.return_value == 4


def test_no_verdict_is_an_interruption() -> None:
    assert exit_code(None) == exit_code(RunClosed(None, None)) == 130
