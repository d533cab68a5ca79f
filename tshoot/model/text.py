"""Making hostile text safe to show, once, where it enters.

A device, a packet field or a file name may hold escape sequences that retitle a terminal, move its
cursor or hide text. `clean` drops C0 (but newline and tab), DEL and C1, escape sequences as a whole,
and the invisible bidirectional and zero-width controls; half a surrogate pair, which no terminal can be
sent, becomes U+FFFD; of many marks over one letter four stay. The raw bytes stay in evidence.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

_ESCAPES = re.compile(
    r"\x1b\][^\x07\x1b\x9c]*(?:\x07|\x1b\\|\x9c)?"  # OSC … BEL or ST
    r"|\x1b[PX^_][^\x1b\x9c]*(?:\x1b\\|\x9c)?"  # DCS, SOS, PM, APC … ST
    r"|(?:\x1b\[|\x9b)[0-?]*[ -/]*[@-~]?"  # CSI
    r"|\x1b[ -/]*[0-~]?"  # other two-byte escapes
)
_CONTROLS = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\u061c\u180e\u034f\U000e0000-\U000e0fff]"
)
_HALF = re.compile("[\ud800-\udfff]")
_MARK = "[\u0300-\u036f\u0483-\u0489\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe20-\ufe2f]"
_MARKS = re.compile(f"({_MARK}{{4}}){_MARK}+")
_STRING = re.compile(r"\x1b[\]PX^_]")  # begins an escape sequence that may go on over many lines
_PIECE = 64 * 1024


def clean(text: str) -> str:
    """`text` with newlines and tabs kept, every other control character and escape sequence removed."""
    text = text.replace("\r\n", "\n")
    if text.isascii() and text.replace("\n", "").replace("\t", "").isprintable():
        return text
    if len(text) <= _PIECE or _STRING.search(text):
        return _cleaned(text)
    return "".join(map(_cleaned, _pieces(text)))


def _cleaned(text: str) -> str:
    return _MARKS.sub(r"\1", _HALF.sub("\ufffd", _CONTROLS.sub("", _ESCAPES.sub("", text))))


def _pieces(text: str) -> Iterator[str]:
    """Whole lines: a regular expression stops every other thread while it runs, and half a second is long for whoever types."""
    begin = 0
    while begin < len(text):
        end = text.find("\n", begin + _PIECE) + 1 or len(text)
        yield text[begin:end]
        begin = end


def clean_line(text: str) -> str:
    """`clean` for a place that holds one line: newlines and tabs become spaces."""
    return " ".join(clean(text).split())


def decode(raw: bytes) -> str:
    """What a device printed, as clean text; bytes that are no UTF-8 become U+FFFD."""
    return clean(raw.decode("utf-8", errors="replace"))
