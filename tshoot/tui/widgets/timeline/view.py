"""The time line under a replay: three rows, and a field to type where to go. It shows; the screen acts."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.events import Click
from textual.message import Message
from textual.suggester import SuggestFromList
from textual.widgets import Input

from tshoot.model.text import clean_line
from tshoot.session.positions import Positions
from tshoot.tui.lines import Line
from tshoot.tui.widgets.static import Static
from tshoot.tui.widgets.timeline.drawing import Drawing

_STYLES = {"dim": "dim", "strong": "bold", "accent": "bold $accent", "heading": "bold $primary", "warn": "$warning"}
_PLACEHOLDER = "where to: a node, decision 2, note 1, 03:41:07, +1:30, verdict, end"


class Timeline(Vertical):
    """`show` what is at `at`; `ask` opens the field."""

    HELP: ClassVar[dict[str, dict[str, str]]] = {  # type: ignore[assignment]  # Textual's own is one text
        "Time line": {
            "space": "play, pause; at the end: from the start again",
            "+ -": "faster, slower: ×0.25 to ×64, then without pauses",
            ". ,": "one event on, back",
            "] [": "the next decision, the one before",
            "} {": "the next node or verification, the one before",
            "n N": "the next note, the one before",
            ":": "go to a node, `decision 2`, `note 1`, `event 12`, a time, `verdict`, `verification`, `end`",
            "◆ ✎ ⚑ ↻ ●": "a decision, a note, the verdict, a verification of the fix; where you are",
        }
    }

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "close_field", "Back", key_display="esc")]

    class Picked(Message):
        """An event was pointed at."""

        def __init__(self, event: int) -> None:
            super().__init__()
            self.event = event

    class Typed(Message):
        """Where to go, as typed."""

        def __init__(self, text: str) -> None:
            super().__init__()
            self.text = text

    class Left(Message):
        """The field was closed."""

    def __init__(self, id: str | None = None) -> None:
        super().__init__(id=id)
        self._drawing: Drawing | None = None
        self._state = (0, False, 1.0)

    def compose(self) -> ComposeResult:
        for name in ("state", "line", "nodes"):
            yield Static("", id=f"timeline-{name}", markup=False)
        yield Input(placeholder=_PLACEHOLDER, id="timeline-place", select_on_focus=False)
        yield Static("", id="timeline-problem", markup=False)

    def on_mount(self) -> None:
        self._show_field(False)

    def reading(self, events: int) -> None:
        """The log is being looked through."""
        self.query_one("#timeline-state", Static).update(Content(f"reading the log: {events:,} events so far"))

    def take(self, positions: Positions) -> None:
        self._drawing = Drawing(positions)
        names = [mark.name for mark in positions.of("node")[:200]] + ["decision 1", "note 1", "verdict", "start", "end"]
        self.query_one(Input).suggester = SuggestFromList([clean_line(name) for name in names], case_sensitive=False)

    def show(self, at: int, *, playing: bool, speed: float) -> None:
        self._state = (at, playing, speed)
        width = self.content_size.width
        if self._drawing is None or not width:
            return
        for name, row in zip(("state", "line", "nodes"), self._drawing.rows(at, width, playing=playing, speed=speed), strict=True):
            self.query_one(f"#timeline-{name}", Static).update(_content(row))

    def on_resize(self) -> None:
        at, playing, speed = self._state
        self.show(at, playing=playing, speed=speed)

    def on_click(self, event: Click) -> None:
        if self._drawing and isinstance(event.widget, Static) and event.widget.id in ("timeline-line", "timeline-nodes"):
            self.post_message(self.Picked(self._drawing.event_at(event.x, max(self.content_size.width, 10))))

    # --- the field ---

    @property
    def asks(self) -> bool:
        return self.query_one(Input).display

    def ask(self) -> None:
        self._show_field(True)
        field = self.query_one(Input)
        field.value = ""
        field.focus()

    def refuse(self, problem: str) -> None:
        """What was typed is no place; it stays to be mended."""
        told = self.query_one("#timeline-problem", Static)
        told.update(Content(clean_line(problem)))
        told.display = True

    def close(self) -> None:
        if self.asks:
            self._show_field(False)
            self.post_message(self.Left())

    def _show_field(self, shown: bool) -> None:
        self.query_one(Input).display = shown
        self.query_one("#timeline-problem").display = False

    def on_input_changed(self, event: Input.Changed) -> None:
        event.stop()
        self.query_one("#timeline-problem").display = False

    def on_input_submitted(self, event: Input.Submitted) -> None:
        event.stop()
        if event.value.strip():
            self.post_message(self.Typed(event.value))
        else:
            self.close()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        return action != "close_field" or self.asks

    def action_close_field(self) -> None:
        self.close()


def _content(row: Line) -> Content:
    return Content.assemble(*((text, _STYLES.get(style, "")) for text, style in row.spans))
