"""A screen whose last line tells those keys that there is room for."""

from __future__ import annotations

from textual.binding import ActiveBinding
from textual.screen import Screen

from tshoot.tui.screens.running.footing import fitting


class FittedScreen(Screen[None]):
    @property
    def active_bindings(self) -> dict[str, ActiveBinding]:
        return fitting(super().active_bindings, self.size.width, self.next_actions())

    def next_actions(self) -> tuple[str, ...]:
        """Actions whose keys are told first, as things stand."""
        return ()
