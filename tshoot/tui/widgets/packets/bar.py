"""Where a display filter or a frame's number is typed; what tshark has against the filter stands beside it while one types."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.message import Message
from textual.widgets import Input

from tshoot.model.text import clean_line
from tshoot.tui.widgets.static import Static

_DEBOUNCE = 0.25  # seconds without a key before tshark is asked


class FilterInput(Input):
    BINDINGS: ClassVar[list[BindingType]] = [Binding("enter", "submit", "Apply")]


class FilterBar(Vertical):
    HELP: ClassVar[dict[str, dict[str, str]]] = {  # type: ignore[assignment]  # Textual's own HELP is Markdown
        "Display filter": {
            "enter": "show the frames that match; empty: all frames",
            "escape": "back to the list, the filter stays as it was",
            "✓ ✗": "tshark understands it, or says what is wrong",
        }
    }
    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "leave", "Back")]

    class Typed(Message):
        """The operator has paused in a filter that is to be checked."""

        def __init__(self, expression: str) -> None:
            super().__init__()
            self.expression = expression

    class Entered(Message):
        """A filter to be applied."""

        def __init__(self, expression: str) -> None:
            super().__init__()
            self.expression = expression

    class Frame(Message):
        """A frame to go to."""

        def __init__(self, number: int) -> None:
            super().__init__()
            self.number = number

    class Left(Message):
        """The list is to have the keys again."""

    def __init__(self, display_filter: str = "") -> None:
        super().__init__()
        self.applied = display_filter

    def compose(self) -> ComposeResult:
        with Horizontal(id="filter-row"):
            yield Static("Filter", id="filter-label", markup=False)
            yield FilterInput(
                self.applied, placeholder="/ and a display filter, such as tcp.port == 2049", id="filter", max_length=4_000, select_on_focus=False
            )
            yield Static("Go to frame", id="goto-label", markup=False)
            yield FilterInput(placeholder="its number", id="goto", type="integer", max_length=9)
        yield Static("", id="filter-state", markup=False)

    def on_mount(self) -> None:
        self._pause = self.set_timer(_DEBOUNCE, self._typed, pause=True)

    def type_filter(self) -> None:
        self.remove_class("goto")
        self.screen.set_focus(self._input)  # `focus()` would wait, see the screen's bindings

    def type_number(self) -> None:
        self.add_class("goto")
        goto = self.query_one("#goto", Input)
        goto.value = ""
        self.screen.set_focus(goto)

    @property
    def _input(self) -> Input:
        return self.query_one("#filter", Input)

    @property
    def expression(self) -> str:
        return self._input.value.strip()

    def put(self, expression: str) -> None:
        """Show `expression` as the filter that is applied."""
        self.applied = self._input.value = expression

    def say(self, text: str, style: str = "") -> None:
        """What is to be said of the filter: it is right, it is wrong, how far it is."""
        state = self.query_one("#filter-state", Static)
        state.set_classes(style)
        state.update(Content(clean_line(text)))
        self.set_class(bool(text), "said")

    def on_input_changed(self, event: Input.Changed) -> None:
        event.stop()
        if event.input.id == "filter" and event.input.has_focus:
            self.say("")
            self._pause.stop()
            self._pause = self.set_timer(_DEBOUNCE, self._typed)

    def _typed(self) -> None:
        self.post_message(self.Typed(self.expression))

    def on_input_submitted(self, event: Input.Submitted) -> None:
        event.stop()
        self._pause.stop()
        if event.input.id == "filter":
            self.post_message(self.Entered(self.expression))
            return
        self.remove_class("goto")
        if event.value.isdecimal():
            self.post_message(self.Frame(int(event.value)))
        self.post_message(self.Left())

    def action_leave(self) -> None:
        self._pause.stop()
        if not self.has_class("goto"):
            self._input.value = self.applied
            self.say("")
        self.remove_class("goto")
        self.post_message(self.Left())
