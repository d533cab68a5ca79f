"""Text as a report may hold it: clean as everywhere, and besides nothing that XML forbids, UTF-8 cannot say or a reader cannot see.

`model.text.clean` takes away controls and escape sequences. A page lives longer than a terminal line and is read by more programs, so here go, too:
lone surrogates and U+FFFE, U+FFFF (they become U+FFFD), and invisible characters that reorder or hide text (U+00AD, U+061C, U+180E, tags).
"""

from __future__ import annotations

import re

from tshoot.model.text import clean

LONGEST_LINE = 400  # characters of a line of an output
LONGEST_VALUE = 300
LONGEST_PROSE = 6000
_UNFIT = re.compile("[\ud800-\udfff\ufdd0-\ufdef\ufffe\uffff]")
_HIDDEN = re.compile("[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180e\u3164\ufe00-\ufe0f\uffa0\U000e0000-\U000e0fff]")


def visible(text: str) -> str:
    """`text` with newlines and tabs kept, and nothing else that cannot be seen."""
    text = clean(text)
    return text if text.isascii() else _HIDDEN.sub("", _UNFIT.sub("\ufffd", text))


def line(text: object, longest: int = LONGEST_VALUE) -> str:
    """One line of at most `longest` characters."""
    words = " ".join(visible(str(text)[: longest * 20]).split())
    return words if len(words) <= longest else words[: longest - 1] + "…"


def output_line(text: str) -> str:
    """A line of an output, its columns kept; a longer one ends in how much is left out."""
    text = visible(text[: LONGEST_LINE * 4]).expandtabs().rstrip() if len(text) <= LONGEST_LINE else _cut(text)
    return text.replace("\n", " ")


def prose(text: str) -> str:
    """Paragraphs for a person; line breaks stay."""
    text = visible(text[: LONGEST_PROSE * 4]).expandtabs().strip()
    return text if len(text) <= LONGEST_PROSE else text[: LONGEST_PROSE - 1] + "…"


def _cut(text: str) -> str:
    return f"{visible(text[:LONGEST_LINE]).expandtabs()} … {len(text) - LONGEST_LINE:,} more characters"
