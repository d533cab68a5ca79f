"""What is typed into something else is no answer: keys that come too early, a question in mid-word, empty secrets, ctrl+c."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from steered_world import Device
from textual.widgets import Input
from tui_helpers import asked, ended, on_run, region, screen_text, served_case, small_events, told, until

from tshoot.model.effects import AskOperator, RunCommand
from tshoot.model.events import RunEnded, VerdictReached
from tshoot.steering import Run
from tshoot.tui.app import TshootApp
from tshoot.tui.bridge import Bridge
from tshoot.tui.screens.confirm import Confirm
from tshoot.tui.widgets.field.field import Field
from tshoot.tui.widgets.lines.view import LinesView
from tshoot.tui.widgets.question.bar import QuestionBar
from tshoot.wiring import Opening, checked_playbook

NARROW = (80, 24)
EARLY = "that key came too early"


class Moment:
    """A clock that stands until it is moved."""

    def __init__(self) -> None:
        self.now = 100.0

    def pass_by(self, seconds: float = 1.0) -> None:
        self.now += seconds


@pytest.fixture
def moment(monkeypatch: pytest.MonkeyPatch) -> Moment:
    monkeypatch.setattr(QuestionBar, "quiet", 0.7)
    return Moment()


@contextmanager
def an_app(moment: Moment | None = None, opening: Opening | None = None, clock: Callable[[], float] = lambda: 0.0) -> Iterator[TshootApp]:
    app = TshootApp(opening or Opening(), clock=clock)
    if moment is not None:
        app.quiet.clock = lambda: moment.now
    try:
        yield app
    finally:
        app.end_runs()


def under_way() -> list:
    return [event for event in small_events() if not isinstance(event, VerdictReached | RunEnded)]


class Asking:
    """A run that asks when it is told to; `said` is what it was answered."""

    def __init__(self, *asks: Callable[[Bridge], object]) -> None:
        self.said: list[object] = []
        self._asks = asks
        self._go = threading.Semaphore(0)

    def go(self) -> None:
        self._go.release()

    def work(self, bridge: Bridge) -> None:
        for ask in self._asks:
            while not self._go.acquire(timeout=0.02):
                if bridge.cancel.cancelled:
                    return
            self.said.append(ask(bridge))
        bridge.cancel.wait(60)


def password(bridge: Bridge) -> str | None:
    return bridge.secret("Password for root", "esx01", False)


def a_choice(bridge: Bridge) -> str | None:
    return bridge.ask(AskOperator("which", "which", "Which path is it?", "choice", ("primary", "backup", "both")), bridge.cancel)


def a_text(bridge: Bridge) -> str | None:
    return bridge.ask(AskOperator("serial", "serial", "Serial number?", "text"), bridge.cancel)


async def begun(pilot, asking: Asking) -> None:
    pilot.app.show_work(told(under_way(), asking.work), "small")
    await until(pilot, lambda: on_run(pilot) and pilot.app.screen.query("#evidence") and "nfs.mount-denied" in region(pilot, "evidence"), "the run")


def bar(pilot) -> QuestionBar:
    return pilot.app.screen.query_one(QuestionBar)


def answer_field(pilot) -> Input:
    return pilot.app.screen.query_one("#question-answer", Input)


# --- ctrl+c -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("key", ["ctrl+c", "ctrl+q"])
@pytest.mark.parametrize("leaving", [False, True])
async def test_to_get_out_is_a_yes_to_leaving_alone(key: str, leaving: bool) -> None:
    with an_app() as app:
        async with app.run_test(size=NARROW) as pilot:
            said: list[object] = []
            app.push_screen(Confirm("Sure?", leaving=leaving), said.append)
            await until(pilot, lambda: "Sure?" in screen_text(pilot), "the question")
            await pilot.press(key)
            await until(pilot, lambda: said, "the answer")
            assert said == [leaving]
            assert app.return_value is None, "it answers the question and does nothing else"


async def test_ctrl_c_does_not_take_a_node_again(tmp_path: Path) -> None:
    device = Device()
    with an_app() as app:
        async with app.run_test(size=NARROW) as pilot:
            app.show_work(device.work(tmp_path), "small")
            await until(pilot, lambda: "Mount now" in asked(pilot), "the question of the capture")
            await pilot.press("1", "g", "r")
            await until(pilot, lambda: "Go back to reach" in screen_text(pilot), "whether it is meant")
            await pilot.press("ctrl+c")
            await until(pilot, lambda: on_run(pilot), "the run")
            await pilot.press("y")
            await until(pilot, lambda: ended(pilot), "the verdict")
            assert len(device.run) == 1
            assert "goes back" not in region(pilot, "path")


# --- keys that come too early -----------------------------------------------------------------------


async def test_yes_counts_once_the_question_was_in_sight_for_a_moment(moment: Moment) -> None:
    asking = Asking(lambda bridge: bridge.agree("Trust it?", "a host key"))
    with an_app(moment) as app:
        async with app.run_test(size=NARROW) as pilot:
            await begun(pilot, asking)
            asking.go()
            await until(pilot, lambda: asked(pilot), "the question")
            await pilot.press("y")
            await until(pilot, lambda: EARLY in screen_text(pilot), "that it was not counted")
            moment.pass_by(0.5)
            await pilot.press("j")
            moment.pass_by(0.5)
            await pilot.press("y")
            await pilot.pause()
            assert asking.said == [], "a key came meanwhile"
            moment.pass_by()
            await until(pilot, lambda: bar(pilot)._settled, "that the keys count")
            await pilot.press("j", "y")
            await until(pilot, lambda: asking.said == [True], "the answer")


async def test_a_question_under_a_dialog_was_not_in_sight(moment: Moment) -> None:
    asking = Asking(lambda bridge: bridge.agree("Trust it?", "a host key"))
    with an_app(moment) as app:
        async with app.run_test(size=NARROW) as pilot:
            await begun(pilot, asking)
            app.push_screen(Confirm("Something else?"))
            await until(pilot, lambda: isinstance(app.screen, Confirm), "the dialog")
            asking.go()
            run = app.screen_stack[-2]
            await until(pilot, lambda: run.query_one(QuestionBar).current, "the question under it")
            moment.pass_by(5)
            for _ in range(3):
                await pilot.pause(0.1)  # its looks at the clock
            await pilot.press("y", "y")
            await until(pilot, lambda: EARLY in screen_text(pilot), "that the second one was not counted")
            assert asking.said == []


async def test_step_by_step_nothing_runs_by_a_key_too_early(moment: Moment) -> None:
    command = RunCommand("reach/1@host", "reach", "host", "ping -c 3 192.0.2.50")
    asking = Asking(lambda bridge: bridge.approve(command, bridge.cancel))
    with an_app(moment) as app:
        async with app.run_test(size=NARROW) as pilot:
            await begun(pilot, asking)
            asking.go()
            await until(pilot, lambda: "$ ping" in screen_text(pilot), "the command")
            await pilot.press("y", "n", "e", "h")
            await until(pilot, lambda: EARLY in screen_text(pilot), "that they were not counted")
            assert on_run(pilot), "no dialog was opened"
            assert asking.said == []
            moment.pass_by()
            await until(pilot, lambda: bar(pilot)._settled, "that the keys count")
            await pilot.press("y")
            await until(pilot, lambda: asking.said == [Run()], "the approval")


@pytest.mark.parametrize("typed", ["my", "yy", "ny"])
async def test_who_types_on_in_the_set_up_trusts_no_host_key(tmp_path: Path, moment: Moment, typed: str) -> None:
    with served_case("export-policy", tmp_path, known=False) as (opening, _), an_app(moment, opening) as app:
        async with app.run_test(size=NARROW) as pilot:
            app.set_up(checked_playbook(opening.playbook))
            await until(pilot, lambda: app.screen.query(Field), "the set-up")
            share = next(field for field in app.screen.query(Field) if field.label == "share")
            share.focus_input()
            before = share.value
            await pilot.press("ctrl+t")
            await until(pilot, lambda: "host key" in asked(pilot), "the host key")
            await pilot.press(*typed)
            await pilot.pause()
            assert share.value == before + typed
            assert asked(pilot)
            assert "tab  answer" in screen_text(pilot)
            assert "y Yes" not in screen_text(pilot), "the last line tells no key that does something else"
            moment.pass_by()
            await until(pilot, lambda: bar(pilot)._settled, "that it was seen")
            assert share.query_one(Input).has_focus, "what was typed into keeps the keys"
            await pilot.press("tab", "n")
            await until(pilot, lambda: not asked(pilot), "the answer")
            assert not (tmp_path / "known_hosts").exists()
            await until(pilot, lambda: app.screen.trials is None, "the end of the test")
            assert share.query_one(Input).has_focus, "they are given back to it"


async def test_who_waits_for_the_host_key_answers_it(tmp_path: Path, moment: Moment) -> None:
    with served_case("export-policy", tmp_path, known=False) as (opening, _), an_app(moment, opening) as app:
        async with app.run_test(size=NARROW) as pilot:
            app.set_up(checked_playbook(opening.playbook))
            await until(pilot, lambda: app.screen.query(Field), "the set-up")
            await pilot.press("ctrl+t")
            await until(pilot, lambda: "host key" in asked(pilot), "the host key")
            moment.pass_by()
            await until(pilot, lambda: "y  yes" in screen_text(pilot), "its keys")
            await pilot.press("y")
            await until(pilot, lambda: "✓ logged in" in screen_text(pilot), "the login")
            assert (tmp_path / "known_hosts").exists()


# --- in mid-word ------------------------------------------------------------------------------------


@pytest.mark.parametrize("ask", [password, a_text, a_choice])
async def test_words_that_are_looked_for_are_no_answer(moment: Moment, ask: Callable[[Bridge], object]) -> None:
    asking = Asking(ask)
    with an_app(moment) as app:
        async with app.run_test(size=NARROW) as pilot:
            await begun(pilot, asking)
            await pilot.press("slash", *"ro")
            moment.pass_by(60)
            asking.go()
            await until(pilot, lambda: "tab  answer" in screen_text(pilot), "the question, and how to get to it")
            await pilot.press(*"ot", "enter")
            await pilot.pause()
            assert asking.said == []
            assert "/root" in screen_text(pilot)
            await pilot.press("tab")
            await until(pilot, lambda: bar(pilot).has_keys, "the keys")
            moment.pass_by()
            await until(pilot, lambda: bar(pilot)._settled, "that it was seen")
            await pilot.press(*([] if ask is a_choice else "pass"), "enter")
            await until(pilot, lambda: asking.said == ["primary" if ask is a_choice else "pass"], "the answer")


async def test_a_yes_among_words_that_are_looked_for_is_none(moment: Moment) -> None:
    asking = Asking(lambda bridge: bridge.agree("Trust it?", "a host key"))
    with an_app(moment) as app:
        async with app.run_test(size=NARROW) as pilot:
            await begun(pilot, asking)
            await pilot.press("slash", *"nf")
            asking.go()
            await until(pilot, lambda: "tab  answer" in screen_text(pilot), "the question, and how to get to it")
            moment.pass_by()
            await until(pilot, lambda: bar(pilot)._settled, "that it was seen")
            await pilot.press("y", "n")
            await pilot.pause()
            assert asking.said == []
            await pilot.press("tab")
            await until(pilot, lambda: "y  yes" in screen_text(pilot), "its keys")
            await pilot.press("y")
            await until(pilot, lambda: asking.said == [True], "the answer")


async def test_a_key_just_before_or_an_open_field_keeps_the_keys(moment: Moment) -> None:
    asking = Asking(a_text, password)
    with an_app(moment) as app:
        async with app.run_test(size=NARROW) as pilot:
            await begun(pilot, asking)
            await pilot.press("j")
            moment.pass_by(0.3)
            asking.go()
            await until(pilot, lambda: asked(pilot), "the question")
            await pilot.press("k", "enter")
            assert not bar(pilot).has_keys
            await pilot.press("tab", *"abc")
            asking.go()
            await until(pilot, lambda: answer_field(pilot).value == "abc", "what is typed")
            await pilot.press("enter")
            await until(pilot, lambda: asking.said == ["abc"] and "Password" in asked(pilot), "the next question")
            await until(pilot, lambda: bar(pilot).has_keys, "that whoever answers goes on answering")


async def test_where_nobody_types_the_question_takes_the_keys(moment: Moment) -> None:
    asking = Asking(a_text)
    with an_app(moment) as app:
        async with app.run_test(size=NARROW) as pilot:
            await begun(pilot, asking)
            await pilot.press("j")
            moment.pass_by()
            asking.go()
            await until(pilot, lambda: asked(pilot) and bar(pilot).has_keys, "the question")
            await pilot.press(*"X1", "enter")
            await until(pilot, lambda: asking.said == ["X1"], "the answer")


async def test_half_an_answer_outlives_a_question_behind_it() -> None:
    asking = Asking(a_text)
    with an_app() as app:
        async with app.run_test(size=NARROW) as pilot:
            await begun(pilot, asking)
            asking.go()
            await until(pilot, lambda: asked(pilot) and bar(pilot).has_keys, "the question")
            await pilot.press(*"X1")
            behind = threading.Thread(target=password, args=(app.bridges[0],), daemon=True)
            behind.start()
            await until(pilot, lambda: "1 more question behind this one" in screen_text(pilot), "that another one waits")
            await pilot.press(*"23", "enter")
            await until(pilot, lambda: asking.said == ["X123"], "the answer")
            await until(pilot, lambda: "Password" in asked(pilot), "the other one")
            assert "behind this one" not in screen_text(pilot)


async def test_an_answer_that_is_typed_is_not_taken_for_the_next_question(moment: Moment) -> None:
    """The question was withdrawn in mid-word, and another one stood behind it."""
    with an_app(moment) as app:
        async with app.run_test(size=NARROW) as pilot:
            asking = Asking(password, a_text)
            await begun(pilot, asking)
            moment.pass_by()
            asking.go()
            await until(pilot, lambda: asked(pilot) and bar(pilot).has_keys, "the password")
            await pilot.press(*"hunt")
            asking.go()
            bar(pilot).current.answer(None)
            await until(pilot, lambda: "Serial" in asked(pilot), "the next question")
            await pilot.press(*"er", "enter")
            await pilot.pause()
            assert answer_field(pilot).value == ""
            assert asking.said == [None]


# --- an empty secret --------------------------------------------------------------------------------


async def test_an_empty_secret_is_asked_for_once_more(moment: Moment) -> None:
    asking = Asking(password)
    with an_app(moment) as app:
        async with app.run_test(size=NARROW) as pilot:
            await begun(pilot, asking)
            asking.go()
            moment.pass_by()
            await until(pilot, lambda: asked(pilot) and bar(pilot).has_keys, "the question")
            await pilot.press("enter", "enter")
            await until(pilot, lambda: "nothing was typed" in screen_text(pilot), "that it was not sent")
            assert asking.said == []
            moment.pass_by()
            await pilot.press("enter")
            await until(pilot, lambda: asking.said == [""], "the empty one, which is meant")


# --- digits are regions -----------------------------------------------------------------------------


async def test_digits_show_regions_while_a_choice_is_open() -> None:
    asking = Asking(a_choice)
    with an_app() as app:
        async with app.run_test(size=NARROW) as pilot:
            await begun(pilot, asking)
            asking.go()
            await until(pilot, lambda: asked(pilot) and bar(pilot).has_keys, "the question")
            await pilot.press("2")
            await until(pilot, lambda: "[2 Output]" in screen_text(pilot), "the output")
            assert asking.said == []
            assert bar(pilot).has_keys
            await pilot.press("tab")
            assert isinstance(app.screen.focused, LinesView)
            await pilot.press("tab")
            await until(pilot, lambda: bar(pilot).has_keys, "the choices again")
            await pilot.press("down", "enter")
            await until(pilot, lambda: asking.said == ["backup"], "the answer")
