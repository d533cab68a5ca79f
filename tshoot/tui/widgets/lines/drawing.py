"""One row of a region as a strip: its sign in the first column, its spans, what is chosen, marked or found in it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.segment import Segment
from textual.strip import Strip

from tshoot.tui.widgets.lines.looks import lit

if TYPE_CHECKING:
    from tshoot.tui.widgets.lines.region import LinesRegion


def drawn(region: LinesRegion, number: int, scroll_x: int, width: int) -> tuple[Strip, int]:
    """Row `number`, `width` columns from column `scroll_x` on; and how many columns it has in all."""
    base, row, place = region.look(""), region.sections.row(number), region.sections.place(number)
    chosen, marked, found = place == region.cursor, region.is_marked(place), region.prompt.has(place)
    ground, spans = base, row.raw if region.raw and row.raw else row.spans
    if chosen or marked:
        ground, spans = base + region.look("cursor" if chosen else "marked"), lit(spans)
    segments = [Segment(text, ground + region.look(style) if style else ground) for text, style in spans]
    if found:
        segments = list(region.prompt.highlighted(segments, region.look("found")))
    strip = Strip(segments)
    shown = strip.crop_extend(scroll_x, scroll_x + width - region.signs, ground)
    if not region.signs:
        return shown, strip.cell_length
    sign = "›" if chosen else "»" if marked else "*" if found else " "
    return Strip([Segment(sign, base + region.look("accent")), *shown], width), strip.cell_length + 1
