"""A command that waits for a yes: all of it can be read beside the field, it can be refused, and nothing says that it runs."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from steered_world import Device
from textual.widgets import Input
from tui_helpers import asked, ended, on_run, region, screen_text, told, until

from tshoot.model.effects import RunCommand
from tshoot.steering import Run
from tshoot.tui.app import TshootApp
from tshoot.tui.bridge import Bridge
from tshoot.tui.screens.confirm import Confirm
from tshoot.tui.screens.run import RunScreen
from tshoot.tui.widgets.question.bar import QuestionBar
from tshoot.tui.widgets.question.telling import LONGEST
from tshoot.tui.widgets.steering.own import OwnCommand
from tshoot.wiring import Opening

LONG = f"rm -rf {' '.join(f'/var/tmp/aaaaaaaaaaaaaaaaaaaaaaaaaa{number:02}' for number in range(30))} ; reboot"
SIZES = pytest.mark.parametrize("size", [(80, 24), (60, 14), (140, 40)], ids=["80x24", "60x14", "140x40"])


@contextmanager
def an_app(clock: Callable[[], float] = lambda: 0.0) -> Iterator[TshootApp]:
    app = TshootApp(Opening(), clock=clock)
    try:
        yield app
    finally:
        app.end_runs()


async def with_the_name_asked(pilot, device: Device, root: Path, command: str) -> None:
    """The run, its question answered, and then a command of the operator's own."""
    pilot.app.show_work(device.work(root), "small")
    await until(pilot, lambda: "Mount now" in asked(pilot), "the question of the capture")
    await own_command(pilot, command)
    await until(pilot, lambda: "1 more question behind this one" in screen_text(pilot), "the name, behind it")
    await pilot.press("y")
    await until(pilot, lambda: "Type the name" in asked(pilot) and has_keys(pilot), "the name")


async def own_command(pilot, command: str) -> None:
    await pilot.press("exclamation_mark")
    await until(pilot, lambda: isinstance(pilot.app.screen, OwnCommand), "the field")
    pilot.app.screen.query_one(Input).value = command
    await pilot.press("enter")
    await until(pilot, lambda: on_run(pilot), "the run")


def has_keys(pilot) -> bool:
    return any(bar.has_keys for bar in pilot.app.screen.query(QuestionBar))


@SIZES
async def test_all_of_a_long_command_is_read_beside_the_field(tmp_path: Path, size: tuple[int, int]) -> None:
    device = Device()
    with an_app() as app:
        async with app.run_test(size=size) as pilot:
            await with_the_name_asked(pilot, device, tmp_path, LONG)
            await until(pilot, lambda: "enter  answer" in screen_text(pilot), "the keys")
            seen = screen_text(pilot)
            assert "Type the name of the device to run it: esx01." in seen.replace("\n", " ")
            assert "esc  do not run it" in seen
            field = app.screen.query_one("#question-answer")
            await pilot.press(*"esx")
            assert "esx" in screen_text(pilot).splitlines()[field.region.y], "what is typed is seen"
            for _ in range(60):
                if "; reboot" in screen_text(pilot):
                    break
                await pilot.press("down")
                await pilot.pause()
            assert "; reboot" in screen_text(pilot)
            assert "esx" in screen_text(pilot).splitlines()[field.region.y], "the field stays in sight"
            assert "esc  do not run it" in screen_text(pilot)
            await pilot.press(*"01", "enter")
            await until(pilot, lambda: ("host", LONG) in device.run, "the command")


async def test_escape_in_the_field_runs_nothing(tmp_path: Path) -> None:
    device = Device()
    with an_app() as app:
        async with app.run_test(size=(80, 24)) as pilot:
            await with_the_name_asked(pilot, device, tmp_path, "reboot now")
            await pilot.press("q", "escape")
            await until(pilot, lambda: "the device was not named" in region(pilot, "output") or ended(pilot), "that it was refused")
            assert not isinstance(app.screen, Confirm), "leaving was not asked about"
            assert not asked(pilot)
            assert ("host", "reboot now") not in device.run


async def test_what_nobody_agreed_to_does_not_run_and_its_time_begins_with_the_yes(tmp_path: Path) -> None:
    device, now = Device(), [1000.0]
    with an_app(lambda: now[0]) as app:
        async with app.run_test(size=(140, 40)) as pilot:
            app.show_work(device.work(tmp_path), "small")
            await until(pilot, lambda: "Mount now" in asked(pilot), "the question of the capture")
            await own_command(pilot, "reboot now")
            await until(pilot, lambda: "not run yet: waits for your answer" in screen_text(pilot), "that it waits")
            now[0] += 39
            await until(pilot, lambda: "39 s of at most" in screen_text(pilot), "the time of the capture")
            assert "running reboot now" not in screen_text(pilot)
            device.free.clear()
            now[0] += 61
            await pilot.press("y")
            await until(pilot, lambda: "Type the name" in asked(pilot) and has_keys(pilot), "the name")
            await pilot.press(*"esx01", "enter")
            await until(pilot, lambda: "running reboot now" in screen_text(pilot), "that it runs")
            assert "running reboot now  0 s of at most" in screen_text(pilot)
            device.free.set()


async def test_what_cannot_be_shown_whole_is_not_run() -> None:
    command = RunCommand("reach/1@host", "reach", "host", f"ping {'-c 3 ' * LONGEST}; reboot")
    said: list[object] = []

    def work(bridge: Bridge) -> None:
        said.append(bridge.approve(command, bridge.cancel))

    with an_app() as app:
        async with app.run_test(size=(80, 24)) as pilot:
            app.show_work(told([], work), "long")
            await until(pilot, lambda: isinstance(app.screen, RunScreen) and asked(pilot), "the command")
            await pilot.press("y")
            await until(pilot, lambda: "it cannot be shown whole" in screen_text(pilot), "that it is not run")
            assert said == []
            await pilot.press("tab")
            await until(pilot, lambda: app.screen.focused is app.screen.query_one("#question-said"), "the text")
            await pilot.press("end")
            await until(pilot, lambda: "more characters" in screen_text(pilot), "that it is cut")
            missing = len(f"Run on host?  $ {command.command}") - LONGEST
            assert f"{missing:,} more characters" in " ".join(screen_text(pilot).replace("│", " ").split())
            assert "y  run" in screen_text(pilot)
            app.screen._bridge.cancel.cancel()
    assert Run() not in said


@SIZES
async def test_a_command_that_is_approved_is_read_to_its_end(size: tuple[int, int]) -> None:
    command = RunCommand("reach/1@host", "reach", "host", LONG, why="a reason")
    said: list[object] = []

    def work(bridge: Bridge) -> None:
        said.append(bridge.approve(command, bridge.cancel))
        bridge.cancel.wait(60)

    with an_app() as app:
        async with app.run_test(size=size) as pilot:
            app.show_work(told([], work), "long")
            await until(pilot, lambda: isinstance(app.screen, RunScreen) and "y  run" in screen_text(pilot), "the command and its keys")
            assert "Run on host?" in screen_text(pilot)
            if "; reboot" not in screen_text(pilot):
                await until(pilot, lambda: "read on" in screen_text(pilot), "that there is more")
                await pilot.press("tab")
                await until(pilot, lambda: app.screen.focused is app.screen.query_one("#question-said"), "the text")
                await pilot.press("end")
                await until(pilot, lambda: "; reboot" in screen_text(pilot), "its end")
            assert "y  run" in screen_text(pilot)
            await pilot.press("y")
            await until(pilot, lambda: said == [Run()], "the approval")
            app.screen._bridge.cancel.cancel()
