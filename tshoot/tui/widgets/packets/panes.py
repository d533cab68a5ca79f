"""Which panes of the packets screen are seen: where there is no room for all, the list, and below it those that were asked for last."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.content import Content

from tshoot.tui.widgets.static import Static

if TYPE_CHECKING:
    from tshoot.tui.screens.packets import PacketsScreen

_TITLES = {"frames": "1 Frames", "tree": "2 Tree", "hex": "3 Bytes", "findings": "4 Findings"}
PANES = tuple(_TITLES)


class Panes:
    def __init__(self, screen: PacketsScreen) -> None:
        self._screen, self._titles, self._lower = screen, dict(_TITLES), "tree"

    def show(self, pane: str) -> None:
        """Where it is narrow, `pane` alone below the list; where it is wide, beside the tree, the bytes or the findings."""
        if pane != "frames":
            self._lower = pane
            for name in PANES[1:]:
                self._screen.query_one(f"#{name}").set_class(name == pane, "shown")
        if pane in ("hex", "findings"):
            self._screen.set_class(pane == "findings", "-findings")
        self._show_titles(pane)

    def next(self, now: str | None, step: int) -> str:
        """The pane after `now`, or before it."""
        return PANES[(PANES.index(now if now in PANES else "frames") + step) % len(PANES)]

    def count_findings(self, number: int) -> None:
        """How many findings there are, where it is seen while they are not."""
        self._titles["findings"] = f"{_TITLES['findings']} ({number})"
        self._show_titles()

    def _show_titles(self, pane: str = "") -> None:
        for name, title in self._titles.items():
            self._screen.query_one(f"#{name}").border_title = title
        names = (f"[{title}]" if name in (pane, self._lower) else f" {title} " for name, title in self._titles.items())
        self._screen.query_one("#packet-tabs", Static).update(Content("  ".join(names)))
