"""The shape of a device's prompt, and what a terminal shows of a line in which it may stand."""

from __future__ import annotations

import re

_LONGEST_LINE = 8 * 1024
_ESCAPE = re.compile(rb"\x1b\[[0-?]{0,16}[ -/]{0,4}[@-~]|\x1b[()][0-9A-B]|\x1b[=>78DEHM]|[\x00\x07]")


def plain(line: bytes) -> bytes:
    """What a terminal shows of one line, without the end of the line."""
    line = _ESCAPE.sub(b"", line).rstrip(b"\r\n").rpartition(b"\r")[2]
    if b"\x08" not in line:
        return line
    shown = bytearray()
    for byte in line[-_LONGEST_LINE:]:
        if byte != 8:
            shown.append(byte)
        elif shown:
            shown.pop()
    return bytes(shown)


class PromptShape:
    """The prompt after `base`, the device's name as its prompt begins: `R1#`, `R1>`, `R1(config)#`, `leaf1(s1)#`."""

    def __init__(self, base: str) -> None:
        self._base = base.encode()
        ending = rb"[A-Za-z0-9_.:()/@~-]{0,64}[#>] ?"
        self._whole = re.compile(re.escape(self._base) + ending)
        self._suffix = re.compile(re.escape(self._base) + ending + rb"\Z") if base else None
        self._beginning = re.compile(rb"(?m)^\r?" + re.escape(self._base) + ending)

    def is_whole(self, text: bytes) -> bool:
        return self._whole.fullmatch(text) is not None

    def begin_in(self, text: bytes) -> int | None:
        """Where the prompt begins at the end of `text`."""
        found = self._suffix.search(text) if self._suffix else None
        return found.start() if found else None

    def went_by(self, lines: bytes) -> bool:
        """One of `lines` begins with a prompt."""
        return self._base in lines and self._beginning.search(lines) is not None

    def may_begin(self, text: bytes) -> bool:
        """`text` may be the first part of a prompt."""
        return text.startswith(self._base) if len(text) > len(self._base) else self._base.startswith(text)
