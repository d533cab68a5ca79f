"""What a command printed, as lines that know their raw bytes where these say more; the first line of a stream knows which lines they are."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import replace

from tshoot.model.events import CommandRan
from tshoot.model.text import decode
from tshoot.tui.goals import OutputGoal
from tshoot.tui.lines import LONGEST_LINE, Line, Span, line, output_line
from tshoot.tui.rawtext import visible

MOST_LINES = 100_000


def body(row: bytes, stream: str) -> Line:
    """One line that a device printed."""
    sign: Span = ("! ", "warn") if stream == "stderr" else ("  ", "")
    text = decode(row)
    if text.isascii() and len(text) == len(row):  # nothing was taken away
        return Line((sign, *output_line(text).spans))
    raw = visible(row)
    return Line((sign, *output_line(text).spans), raw=(sign, (raw[:LONGEST_LINE], "")) if raw.expandtabs() != text.expandtabs() else ())


def printed(key: str, ran: CommandRan) -> Iterator[Line]:
    """Both streams, the newest MOST_LINES of each. The first line of each has an OutputGoal that tells what follows it."""
    for stream, raw in (("stdout", ran.stdout), ("stderr", ran.stderr)):
        rows, earlier = newest(raw, MOST_LINES)
        if earlier:
            yield line((f"  … {earlier:,} earlier lines are in the session's evidence", "dim"))
        for number, row in enumerate(rows):
            one = body(row, stream)
            if number == 0:
                one = replace(one, goal=OutputGoal(key, hashlib.sha256(raw).hexdigest(), stream, earlier + 1, earlier + len(rows)))
            yield one


def newest(raw: bytes, most: int) -> tuple[list[bytes], int]:
    """The last `most` lines, and how many come before them. Megabytes are not split to be thrown away."""
    if not raw:
        return [], 0
    end = len(raw) - 1 if raw.endswith(b"\n") else len(raw)
    earlier = raw.count(b"\n", 0, end) + 1 - most
    start = end
    for _ in range(most if earlier > 0 else 0):
        start = raw.rfind(b"\n", 0, start)
    return raw[start + 1 if earlier > 0 else 0 : end].split(b"\n"), max(0, earlier)
