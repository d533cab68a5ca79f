"""Text for a person at 80 columns: prose is wrapped, what a device printed keeps its lines; both are clean.

Only prose is wrapped: a broken line of output would no longer be what the device said.
"""

from __future__ import annotations

import math
import textwrap

from tshoot.model.text import clean, clean_line, decode

WIDTH = 78
LONGEST_LINE = 2000  # characters
LONGEST_PROSE = 20_000
LONGEST_VALUE = 60  # of a fact beside its name; a table that was read whole is better looked at in the output
_BYTES_A_LINE = 4 * LONGEST_LINE


def wrapped(text: str, indent: int = 0, first: str | None = None) -> list[str]:
    """Paragraphs of prose, each wrapped; `first` stands before the first line in place of its indentation."""
    margin = " " * indent
    first = margin if first is None else first
    lines: list[str] = []
    for paragraph in clean(text)[:LONGEST_PROSE].splitlines():
        lines += textwrap.wrap(
            " ".join(paragraph.split()),
            WIDTH,
            initial_indent=margin if lines else first,
            subsequent_indent=margin,
            break_long_words=False,
            break_on_hyphens=False,
        )
    return lines or [first.rstrip()] if first.strip() else lines


def output(raw: bytes, indent: int, most: int | None) -> list[str]:
    """What a device printed, indented, at most `most` lines of it, with the count of the rest."""
    if not raw.strip():
        return []
    lines = verbatim(decode(raw if most is None else raw[: most * _BYTES_A_LINE]), indent)[:most]
    left = raw.rstrip(b"\n").count(b"\n") + 1 - len(lines)
    return [*lines, f"{' ' * indent}({left:,} more lines are in the session's evidence)"] if left > 0 else lines


def verbatim(text: str, indent: int) -> list[str]:
    """Lines of a device, indented, their spacing kept."""
    return [(" " * indent + line[:LONGEST_LINE]).rstrip() for line in clean(text).expandtabs().rstrip("\n").split("\n")]


def one_line(text: str, longest: int = 300) -> str:
    """`text` on one clean line of at most `longest` characters."""
    line = clean_line(text)
    return line if len(line) <= longest else line[: longest - 1] + "…"


def plural(count: int, noun: str) -> str:
    """`1 frame`, `2 frames`, `1,200 frames`."""
    return f"{count:,} {noun}{'' if count == 1 else 's'}"


def duration(seconds: float) -> str:
    """`0.4 s`, `51 s`, `5 min 3 s`."""
    if seconds < 10 or not math.isfinite(seconds):  # a log may say anything
        return f"{seconds:.1f} s"
    if seconds < 180:
        return f"{seconds:.0f} s"
    minutes, rest = divmod(seconds, 60)
    return f"{minutes:.0f} min {int(rest)} s"
