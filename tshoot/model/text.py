"""Making hostile text safe to show, once, where it enters.

A device, a packet field or a file name may hold escape sequences that retitle a terminal, move its
cursor or hide text. `clean` drops C0 (but newline and tab), DEL and C1, escape sequences as a whole,
and the invisible bidirectional and zero-width controls. The raw bytes stay in evidence.
"""

from __future__ import annotations

import re

_ESCAPES = re.compile(
    r"\x1b\][^\x07\x1b\x9c]*(?:\x07|\x1b\\|\x9c)?"  # OSC … BEL or ST
    r"|\x1b[PX^_][^\x1b\x9c]*(?:\x1b\\|\x9c)?"  # DCS, SOS, PM, APC … ST
    r"|(?:\x1b\[|\x9b)[0-?]*[ -/]*[@-~]?"  # CSI
    r"|\x1b[ -/]*[0-~]?"  # other two-byte escapes
)
_CONTROLS = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ufff9-\ufffb]")


def clean(text: str) -> str:
    """`text` with newlines and tabs kept, every other control character and escape sequence removed."""
    text = text.replace("\r\n", "\n")
    if text.isascii() and text.isprintable():
        return text
    return _CONTROLS.sub("", _ESCAPES.sub("", text))


def clean_line(text: str) -> str:
    """`clean` for a place that holds one line: newlines and tabs become spaces."""
    return " ".join(clean(text).split())


def decode(raw: bytes) -> str:
    """What a device printed, as clean text; bytes that are no UTF-8 become U+FFFD."""
    return clean(raw.decode("utf-8", errors="replace"))
