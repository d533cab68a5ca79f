"""Help for where one is: the region that has the keys first, then its screen, then what holds anywhere.

Each part tells its own keys in `HELP`: title -> key -> meaning. Where a screen has none, its bindings are told.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import ClassVar

from textual.app import App, ComposeResult
from textual.binding import Binding, BindingType
from textual.dom import DOMNode
from textual.screen import ModalScreen, Screen
from textual.widgets import Footer

from tshoot.tui.lines import BLANK, Line, line
from tshoot.tui.ways_out import leaving
from tshoot.tui.widgets.lines.view import LinesView

_WIDEST = 16
Sections = dict[str, Mapping[str, str]]


class Help(ModalScreen[None]):
    """About the screen below it."""

    BINDINGS: ClassVar[list[BindingType]] = [*leaving("dismiss", "Close"), Binding("question_mark,f1", "dismiss", "Close", show=False)]
    HELP: ClassVar[dict[str, dict[str, str]]] = {"Help": {"q escape": "back"}}  # type: ignore[assignment]  # Textual's own is one text

    def compose(self) -> ComposeResult:
        yield LinesView(id="help")
        yield Footer(show_command_palette=False)

    def on_mount(self) -> None:
        view = self.query_one(LinesView)
        below = self.app.screen_stack[-2]
        view.border_title, view.border_subtitle = "Help", "j k g G move, / searches, q closes"
        view.put("help", list(help_lines(help_sections(below, self.app))))
        view.focus()


def help_sections(screen: Screen[object], app: App[object]) -> Sections:
    """Title -> key -> meaning, what is nearest to the keys first."""
    sections: Sections = {}
    around = screen.focused.ancestors_with_self if screen.focused else [screen, app]
    for node in around:
        told = _told(node)
        if not told and node is screen:
            told = {"Here": _bound(screen)}
        for title, keys in told.items():
            sections.setdefault(title, keys)
    return sections


def _told(node: DOMNode) -> Mapping[str, Mapping[str, str]]:
    told = getattr(type(node), "HELP", None)
    return told if isinstance(told, Mapping) else {}


def _bound(screen: Screen[object]) -> dict[str, str]:
    bindings = [binding for binding in type(screen).BINDINGS if isinstance(binding, Binding) and binding.description]
    return {binding.key_display or binding.key.replace(",", " "): binding.description for binding in bindings}


def help_lines(sections: Sections) -> Iterator[Line]:
    for title, keys in sections.items():
        if keys:
            yield line((title, "heading"))
            for key, meaning in keys.items():
                yield line((f"  {key:{_WIDEST}} ", "strong"), (meaning, ""), hang=_WIDEST + 3)
            yield BLANK
