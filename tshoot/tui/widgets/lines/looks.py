"""How the words of STYLES look in a region of lines, remembered until the style sheet or the theme is another."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager

from rich.style import Style
from textual.filter import ANSIToTruecolor, DimFilter, LineFilter
from textual.scroll_view import ScrollView
from textual.widget import Widget

from tshoot.tui.lines import STYLES, Span


def mixed(widget: Widget, component: str) -> Style:
    """What `component` says itself, its colours mixed with the ground where they let it through: Textual mixes them in the whole style only."""
    own, whole = widget.get_component_rich_style(component, partial=True), widget.get_component_rich_style(component)
    return own + Style(color=whole.color if own.color else None, bgcolor=whole.bgcolor if own.bgcolor else None)


def lit(spans: Iterable[Span]) -> tuple[Span, ...]:
    """Spans on a ground of their own, where grey could not be read."""
    return tuple((text, "" if style == "dim" else style) for text, style in spans)


class Looks(ScrollView):
    COMPONENT_CLASSES = {f"lines--{style}" for style in (*STYLES, "cursor", "marked", "found")}  # noqa: RUF012  (Textual's own form)

    def __init__(self, *, id: str | None = None) -> None:
        self._looks: dict[str, Style] = {}
        self._keeps_looks = False
        super().__init__(id=id)

    def look(self, style: str) -> Style:
        """Of a word of STYLES; of "", the region's own."""
        known = self._looks.get(style)
        if known is None:
            known = self._looks[style] = mixed(self, f"lines--{style}") if style else self.rich_style
        return known

    @contextmanager
    def keeping_looks(self) -> Iterator[None]:
        """What is styled anew meanwhile is the region, not how its lines look, which is most of the work."""
        self._keeps_looks = bool(self._component_styles)
        try:
            yield
        finally:
            self._keeps_looks = False

    def watch_has_focus(self, _has_focus: bool) -> None:
        with self.keeping_looks():
            super().watch_has_focus(_has_focus)

    def _get_component_classes(self) -> frozenset[str]:  # type: ignore[override]  # Textual's own belongs to the class
        return frozenset() if self._keeps_looks else super()._get_component_classes()

    def get_line_filters(self) -> Sequence[LineFilter]:
        """Nothing here is in the terminal's own colours or dim: what changes those would only cost time."""
        return [one for one in super().get_line_filters() if not isinstance(one, (ANSIToTruecolor, DimFilter))]

    def notify_style_update(self) -> None:
        self._looks.clear()
        super().notify_style_update()
