"""The last look at what is sent to the terminal: no control character passes, whatever a widget was given.

Text from outside is clean before it is shown (`lines.span`, `clean_line`). This is for the ways around that: a paste into a field, a completion, a
widget of Textual's own. It drops characters of no width, so nothing moves.
"""

from __future__ import annotations

import re

from rich.segment import Segment
from textual.color import Color
from textual.filter import LineFilter

_DROPPED = re.compile("[\x00-\x1f\x7f-\x9f\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]")
_HALF = re.compile("[\ud800-\udfff]")


class Guard(LineFilter):
    def apply(self, segments: list[Segment], background: Color) -> list[Segment]:
        if all(segment.text.isprintable() for segment in segments):
            return segments
        return [segment if segment.text.isprintable() else Segment(guarded(segment.text), segment.style, segment.control) for segment in segments]


def guarded(text: str) -> str:
    return _HALF.sub("\ufffd", _DROPPED.sub("", text))
