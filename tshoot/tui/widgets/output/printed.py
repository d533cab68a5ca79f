"""What a command printed, as rows that are kept raw; the first line of a stream knows which lines of it follow."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import replace

from tshoot.model.events import CommandRan
from tshoot.tui.goals import OutputGoal
from tshoot.tui.lines import line
from tshoot.tui.rows import Kept, printed_rows, whole_line

MOST_LINES = 100_000
_PIECE = 1 << 20  # bytes that are counted at once: what takes long in one call stops the other threads


def printed(key: str, ran: CommandRan) -> Iterator[Kept]:
    """Both streams, the newest MOST_LINES of each. The first line of each has an OutputGoal that tells what follows it."""
    for stream, raw in (("stdout", ran.stdout), ("stderr", ran.stderr)):
        rows, earlier = newest(raw, MOST_LINES)
        if earlier:
            yield line((f"  … {earlier:,} earlier lines are in the session's evidence", "dim"))
        kept = printed_rows(stream, rows)
        if kept:
            goal = OutputGoal(key, hashlib.sha256(raw).hexdigest(), stream, earlier + 1, earlier + len(rows))
            kept[0] = replace(whole_line(kept[0]), goal=goal)
        yield from kept


def newest(raw: bytes, most: int) -> tuple[list[bytes], int]:
    """The last `most` lines, and how many come before them. Megabytes are not split to be thrown away."""
    if not raw:
        return [], 0
    end = len(raw) - 1 if raw.endswith(b"\n") else len(raw)
    earlier = sum(raw.count(b"\n", at, min(at + _PIECE, end)) for at in range(0, end, _PIECE)) + 1 - most
    start = end
    for _ in range(most if earlier > 0 else 0):
        start = raw.rfind(b"\n", 0, start)
    return raw[start + 1 if earlier > 0 else 0 : end].split(b"\n"), max(0, earlier)
