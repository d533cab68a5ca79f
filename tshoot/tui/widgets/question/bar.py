"""A question of the run, above the footer: what was asked, why, and the keys that answer.

It leaves the regions above in sight, so that an answer can be looked up in them. One question at a time;
others wait behind it.

Nobody answers by what he types into something else: while somebody types, a question does not take the keys, and an answer by one
key counts only once the question was in sight for a moment (`quiet`) without any.
"""

from __future__ import annotations

from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.message import Message
from textual.screen import Screen
from textual.widget import Widget
from textual.widgets import Input, OptionList

from tshoot.steering import Approval, Run
from tshoot.tui.messages import Question
from tshoot.tui.widgets.question.quiet import Quiet, is_typed_into
from tshoot.tui.widgets.question.shown import BY_ONE_KEY, QuestionShown
from tshoot.tui.widgets.question.telling import is_cut, question_keys

_LOOK_AGAIN = 0.1  # seconds
_EARLY = "that key came too early: press it again"
_EMPTY = "nothing was typed: enter once more sends it empty"
_TOO_LONG = "it cannot be shown whole: it is not run"


class QuestionBar(QuestionShown):
    """Hidden while there is nothing to answer. `quiet`: seconds."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "decline", "Do not run it", show=False),
    ]
    quiet: ClassVar[float] = 0.7

    class Left(Message):
        """The last question was answered: the keys belong to the regions again."""

    def __init__(self, id: str | None = None) -> None:
        super().__init__(id=id)
        self._questions: list[Question] = []
        self._before: Widget | None = None  # what had the keys before the question took them
        self._since = 0.0  # when it came into sight
        self._settled = False
        self._answered = False  # whether the last key that was expected answered a question
        self._takes_later = False
        self._remark = ""
        self._emptied: float | None = None  # when an empty secret was to be sent

    def on_mount(self) -> None:
        self._typed: Quiet = getattr(self.app, "quiet", None) or Quiet()
        self._look = self.set_interval(_LOOK_AGAIN, self._settle, pause=True)
        self.screen.bindings_updated_signal.subscribe(self, self._keys_moved)
        self.expect()

    # --- what is asked ---

    @property
    def current(self) -> Question | None:
        return self._questions[0] if self._questions else None

    def expect(self) -> None:
        """Whoever pressed the last key waits for a question: until he presses another one it may take the keys."""
        self._expected, self._answered = self._typed.count, False

    @property
    def _is_expected(self) -> bool:
        return self._expected == self._typed.count

    def ask(self, question: Question) -> None:
        self._questions.append(question)
        if question is self.current:
            self._show()
        else:
            self._tell(self._remark)

    def give(self, answer: str | Approval | None, question: Question | None = None) -> None:
        """Answer the question that is shown, or `question`, which may have been withdrawn meanwhile."""
        question = question or self.current
        if question not in self._questions:
            return
        if question is self.current and answer is not None:
            if question.form in BY_ONE_KEY and not self.hears():
                return
            if is_cut(question) and (isinstance(answer, Run) or (question.lets_run and answer not in ("", "no"))):
                self._tell(_TOO_LONG)
                return
        self._questions.remove(question)
        question.answer(answer)
        self.expect()
        self._answered = True
        self._show()

    def hears(self) -> bool:
        """Whether an answer by one key counts yet; says so where it does not."""
        if self.current is not None and not self._settled:
            self._tell(_EARLY)
        return self._settled

    def drop_withdrawn(self) -> None:
        """Questions that nobody waits for any more."""
        open_ones = [question for question in self._questions if not question.answered]
        if len(open_ones) == len(self._questions):
            return
        shown, self._questions = self.current, open_ones
        if self.current is not shown:
            self._show()
        else:
            self._tell(self._remark)

    def close(self) -> None:
        """No question is answered any more."""
        while self._questions:
            self._questions.pop().answer(None)
        self._show()

    # --- who has the keys ---

    @property
    def has_keys(self) -> bool:
        """Whether what is typed goes into a field of the question."""
        return self.current is not None and self.current.form not in BY_ONE_KEY and self.has_focus_within

    @property
    def is_heard(self) -> bool:
        """Whether the keys that answer arrive here: not where they are typed into something else."""
        if self.current is None:
            return False
        return not is_typed_into(self.screen.focused) if self.current.form in BY_ONE_KEY else self.has_focus_within

    @property
    def places(self) -> list[Widget]:
        """What can have the keys while the question is open, first what they answer in."""
        if self.current is None:
            return []
        if self.current.form not in BY_ONE_KEY:
            return [self._place(self.current), *([self._said] if self.overflows else [])]
        return [self._said] if self.overflows or not self.is_heard else []

    def _take_keys(self, question: Question) -> None:
        """Not from a field in which somebody may go on typing, unless he waits for the question; by one key it is answered from anywhere else."""
        before = self._before if self.has_focus_within else self.screen.focused
        if is_typed_into(before):
            takes = self._is_expected and self._answered
            self._takes_later = self._is_expected and not takes
        else:
            asked = question.lets_run or self._is_expected or self._typed.lasted() >= self.quiet
            takes, self._takes_later = asked and question.form not in BY_ONE_KEY, False
        if takes:
            self._take(question, before)
        else:
            self._give_back()

    def _take(self, question: Question, before: Widget | None) -> None:
        self._before = before
        self._place(question).focus()

    def _give_back(self) -> None:
        if self.has_focus_within:
            before = self._before
            self.screen.set_focus(before if before is not None and before.is_attached else None, scroll_visible=False)

    def _keys_moved(self, screen: Screen[object]) -> None:
        if self.is_attached:
            if not self.has_focus_within:
                self._before = self.screen.focused
            self._tell(self._remark)

    # --- what is seen ---

    def _show(self) -> None:
        question = self.current
        self.set_class(question is not None, "open")
        self._forget_typed()
        self.screen.refresh_bindings()
        self._since, self._settled, self._remark, self._emptied = self._typed.clock(), False, "", None
        if question is None:
            self._look.pause()
            self._give_back()
            self.post_message(self.Left())
            return
        self._fill(question)
        self._take_keys(question)
        self._look.resume()
        self._settle()
        self._tell()
        self.call_after_refresh(self._keys_moved, self.screen)  # by then it is known whether all of it is in sight

    def _settle(self) -> None:
        """Whether it was in sight for long enough without a key; under a dialog it is not."""
        if not self.screen.is_active:
            self._since = self._typed.clock()
        elif self._typed.lasted(self._since) >= self.quiet:
            self._settled = True
            self._look.pause()
            if self._takes_later and self._is_expected and self.current is not None:
                self._take(self.current, self.screen.focused)

    def _tell(self, remark: str = "") -> None:
        """The keys that answer, or how to get to where they do."""
        question, self._remark = self.current, remark
        if question is None:
            return
        keys = question_keys(question) if self.is_heard else [("tab", "answer")]
        if self.overflows:
            keys.append(("↑↓" if self.has_focus_within and question.form != "choice" else "tab ↑↓", "read on"))
        self._tell_keys(keys, remark, len(self._questions) - 1)

    def on_resize(self) -> None:
        self.call_after_refresh(self._keys_moved, self.screen)

    # --- keys ---

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        return action != "decline" or (self.current is not None and self.current.lets_run)

    def action_decline(self) -> None:
        """No needs no second look."""
        if (question := self.current) is not None:
            self._settled = True
            self.give("no" if question.form == "confirm" else "")

    def on_input_submitted(self, event: Input.Submitted) -> None:
        event.stop()
        value = event.value
        event.input.value = ""
        if value:
            self.give(value)
        elif self.current and self.current.form == "secret":
            self._give_nothing()

    def _give_nothing(self) -> None:
        """An empty password is one, too, where it is meant: a login that fails is counted."""
        now = self._typed.clock()
        if self._emptied is not None and now - self._emptied >= self.quiet:
            self.give("")
        else:
            self._emptied = now
            self._tell(_EMPTY)

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        event.stop()
        if self.current and self.hears():
            self.give(self.current.choices[event.option_index])
