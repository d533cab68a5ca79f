"""The timeline of a capture in a terminal: packets or bytes a second as columns, a row for each thing that goes wrong, marks where findings lie.

Blocks where the output's encoding has them, else ASCII. A column stands for the same piece of time in every row; a row is as
tall as its own busiest column, which is named beside it.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import TYPE_CHECKING

from tshoot.cli.analysis_proof import clock, instant
from tshoot.cli.output import encoding, painted, say, terminal_width, wrapped

if TYPE_CHECKING:
    from tshoot.packets.analysis import Analysis
    from tshoot.packets.timeline import Timeline

BLOCKS, ASCII = " ▁▂▃▄▅▆▇█", " .:-=+*#@"
TALL, LEAST, MOST = 4, 20, 120
_LABEL = 16
_ROWS = (("retransmissions", "sent again"), ("zero_windows", "zero windows"), ("resets", "RST"), ("icmp_errors", "ICMP errors"))
_MARKS, _CITED = 6, 3  # findings that are marked, and frames of each that are named


def tell_timeline(analysis: Analysis) -> None:
    timeline = analysis.timeline
    if timeline is None or not timeline.packets:
        return
    columns = min(len(timeline.packets), max(LEAST, min(MOST, terminal_width() - _LABEL - 2)))
    seconds = max(timeline.span_ns / columns / 1e9, 1e-9)
    steps = BLOCKS if _has_blocks() else ASCII
    by_bytes = sum(timeline.bytes) > 500 * sum(timeline.packets)  # large packets: their volume says more
    name, amounts = ("bytes/s", timeline.bytes) if by_bytes else ("packets/s", timeline.packets)
    painted("bold", "Timeline")
    wrapped(f"{_span(timeline.span_ns / 1e9)} from {instant(timeline.begin_ns)}; one column is {_span(seconds)}")
    _tall(name, squeezed(amounts, columns), seconds, steps)
    for row, label in _ROWS:
        counted = squeezed(getattr(timeline, row), columns)
        if any(counted):
            say(f"{_label(label, str(sum(counted)))} {''.join(_step(value, max(counted), steps) for value in counted)}".rstrip())
    _marks(analysis, timeline, columns)
    say(" " * (_LABEL + 1) + _axis(timeline, columns))
    if timeline.outside:
        wrapped(f"{timeline.outside} packets have times more than a year from the others: they are not drawn")
    say("")


def squeezed(amounts: Sequence[int], columns: int) -> list[int]:
    """Sums of `amounts` over equal pieces, as many as `columns` (not more than there are amounts)."""
    sums = [0] * columns
    for index, amount in enumerate(amounts):
        sums[index * columns // len(amounts)] += amount
    return sums


def _tall(name: str, counted: list[int], seconds: float, steps: str) -> None:
    """The main row, `TALL` lines high."""
    most, levels = max(counted), len(steps) - 1
    for line in range(TALL - 1, -1, -1):
        label = _label(name, _number(most / seconds)) if line == TALL - 1 else " " * _LABEL
        cells = []
        for value in counted:
            height = -(-value * TALL * levels // most) if most else 0  # what is not nothing is drawn
            cells.append(steps[max(0, min(levels, height - line * levels))])
        say(f"{label} {''.join(cells)}".rstrip())


def _step(value: int, most: int, steps: str) -> str:
    return steps[-(-value * (len(steps) - 1) // most)] if value and most else steps[0]


def _marks(analysis: Analysis, timeline: Timeline, columns: int) -> None:
    """One line a cause: `^` where its cited frames lie, and their numbers."""
    causes: dict[str, list[int]] = {}
    for finding in analysis.findings:
        causes.setdefault(finding.cause, []).extend(finding.frames)
    for cause, frames in list(causes.items())[:_MARKS]:
        line = [" "] * columns
        for frame in frames:
            if (at := analysis.times.get(frame)) is not None and 0 <= at - timeline.begin_ns < timeline.span_ns:
                line[(at - timeline.begin_ns) // timeline.bin_ns * columns // len(timeline.packets)] = "^"
        if "^" in line:
            cited = ", ".join(map(str, sorted(set(frames))[:_CITED])) + (", ..." if len(set(frames)) > _CITED else "")
            say(" " * (_LABEL + 1) + "".join(line).rstrip())
            wrapped(f"^ {cause} (frame{'s' if len(set(frames)) > 1 else ''} {cited})", indent=min(_LABEL + 1, terminal_width() // 3))


def _axis(timeline: Timeline, columns: int) -> str:
    digits = 8 if timeline.span_ns > 10_000_000_000 else 12  # hours to seconds, or to milliseconds
    begin, end = clock(timeline.begin_ns)[:digits], clock(timeline.begin_ns + timeline.span_ns)[:digits]
    return f"{begin}{end.rjust(columns - len(begin))}" if columns >= 2 * digits + 2 else begin


def _label(name: str, amount: str) -> str:
    return f"{name} {amount}"[:_LABEL].rjust(_LABEL)


def _number(value: float) -> str:
    for unit, size in (("G", 1e9), ("M", 1e6), ("k", 1e3)):
        if value >= size:
            return f"{value / size:.3g}{unit}"
    return f"{value:.3g}"


def _span(seconds: float) -> str:
    for unit, size in (("h", 3600.0), ("min", 60.0), ("s", 1.0), ("ms", 1e-3)):
        if seconds >= size:
            return f"{seconds / size:.3g} {unit}"
    return f"{seconds * 1e6:.3g} us"


def _has_blocks() -> bool:
    """A dumb terminal, and one whose locale is C, gets ASCII."""
    # Python itself sets LC_CTYPE to C.UTF-8 where the locale is C (PEP 538): that says nothing of the terminal.
    said = (os.environ.get("LC_ALL"), os.environ.get("LC_CTYPE", "").replace("C.UTF-8", ""), os.environ.get("LANG"))
    if next(filter(None, said), "C") in ("C", "POSIX") or os.environ.get("TERM") == "dumb":
        return False
    try:
        BLOCKS.encode(encoding())
    except (UnicodeEncodeError, LookupError):
        return False
    return True
