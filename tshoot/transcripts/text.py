"""A file of text to numbered lines, within bounds; what is no text is refused in words.

Told by its bytes: a byte order mark, or zeros in every second place, is UTF-16; else UTF-8, and what is no UTF-8 is
latin-1, as old terminal programs write. Escape sequences are text; zero bytes and many other control characters are not.
"""

from __future__ import annotations

import codecs
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from tshoot.errors import CaptureFileError
from tshoot.transcripts.screen import shown

LARGEST_FILE = 64 << 20  # bytes
LONGEST_LINE = 4096  # characters that are looked at
MOST_LINES = 1_000_000
HEAD = 8192

_TERMINAL = frozenset(b"\t\n\r\x0b\x0c\x1b\x07\x08\x00\x0e\x0f\x11\x13")  # what terminals and their logs hold; zero is judged apart


class TextLine(NamedTuple):
    """One line of the file; `number` counts from 1, `text` is what a terminal would show of it."""

    number: int
    text: str


@dataclass(frozen=True, slots=True)
class TextFile:
    """`remark` says what of the file was not read, and why. `ended`: its last line has a line end, so it is not cut in its middle."""

    path: Path
    bytes: int
    encoding: str
    lines: tuple[TextLine, ...]
    remark: str = ""
    ended: bool = True


def is_text(path: Path) -> bool:
    """Whether the file begins as text does; false where it cannot be opened, is no regular file, or is empty."""
    try:
        if not stat.S_ISREG(path.stat().st_mode):
            return False
        with path.open("rb") as file:
            head = file.read(HEAD)
    except (OSError, ValueError):
        return False
    return begins_as_text(head)


def begins_as_text(head: bytes) -> bool:
    """The same of the first bytes."""
    return bool(head) and _encoding(head) is not None


def read_text(path: Path) -> TextFile:
    """The lines of the file at `path`; CaptureFileError where it cannot be read, is too large, or is no text."""
    try:
        with path.open("rb") as file:
            raw = file.read(LARGEST_FILE + 1)
    except (OSError, ValueError) as error:
        why = error.strerror if isinstance(error, OSError) else error
        raise CaptureFileError(f"{path}: cannot be read: {why}", "check the path and its permissions") from error
    return text_of(path, raw)


def text_of(path: Path, raw: bytes) -> TextFile:
    """The lines of `raw`, which came from `path`; CaptureFileError where it is too large or no text."""
    if len(raw) > LARGEST_FILE:
        raise CaptureFileError(f"{path}: more than {LARGEST_FILE >> 20} MB of text", "cut out the part around the fault (split -b, head, tail)")
    encoding = _encoding(raw[:HEAD])
    if encoding is None or (encoding == "utf-8" and raw.count(0) > len(raw) // 100):
        raise CaptureFileError(f"{path}: neither a capture nor text: it holds binary data", "give the terminal's log as plain text")
    remarks: list[str] = []
    texts = _decoded(raw, encoding).replace("\r\n", "\n").split("\n")
    ended = not texts[-1]
    if ended:
        texts.pop()
    if len(texts) > MOST_LINES:
        remarks.append(f"only the first {MOST_LINES} lines were read")
        del texts[MOST_LINES:]
    if long := sum(len(text) > LONGEST_LINE for text in texts):
        remarks.append(f"{long} lines are longer than {LONGEST_LINE} characters: only their beginning was looked at")
    lines = tuple(TextLine(number, shown(text[:LONGEST_LINE])) for number, text in enumerate(texts, 1))
    return TextFile(path, len(raw), encoding, lines, "; ".join(remarks), ended)


def _encoding(head: bytes) -> str | None:
    """utf-8 (or latin-1), utf-16-le, utf-16-be; None for what is no text."""
    if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    even, odd = head[0::2], head[1::2]
    if odd and odd.count(0) > len(odd) * 0.8 and even.count(0) < len(even) * 0.05:
        return "utf-16-le"
    if even and even.count(0) > len(even) * 0.8 and odd.count(0) < len(odd) * 0.05:
        return "utf-16-be"
    odd_bytes = sum(byte < 32 and byte not in _TERMINAL for byte in head) + head.count(0)
    return "utf-8" if odd_bytes <= len(head) // 200 else None


def _decoded(raw: bytes, encoding: str) -> str:
    if encoding != "utf-8":
        return raw.decode(encoding, errors="replace")
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        return raw.decode("latin-1")
