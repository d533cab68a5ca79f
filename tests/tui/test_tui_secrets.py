"""What is typed hidden stays hidden in the interface: no clipboard, no crash report, no representation shows it."""

from __future__ import annotations

from textual.app import App, ComposeResult
from textual.widgets import Input

from tshoot.opening import Opening
from tshoot.tui.app import TshootApp
from tshoot.tui.messages import Question
from tshoot.tui.widgets.question.bar import QuestionBar

SECRET = "Hunter" + str(21 * 2)


class Asking(App[None]):
    def compose(self) -> ComposeResult:
        yield QuestionBar()


async def test_a_password_cannot_be_cut_or_copied() -> None:
    app = Asking()
    async with app.run_test() as pilot:
        for form, taken in (("text", SECRET), ("secret", "")):
            app._clipboard = ""
            app.query_one(QuestionBar).ask(question := Question(form, "Password:"))  # type: ignore[arg-type]
            await pilot.pause()
            for last in ("ctrl+c", "ctrl+x"):
                app.query_one(Input).value = SECRET
                await pilot.press("end", "shift+home", last)
                assert app.clipboard == taken
            app.query_one(QuestionBar).give(SECRET, question)
            await pilot.pause()
            assert app.query_one(Input).value == ""


def test_the_answer_of_a_question_is_not_shown() -> None:
    question = Question("secret", "Password:")
    question.answer(SECRET)
    assert SECRET not in repr(question)


async def test_a_crash_report_shows_no_local_variables() -> None:
    app = TshootApp(Opening())
    async with app.run_test():
        try:
            _fail(SECRET)
        except RuntimeError:
            app._fatal_error()
        told = "".join(segment.text for report in app._exit_renderables for segment in report.segments)  # type: ignore[union-attr]
        app._exit_renderables.clear()
    assert "_fail" in told
    assert "out of ideas" in told
    assert SECRET not in told


def _fail(typed: str) -> None:
    copy = typed * 2
    raise RuntimeError(f"out of ideas after {len(copy)}")
