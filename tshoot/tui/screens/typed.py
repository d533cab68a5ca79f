"""One line of text, asked for in the middle of the screen: a note, a command, a reason. What is refused stays in its field, the reason under it."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.message import Message
from textual.screen import ModalScreen
from textual.widgets import Footer, Input

from tshoot.cancel import CancelToken
from tshoot.model.text import clean_line
from tshoot.threads import aside
from tshoot.tui.widgets.static import Static

Judge = Callable[[str], str]
Later = Callable[[CancelToken], str]
Keep = Callable[[str], str | Later]


class Typed(ModalScreen[str | None]):
    """Dismissed with what was typed, None where it was given up. `says` tells of what stands in the field, as one types ("": nothing).

    `keep` does with it what was wanted, and says why it could not ("": it is done); what may take its time it gives back, to be done in a thread.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "dismiss(None)", "Give up"),
    ]

    class Kept(Message):
        """What came of it: `refused` says why nothing did."""

        def __init__(self, text: str, refused: str) -> None:
            super().__init__()
            self.text, self.refused = text, refused

    def __init__(
        self, title: str, detail: str = "", value: str = "", *, says: Judge = lambda text: "", keep: Keep = lambda text: "", empty: bool = False
    ) -> None:
        super().__init__()
        self._title, self._detail, self._value, self._says, self._keep, self._empty = title, detail, value, says, keep, empty
        self._keeping: CancelToken | None = None

    def compose(self) -> ComposeResult:
        with Vertical(id="dialog"):
            yield Static(Content(clean_line(self._title)), classes="title", markup=False)
            if self._detail:
                yield Static(Content(clean_line(self._detail)), classes="detail", markup=False)
            yield Input(clean_line(self._value), id="typed", select_on_focus=False)
            yield Static("", id="typed-says", markup=False)
            yield Static(Content.assemble((" enter ", "reverse"), " done   ", (" esc ", "reverse"), " give up"), markup=False)
        yield Footer(show_command_palette=False)

    def on_mount(self) -> None:
        self.query_one(Input).focus()
        self._judge(self._value)

    def on_input_changed(self, event: Input.Changed) -> None:
        self._judge(event.value)

    def _judge(self, text: str) -> None:
        self._tell(self._says(text) if text.strip() else "")

    def _tell(self, text: str) -> None:
        self.query_one("#typed-says", Static).update(Content(clean_line(text)))

    def on_input_submitted(self, event: Input.Submitted) -> None:
        event.stop()
        text = event.value.strip()
        if self._keeping or not (text or self._empty):
            return
        said = self._keep(text)
        if isinstance(said, str):
            self._have_kept(text, said)
        else:
            self._keeping = CancelToken()
            self._tell("…")
            aside(partial(self._keep_aside, text, said, self._keeping), "tshoot keeps")

    def _keep_aside(self, text: str, keep: Later, over: CancelToken) -> None:
        refused = keep(over)
        with suppress(RuntimeError):  # the interface was left meanwhile
            self.post_message(self.Kept(text, refused))

    def on_typed_kept(self, message: Kept) -> None:
        self._keeping = None
        self._have_kept(message.text, message.refused)

    def _have_kept(self, text: str, refused: str) -> None:
        if refused:
            self._tell(f"! {refused}")
        else:
            self.dismiss(text)

    def on_unmount(self) -> None:
        if self._keeping:
            self._keeping.cancel()
