"""What is seen of a question: its text, which scrolls; choices or a field, and the keys that answer, which stay in sight."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical, VerticalScroll
from textual.content import Content
from textual.widget import Widget
from textual.widgets import Input, OptionList
from textual.widgets.option_list import Option

from tshoot.model.text import clean_line
from tshoot.tui.messages import Question
from tshoot.tui.widgets.question.telling import LONGEST, LONGEST_DETAIL, cut, keys_line, question_text
from tshoot.tui.widgets.static import Static

BY_ONE_KEY = ("confirm", "approve")  # forms that have no field


class _Answer(Input):
    """What is typed hidden stays in here: it is not copied."""

    def action_copy(self) -> None:
        if not self.password:
            super().action_copy()

    def action_cut(self) -> None:
        if not self.password:
            super().action_cut()


class QuestionShown(Vertical):
    BINDINGS: ClassVar[list[BindingType]] = [Binding(key, f"read('{key}')", show=False) for key in ("up", "down", "pageup", "pagedown")]
    HELP: ClassVar[dict[str, dict[str, str]]] = {  # type: ignore[assignment]  # Textual's own is one text
        "A question": {
            "tab": "to the question, and on to the next region",
            "↑ ↓ pgup pgdn": "read on, where it is longer than its place",
            "esc": "do not run the command that was typed",
        }
    }
    _told: tuple[list[tuple[str, str]], str] = ([], "")

    def compose(self) -> ComposeResult:
        with Vertical(id="question-answering"):
            yield OptionList(id="question-choices", markup=False)
            yield _Answer(id="question-answer", select_on_focus=False)
            yield Static("", id="question-keys", markup=False)
        with VerticalScroll(id="question-said"):
            yield Static("", id="question-text", markup=False)
            yield Static("", id="question-detail", markup=False)

    @property
    def _said(self) -> Widget:
        return self.query_one("#question-said")

    @property
    def overflows(self) -> bool:
        """Whether the text is longer than its place."""
        return self._said.max_scroll_y > 0

    def _place(self, question: Question) -> Widget:
        """Where it is answered; by one key it is answered from anywhere."""
        if question.form in BY_ONE_KEY:
            return self._said
        return self.query_one(OptionList) if question.form == "choice" else self.query_one(Input)

    def _forget_typed(self) -> None:
        """Also half a password whose question was withdrawn."""
        self.query_one(Input).value = ""

    def _fill(self, question: Question) -> None:
        self.query_one("#question-text", Static).update(Content(cut(question_text(question), LONGEST)))
        detail = self.query_one("#question-detail", Static)
        detail.update(Content(cut(clean_line(question.detail), LONGEST_DETAIL)))
        detail.display = bool(question.detail)
        self._said.scroll_home(animate=False)
        field, choices = self.query_one(Input), self.query_one(OptionList)
        field.display, choices.display = question.form in {"text", "secret"}, question.form == "choice"
        field.password = question.form == "secret"
        choices.clear_options()
        choices.add_options([Option(Content(cut(clean_line(choice), LONGEST_DETAIL))) for choice in question.choices])
        choices.highlighted = 0 if question.choices else None

    def _tell_keys(self, keys: list[tuple[str, str]], remark: str, behind: int) -> None:
        """`behind`: how many questions wait."""
        if (told := (keys, remark)) != self._told:
            self._told = told
            self.query_one("#question-keys", Static).update(keys_line(*told))
        self.border_subtitle = f"{behind} more question{'' if behind == 1 else 's'} behind this one" if behind else ""

    def action_read(self, key: str) -> None:
        said = self._said
        scroll = {"up": said.scroll_up, "down": said.scroll_down, "pageup": said.scroll_page_up, "pagedown": said.scroll_page_down}[key]
        scroll(animate=False)
