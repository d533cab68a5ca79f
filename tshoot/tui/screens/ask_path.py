"""A file is asked for: its path, with what is wrong said under the field and the field kept as it was typed."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Footer, Input

from tshoot.model.text import clean_line
from tshoot.tui.widgets.static import Static

Check = Callable[[Path], str]  # what is wrong with it, "" where nothing is


class AskPath(ModalScreen[tuple[Path, str] | None]):
    """Gives the path and how it was given: "enter" or "other" (ctrl+o, where `other` names it); None where it was left."""

    HELP: ClassVar[dict[str, dict[str, str]]] = {"A file": {"enter": "take this path", "escape": "leave"}}  # type: ignore[assignment]  # Textual's own is one text
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "dismiss(None)", "Leave"),
        Binding("ctrl+o", "other", "Other", priority=True),
    ]

    def __init__(self, question: str, path: str, check: Check, doing: str, other: str = "") -> None:
        super().__init__()
        self._question, self._path, self._check, self._doing, self._other = question, path, check, doing, other

    def compose(self) -> ComposeResult:
        keys: list[str | tuple[str, str]] = [(" enter ", "reverse"), f" {self._doing}   "]
        keys += [(" ctrl+o ", "reverse"), f" {self._other}   "] if self._other else []
        with Vertical(id="dialog"):
            yield Static(Content(clean_line(self._question)), markup=False)
            yield Input(self._path, id="path-asked", select_on_focus=False)
            yield Static("", id="path-problem", markup=False)
            yield Static(Content.assemble(*keys, (" escape ", "reverse"), " leave"), id="dialog-keys", markup=False)
        yield Footer(show_command_palette=False)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        return action != "other" or bool(self._other)

    def on_input_changed(self) -> None:
        self.query_one("#path-problem", Static).update("")

    def on_input_submitted(self, event: Input.Submitted) -> None:
        event.stop()
        self._give("enter")

    def action_other(self) -> None:
        self._give("other")

    def _give(self, how: str) -> None:
        typed = self.query_one(Input).value.strip()
        try:
            path = Path(typed).expanduser()
            problem = self._check(path) if typed else "a path is needed"
        except (OSError, ValueError, RuntimeError) as error:
            path, problem = Path(), f"this is no path: {error}"
        if problem:
            self.query_one("#path-problem", Static).update(Content(clean_line(problem)))
        else:
            self.dismiss((path, how))
