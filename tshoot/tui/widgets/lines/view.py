"""A region of lines with its keys: arrows and those of vi to move, `/` n N to search, enter on a line to go where it leads."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.events import Click, Key, Paste
from textual.message import Message

from tshoot.tui.goals import Goal
from tshoot.tui.lines import Line
from tshoot.tui.widgets.lines.region import LinesRegion
from tshoot.tui.widgets.lines.sections import Place

_MOVES = {"up,k": "move(-1)", "down,j": "move(1)", "pageup": "page(-1)", "pagedown": "page(1)", "ctrl+u": "page(-0.5)", "ctrl+d": "page(0.5)"}


class LinesView(LinesRegion):
    """`Chosen` is posted for enter, or a second click, on a line that leads somewhere: the region's `cursor=True` is needed for that."""

    BINDINGS: ClassVar[list[BindingType]] = [
        *(Binding(keys, action, show=False) for keys, action in _MOVES.items()),
        Binding("home,g", "ends('top')", show=False),
        Binding("end,G", "ends('end')", show=False),
        Binding("enter", "choose", "Go to", show=True),
        Binding("slash", "search", "Search", key_display="/"),
        Binding("n", "next_match(1)", "Next match"),
        Binding("N", "next_match(-1)", "Match before", show=False),
        Binding("escape", "close_search", "Close search", key_display="esc"),
    ]
    HELP: ClassVar[dict[str, dict[str, str]]] = {  # type: ignore[assignment]  # Textual's own is one text
        "A region of lines": {
            "↑ ↓ j k": "the line before, the next one",
            "pgup pgdn": "a page; ctrl+u and ctrl+d half of one",
            "g G home end": "the first line, the last one; at the end new lines are followed",
            "enter": "where the chosen line leads: to its proof, or to what was done",
            "/ n N": "search, the next match, the one before; escape ends it",
            "› » *": "the chosen line, what you were led to, a match",
        }
    }

    class Chosen(Message):
        """`goal` is that of the line; `place` says which line."""

        def __init__(self, view: LinesView, goal: Goal, place: Place | None) -> None:
            super().__init__()
            self.view, self.goal, self.place = view, goal, place

        @property
        def control(self) -> LinesView:
            return self.view

    class SearchClosed(Message):
        """Nothing is looked for any more."""

        def __init__(self, view: LinesView) -> None:
            super().__init__()
            self.view = view

        @property
        def control(self) -> LinesView:
            return self.view

    # --- the chosen line ---

    @property
    def line_goal(self) -> Goal | None:
        """That of the chosen line alone, of the last one where none is chosen."""
        return next(iter(self.above()), Line()).goal

    def above(self) -> Iterable[Line]:
        """The chosen line and those above it. Where none is chosen: from the last one, or from the first in sight of what has no end to follow."""
        rows = self.sections.rows_of(self.cursor) if self.cursor else None
        last = rows.start if rows else self.sections.rows - 1 if self.follows else min(self.scroll_offset.y, self.sections.rows - 1)
        return (line for row in range(last, -1, -1) if (line := self.sections.line(self.sections.place(row))))

    def last_row_in_sight(self) -> int:
        return min(self.scroll_offset.y + self.room, self.sections.rows) - 1

    # --- moving ---

    def action_move(self, step: int) -> None:
        if not self.has_cursor:
            self.scroll_relative(y=step, animate=False)
            return
        rows = self.sections.rows_of(self.cursor) if self.cursor else None
        if rows is None:
            self._choose_row(self.last_row_in_sight() + (step if self.following else 0) if step < 0 or self.following else self.scroll_offset.y)
        else:
            self._choose_row(rows.start - 1 if step < 0 else rows.stop)

    def action_page(self, pages: float) -> None:
        rows = round(max(1, self.room) * pages)
        if not self.has_cursor:
            self.scroll_relative(y=rows, animate=False)
            return
        here = self.sections.rows_of(self.cursor) if self.cursor else None
        at = here.start if here else (self.last_row_in_sight() if self.following else self.scroll_offset.y)
        self._choose_row(at + rows)

    def action_ends(self, end: str) -> None:
        if end == "top":
            self.hold()
            self._choose_row(0)
            self.scroll_home(animate=False)
        elif self.follows:
            self.follow()
        else:
            self._choose_row(self.sections.rows - 1)
            self.scroll_end(animate=False, x_axis=False)

    def _choose_row(self, row: int) -> None:
        if self.sections.rows:
            self.choose(self.sections.place(min(max(row, 0), self.sections.rows - 1)))

    def action_choose(self) -> None:
        goal = self.line_goal
        if goal is not None:
            self.post_message(self.Chosen(self, goal, self.cursor))

    def on_click(self, event: Click) -> None:
        row = self.scroll_offset.y + event.y - self.gutter.top
        if self.has_cursor and 0 <= row < self.sections.rows:
            self.choose(self.sections.place(row))
            if event.chain == 2:
                self.action_choose()

    # --- searching ---

    def action_search(self) -> None:
        self.hold()
        self.prompt.open()
        self.screen.refresh_bindings()

    def action_next_match(self, step: int) -> None:
        self.prompt.next(step)

    def action_close_search(self) -> None:
        self.prompt.close()
        self.screen.refresh_bindings()
        self.post_message(self.SearchClosed(self))

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        if action == "next_match":
            return self.prompt.search is not None and not self.prompt.typing
        if action == "close_search":
            return self.prompt.shown
        if action == "choose":
            return self.has_cursor
        return True

    def check_consume_key(self, key: str, character: str | None) -> bool:
        return self.prompt.typing and character is not None and character.isprintable()

    def on_key(self, event: Key) -> None:
        """What is typed while the prompt is open belongs to it."""
        if not self.prompt.typing:
            return
        if event.key == "enter":
            self.prompt.enter()
        elif event.key == "escape":
            self.action_close_search()
        elif event.key == "backspace":
            self.prompt.rub_out()
        elif event.is_printable and event.character:
            self.prompt.type(event.character)
        else:
            return
        event.stop()
        event.prevent_default()
        self.screen.refresh_bindings()

    def on_paste(self, event: Paste) -> None:
        if self.prompt.typing:
            event.stop()
            self.prompt.type(event.text)
