"""A recording cut at its prompts: who was asked what and when, and every line that followed, so that no line is lost.

The prompts, wrapped commands and clocks are those of `pieces`; here nothing is taken out of an answer, and a loop that prints many answers
stays the one command that was typed. Lines before the first prompt are a piece without a command. Days, years and zones: dates.py.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from tshoot.transcripts.foreign.dates import clock_remarks, on_one_calendar
from tshoot.transcripts.foreign.recorded import Recorded
from tshoot.transcripts.foreign.typed_piece import Typed
from tshoot.transcripts.joints import join_wrapped
from tshoot.transcripts.pieces import split
from tshoot.transcripts.text import TextLine
from tshoot.transcripts.times import stamped

MOST_COMMANDS = 5_000
MOST_ANSWER_LINES = 100_000


def typed(recorded: Recorded, check: Callable[[], None] = lambda: None) -> tuple[list[Typed], list[str]]:
    """The commands of a recording in order, and what is to be said of what was left out. `recorded.started` must be there."""
    transcript = split(recorded.dated().lines)
    check()
    remarks = list(transcript.remarks)
    first = {piece.line: piece for piece in reversed(transcript.pieces) if piece.line}
    before = {line: piece.command for line, piece in first.items()}
    join_wrapped(list(first.values()))
    lines = recorded.text.lines
    starts = sorted(first)
    found = [*_unprompted(lines[: starts[0] - 1] if starts else lines)]
    for place, start in enumerate(starts):
        if place % 1000 == 0:
            check()
        piece = first[start]
        end = starts[place + 1] - 1 if place + 1 < len(starts) else len(lines)
        skipped = 1 if piece.command != before[start] else 0
        answer = _trimmed(_bare(lines[start - 1], lines[start + skipped : end]))
        if piece.command or answer:
            until = recorded.times[answer[-1].number - 1] if recorded.times and answer else None
            found.append(Typed(piece.host, piece.kind, piece.command, start, answer, piece.at, until, piece.zoned))
    if len(found) > MOST_COMMANDS:
        remarks.append(f"only the first {MOST_COMMANDS} of {len(found)} commands were taken, to line {found[MOST_COMMANDS].line - 1}")
        del found[MOST_COMMANDS:]
    if any(len(one.lines) > MOST_ANSWER_LINES for one in found):
        remarks.append(f"of answers of more than {MOST_ANSWER_LINES} lines only these were taken")
        found = [replace(one, lines=one.lines[:MOST_ANSWER_LINES]) for one in found]
    remarks += clock_remarks(recorded, found)
    return on_one_calendar(found, recorded), remarks


def _unprompted(lines: Sequence[TextLine]) -> list[Typed]:
    kept = _trimmed(lines)
    return [Typed("", "", "", 0, kept)] if any(line.text.strip() for line in kept) else []


def _trimmed(lines: Sequence[TextLine]) -> tuple[TextLine, ...]:
    """Without the empty lines at both ends."""
    first, last = 0, len(lines)
    while first < last and not lines[first].text.strip():
        first += 1
    while last > first and not lines[last - 1].text.strip():
        last -= 1
    return tuple(lines[first:last])


def _bare(prompt: TextLine, lines: Sequence[TextLine]) -> Sequence[TextLine]:
    """The answer without what a client that stamps every line put before them; it does so if it stamped the prompt, too."""
    if stamped(prompt.text)[0] is None:
        return lines
    read = [(line, *stamped(line.text)) for line in lines]
    filled = [time for line, time, _ in read if line.text.strip()]
    if not filled or sum(time is not None for time in filled) * 2 < len(filled):
        return lines
    return [TextLine(line.number, rest) for line, _, rest in read]
