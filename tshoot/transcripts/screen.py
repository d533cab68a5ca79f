"""What a terminal would show of one logged line: backspaces taken back, carriage returns overwritten, pagers gone.

A session log keeps what the device sent, not what was to be seen: ` --More-- ` followed by backspaces and blanks,
a command typed with corrections, colours. Escape sequences and other controls go the way of `model.text.clean`.
"""

from __future__ import annotations

import re

from tshoot.model.text import clean

_MORE = re.compile(r"<?(?<!-)-{2,}\s?\(?more\)?[^-\n]{0,40}-{2,}>?|^\s{0,8}--More--\s{0,8}|lines \d+-\d+(?:/\d+)?(?: \(END\))?$", re.IGNORECASE)
_SEQUENCE = re.compile("\x1b(?:\\[[0-?]{0,32}[ -/]{0,8}[@-~]|\\][^\x07\x1b]{0,512}(?:\x07|\x1b\\\\)|[ -/]{0,4}[0-~])")

_MOVES = re.compile("\x1b\\[(\\d{0,4})([CDGKP@])")
_WIDEST = 4096  # cells


def shown(text: str) -> str:
    """`text` (one line, without its line feed) as it would stand on the screen, without trailing blanks."""
    if text.isascii() and text.isprintable() and "ore" not in text and not text.startswith("lines "):
        return text.rstrip()
    text = _MORE.sub("", text)
    if "\r" in text or "\b" in text or _MOVES.search(text):
        text = _typed(text)
    return clean(text).rstrip()


def _typed(text: str) -> str:
    """The line after backspaces, carriage returns and what a shell edits its line by: each moves the cursor, what follows overwrites."""
    cells: list[str] = []
    at = done = 0
    for sequence in _SEQUENCE.finditer(text):
        at = _written(cells, at, text[done : sequence.start()])
        at = _moved(cells, at, sequence[0])
        done = sequence.end()
    _written(cells, at, text[done:])
    return "".join(cells)


def _written(cells: list[str], at: int, text: str) -> int:
    for character in text:
        if character == "\r":
            at = 0
        elif character == "\b":
            at = max(0, at - 1)
        elif character != "\x07":
            cells.extend(" " * (at - len(cells)))
            cells[at : at + 1] = [character]
            at += 1
    return at


def _moved(cells: list[str], at: int, sequence: str) -> int:
    """ECMA-48: CUF C, CUB D, CHA G, EL K, DCH P, ICH @; other sequences change nothing here."""
    match = _MOVES.fullmatch(sequence)
    if match is None:
        return at
    count, do = min(int(match[1] or 0), _WIDEST), match[2]
    if do == "K":
        cells[:] = cells[:at] if count == 0 else [] if count == 2 else [" "] * at + cells[at:]
    elif do == "P":
        del cells[at : at + max(count, 1)]
    elif do == "@":
        cells[at:at] = " " * (max(count, 1) if at < len(cells) else 0)
        del cells[_WIDEST:]
    elif do == "G":
        return max(count, 1) - 1
    else:
        at = max(0, at + max(count, 1) * (1 if do == "C" else -1))
    return min(at, _WIDEST)
