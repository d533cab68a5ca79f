"""Beside the lists: what the chosen playbook will do, how the chosen session ended, or what lies at the path that is typed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from tshoot.tui.lines import Line, line
from tshoot.tui.widgets.lines.view import LinesView

if TYPE_CHECKING:
    from tshoot.session.store import SessionEntry
    from tshoot.tui.matching import Match
    from tshoot.tui.paths import Place
    from tshoot.wiring import Opening

WILL_DO = "What it will do"
_NOTHING_FITS = "No playbook fits. Try other words, such as a line of the error message, or the path of a capture."


class About(LinesView):
    def on_mount(self) -> None:
        self.border_title = WILL_DO

    def show_playbook(self, match: Match, given: Opening, took: Sequence[float]) -> None:
        """`took`: seconds of its last runs."""
        from tshoot.tui.outlook import about_lines, outlook_lines
        from tshoot.tui.widgets.home.telling import fit_lines

        outlook = outlook_lines(match.playbook, given.targets, given.inputs, given.platforms, match.causes, took)
        self._show(WILL_DO, [*fit_lines(match), *about_lines(match.playbook), *outlook])

    def show_nothing_fits(self) -> None:
        self._show(WILL_DO, [line((_NOTHING_FITS, "dim"))])

    def show_session(self, entry: SessionEntry) -> None:
        from tshoot.tui.widgets.home.telling import session_lines

        self._show("Session", session_lines(entry))

    def show_place(self, place: Place) -> None:
        from tshoot.tui.widgets.home.telling import place_lines

        self._show("File", place_lines(place))

    def _show(self, title: str, lines: list[Line]) -> None:
        self.border_title = title
        self.put("about", lines)
        self.scroll_home(animate=False)
