"""What a terminal would show of one logged line: backspaces taken back, carriage returns overwritten, pagers gone.

A session log keeps what the device sent, not what was to be seen: ` --More-- ` followed by backspaces and blanks,
a command typed with corrections, colours. Escape sequences and other controls go the way of `model.text.clean`.
"""

from __future__ import annotations

import re

from tshoot.model.text import clean

_MORE = re.compile(r"<?(?<!-)-{2,}\s?\(?more\)?[^-\n]{0,40}-{2,}>?|^\s{0,8}--More--\s{0,8}|lines \d+-\d+(?:/\d+)?(?: \(END\))?$", re.IGNORECASE)
_SEQUENCE = re.compile("\x1b(?:\\[[0-?]{0,32}[ -/]{0,8}[@-~]|\\][^\x07\x1b]{0,512}(?:\x07|\x1b\\\\)|[ -/]{0,4}[0-~])")


def shown(text: str) -> str:
    """`text` (one line, without its line feed) as it would stand on the screen, without trailing blanks."""
    if text.isascii() and text.isprintable() and "ore" not in text and not text.startswith("lines "):
        return text.rstrip()
    text = _MORE.sub("", text)
    if "\r" in text or "\b" in text:
        text = _typed(_SEQUENCE.sub("", text))
    return clean(text).rstrip()


def _typed(text: str) -> str:
    """The line after its backspaces and carriage returns: each moves the cursor, what follows overwrites."""
    cells: list[str] = []
    at = 0
    for character in text:
        if character == "\r":
            at = 0
        elif character == "\b":
            at = max(0, at - 1)
        elif character == "\x07":
            continue
        else:
            cells[at : at + 1] = [character]
            at += 1
    return "".join(cells)
