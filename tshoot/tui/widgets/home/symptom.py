"""The field of the home screen: a symptom in one's own words, or the path of a capture, a transcript or a session.

What is wrong with a path stands under the field, in words. Folders are read in a thread: one that does not answer delays no key.
Nothing is looked for before the keys have paused: a page that is pasted key by key holds nobody up.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.message import Message
from textual.timer import Timer
from textual.widgets import Input

from tshoot.model.text import clean_line
from tshoot.tui.paths import MOST_SHOWN, Choice, Place, choices, completed, looks_like_path, may_be_words, meant, what_lies_at
from tshoot.tui.widgets.static import Static

_PAUSE = 0.1  # seconds after the last key before something is looked for


class SymptomInput(Input):
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "submit", "Choose"),
        Binding("down", "screen.into_list", "Lists", key_display="↓"),
        Binding("tab", "complete", "Next", show=False),
    ]

    def action_complete(self) -> None:
        """As a shell does; where nothing is to be completed, to the lists."""
        field = self.parent
        if isinstance(field, SymptomField) and field.is_path:
            field.complete()
        else:
            self.screen.focus_next()


class SymptomField(Vertical):
    HELP: ClassVar[dict[str, dict[str, str]]] = {  # type: ignore[assignment]  # Textual's own is one text
        "The symptom": {
            "type": "the symptom in your own words, or a line of the error message, also one that begins with a path",
            "a path": "opens a capture, a transcript or a session; tab completes it",
            "enter": "set the best playbook up, or open the file",
            "ctrl+o": "open a file: the list shows what is in this folder",
            "↓ tab": "to the lists; / comes back",
        }
    }

    class Typed(Message):
        """Words were typed; "" where nothing is."""

        def __init__(self, words: str) -> None:
            super().__init__()
            self.words = words

    class Looked(Message):
        """What lies at the path that was `typed`, and what can follow it. `open_it` where Enter asked for it."""

        def __init__(self, typed: str, place: Place, found: list[Choice], open_it: bool) -> None:
            super().__init__()
            self.typed, self.place, self.found, self.open_it = typed, place, found, open_it
            self.words = not place.there and not found and may_be_words(typed)

    def __init__(self) -> None:
        super().__init__()
        self._found: list[Choice] = []
        self._completes = False  # as soon as something is found
        self._words = ""  # what looks like a path and was found to be words
        self._soon: Timer | None = None

    def compose(self) -> ComposeResult:
        yield SymptomInput(placeholder="What is wrong? For example: mount denied", id="symptom", select_on_focus=False)
        yield Static("", id="symptom-problem", markup=False)

    def on_mount(self) -> None:
        self.query_one("#symptom").border_title = "Symptom"

    @property
    def value(self) -> str:
        return self.query_one(Input).value

    @property
    def is_path(self) -> bool:
        return looks_like_path(self.value) and self.value != self._words

    def take(self, text: str) -> None:
        """Put `text` into the field and the keys with it."""
        field = self.query_one(Input)
        field.value = text
        field.cursor_position = len(text)
        field.focus()

    def on_input_changed(self, event: Input.Changed) -> None:
        event.stop()
        if (absolute := meant(self.value)) != self.value:
            self.take(absolute)  # which comes here again
            return
        self.say("")
        self._completes = False
        if not (self._words and self.value.startswith(self._words)):  # words that go on are most likely words
            self.query_one("#symptom").border_title = "File" if self.is_path else "Symptom"
        self.hurried()
        self._soon = self.set_timer(_PAUSE, self._read)

    def _read(self) -> None:
        self._soon = None
        if self.is_path:
            self.look(open_it=False)
        else:
            self.post_message(self.Typed(self.value))

    def hurried(self) -> bool:
        """Whether something was typed that was not told yet; it will not be."""
        waiting = self._soon is not None
        if self._soon is not None:
            self._soon.stop()
            self._soon = None
        return waiting

    def look(self, open_it: bool) -> None:
        """Tells `Looked`, soon."""
        typed = self.value
        in_thread(lambda: self.post_message(self.Looked(typed, what_lies_at(typed), choices(typed), open_it)))

    def have(self, found: list[Choice]) -> None:
        self._found = found
        if self._completes:
            self._completes = False
            self.complete()

    def are_words(self) -> None:
        """What looks like a path is a line of an error message."""
        self._words = self.value
        self.query_one("#symptom").border_title = "Symptom"

    def complete(self) -> None:
        """By what was found for less of it, where the keys were faster; else as soon as something is found."""
        fitting = [choice for choice in self._found if choice.text.startswith(self.value.strip())]
        if self._soon is not None and (not fitting or len(self._found) >= MOST_SHOWN):
            self.hurried()
            self._completes = True
            self.look(open_it=False)
        else:
            self.take(completed(self.value, fitting))

    def say(self, problem: str) -> None:
        """What is wrong, at the field; "" where nothing is."""
        said = self.query_one("#symptom-problem", Static)
        said.set_class(bool(problem), "said")
        said.update(Content(f"! {clean_line(problem)}" if problem else ""))


def in_thread(work: Callable[[], object]) -> None:
    """In a thread that nobody waits for: a file system may never answer."""
    threading.Thread(target=work, name="tshoot path", daemon=True).start()
