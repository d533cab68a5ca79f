"""The words of a line typed at a device's own command line, where there is no shell and no quoting.

A CLI acts on more than its words: `?` and tab act while the line is typed, `!` and `#` begin comments, `;` separates
commands, `>` and `| redirect` write files, control-V takes the next character literally, a newline runs what stands
before it. So the alphabet is small, ASCII, and closed; `|` is a pipe wherever it stands, spaces or none.

Devices take abbreviations (`| red`, `conf t`); the gate takes none: a word is the pattern's word, or it is refused.
"""

from __future__ import annotations

import re

_LONGEST = 480  # a line that a terminal 511 columns wide shows in one piece, beside the prompt
_WORD = r"[A-Za-z0-9_:,./*^%+=@-]+"
_LINE = re.compile(rf" *{_WORD}(?: +(?:\| *)?{_WORD}|\| *{_WORD})* *", re.ASCII)
_PIECES = re.compile(rf"\||{_WORD}", re.ASCII)

FILTERS = frozenset(("include", "exclude", "begin", "section", "count", "grep", "egrep", "last", "json", "json-pretty", "xml", "no-more"))
"""What may stand after a pipe at all, in full: it selects or formats. Not redirect, tee, append, file, sed, awk, vsh, diff, sort."""


def cli_words(line: str) -> tuple[tuple[str, ...], ...] | None:
    """The words of each stage of a pipe; None where a device would see more than plain words."""
    if len(line) > _LONGEST or not _LINE.fullmatch(line):
        return None
    stages: list[list[str]] = [[]]
    for piece in _PIECES.findall(line):
        if piece == "|":
            stages.append([])
        else:
            stages[-1].append(piece)
    return tuple(map(tuple, stages))
