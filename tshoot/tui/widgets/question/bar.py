"""A question of the run, above the footer: what was asked, why, and the keys that answer.

It leaves the regions above in sight, so that an answer can be looked up in them. One question at a time;
others wait behind it.
"""

from __future__ import annotations

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.message import Message
from textual.widgets import Input, OptionList, Static
from textual.widgets.option_list import Option

from tshoot.model.effects import RunCommand, StartCapture
from tshoot.model.text import clean_line
from tshoot.steering import Approval, Edit, approvals_for
from tshoot.tui.messages import Question

_LONGEST = 600


class _Answer(Input):
    """What is typed hidden stays in here: it is not copied."""

    def action_copy(self) -> None:
        if not self.password:
            super().action_copy()

    def action_cut(self) -> None:
        if not self.password:
            super().action_cut()


class QuestionBar(Vertical):
    """Hidden while there is nothing to answer."""

    class Left(Message):
        """The last question was answered: the keys belong to the regions again."""

    def __init__(self, id: str | None = None) -> None:
        super().__init__(id=id)
        self._questions: list[Question] = []

    def compose(self) -> ComposeResult:
        yield Static("", id="question-text", markup=False)
        yield Static("", id="question-detail", markup=False)
        yield OptionList(id="question-choices", markup=False)
        yield _Answer(id="question-answer", select_on_focus=False)
        yield Static("", id="question-keys", markup=False)

    @property
    def current(self) -> Question | None:
        return self._questions[0] if self._questions else None

    @property
    def has_keys(self) -> bool:
        """Whether what is typed goes into a field of the question."""
        return self.current is not None and self.current.form not in {"confirm", "approve"} and self.has_focus_within

    def choose(self, index: int) -> bool:
        """Answer a choice that has the keys with its choice `index`, counted from 0; False where there is none."""
        if not self.has_keys or self.current is None or index >= len(self.current.choices):
            return False
        self.give(self.current.choices[index])
        return True

    def ask(self, question: Question) -> None:
        self._questions.append(question)
        self._show()

    def give(self, answer: str | Approval | None, question: Question | None = None) -> None:
        """Answer the question that is shown, or `question`, which may have been withdrawn meanwhile."""
        question = question or self.current
        if question in self._questions:
            self._questions.remove(question)
            question.answer(answer)
            self._show()

    def drop_withdrawn(self) -> None:
        """Questions that nobody waits for any more."""
        open_ones = [question for question in self._questions if not question.answered]
        if len(open_ones) != len(self._questions):
            self._questions = open_ones
            self._show()

    def close(self) -> None:
        """No question is answered any more."""
        while self._questions:
            self._questions.pop().answer(None)
        self._show()

    def _show(self) -> None:
        question = self.current
        self.set_class(question is not None, "open")
        self.screen.refresh_bindings()
        self.query_one(Input).value = ""  # also half a password whose question was withdrawn
        if question is None:
            self.post_message(self.Left())
            return
        self.query_one("#question-text", Static).update(Content(_text(question)[:_LONGEST]))
        self.query_one("#question-detail", Static).update(Content(clean_line(question.detail)[:_LONGEST]))
        self.query_one("#question-keys", Static).update(_keys(question))
        field, choices = self.query_one(Input), self.query_one(OptionList)
        field.display, choices.display = question.form in {"text", "secret"}, question.form == "choice"
        field.password = question.form == "secret"
        choices.clear_options()
        choices.add_options([Option(Content(f"{number}  {clean_line(choice)[:_LONGEST]}")) for number, choice in enumerate(question.choices, 1)])
        if field.display:
            field.focus()
        elif choices.display:
            choices.highlighted = 0
            choices.focus()

    def on_input_submitted(self, event: Input.Submitted) -> None:
        event.stop()
        value = event.value
        event.input.value = ""
        if value or (self.current and self.current.form == "secret"):
            self.give(value)

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        event.stop()
        if self.current:
            self.give(self.current.choices[event.option_index])


def _text(question: Question) -> str:
    match question.effect:
        case RunCommand() as effect:
            return f"Run on {clean_line(effect.target)}?  $ {clean_line(effect.command)}"
        case StartCapture() as effect:
            bounds = f"at most {effect.seconds:g} s, {effect.packets:,} packets, {effect.megabytes:g} MB"
            return f"Capture on {clean_line(effect.target)}?  {clean_line(effect.interface)}: {clean_line(effect.filter)} ({bounds})"
    return clean_line(question.text)[:_LONGEST]


def _keys(question: Question) -> Content:
    match question.form:
        case "approve":
            run, skip = (" y ", "reverse"), (" n ", "reverse")
            more = Edit in approvals_for(question.effect) if question.effect else False
            others = (" e ", "reverse"), " edit   ", (" h ", "reverse"), " done by hand"
            return Content.assemble(run, " run   ", skip, " skip   ", *(others if more else ()))
        case "confirm":
            return Content.assemble((" y ", "reverse"), " yes   ", (" n ", "reverse"), " no")
        case "choice":
            return Content.assemble((" ↑↓ ", "reverse"), " choose   ", (" enter ", "reverse"), " answer")
        case _:
            hidden = "   what you type is not shown" if question.form == "secret" else ""
            return Content.assemble((" enter ", "reverse"), f" answer{hidden}")
