"""What is typed at a device's prompt, byte by byte, to lines and their echo.

CR, LF and CR LF each end a line; backspace takes a character back, ^U the line; ^C gives the line up. Cursor keys and
other control characters do nothing. A line has a bound, as on a device: what is typed beyond it rings the bell.
"""

from __future__ import annotations

LONGEST_LINE = 1000
_BELL, _ERASE = b"\x07", b"\x08 \x08"
_CR, _LF, _ESCAPE, _INTERRUPT, _KILL = 0x0D, 0x0A, 0x1B, 0x03, 0x15
_BACKSPACES = (0x08, 0x7F)


class LineEditor:
    """One prompt's lines. With `echo` False (a password) only the ends of lines are echoed."""

    def __init__(self, echo: bool = True) -> None:
        self._echo = echo
        self._line = bytearray()
        self._after_cr = False
        self._escape = ""

    def typed(self, byte: int) -> tuple[bytes, str | None]:
        """What the screen shows for this byte, and the line that it ended (empty after ^C)."""
        after_cr, self._after_cr = self._after_cr, byte == _CR
        if byte == _LF and after_cr:
            return b"", None
        if self._escape and byte not in (_CR, _LF, _INTERRUPT):
            self._escape = self._escaped(byte)
            return b"", None
        self._escape = ""
        if byte in (_CR, _LF):
            return b"\r\n", self._ended()
        if byte == _INTERRUPT:
            self._line.clear()
            return b"^C\r\n", ""
        shown = self._edited(byte)
        return shown if self._echo else b"", None

    def _edited(self, byte: int) -> bytes:
        if byte == _ESCAPE:
            self._escape = "start"
        elif byte in _BACKSPACES:
            return self._rubbed_out() if self._line else _BELL
        elif byte == _KILL:
            characters = len(self._line.decode("utf-8", errors="replace"))
            self._line.clear()
            return _ERASE * characters
        elif byte >= 0x20:
            if len(self._line) >= LONGEST_LINE:
                return _BELL
            self._line.append(byte)
            return bytes((byte,))
        return b""

    def _rubbed_out(self) -> bytes:
        """Take back the last character, all of its bytes."""
        while len(self._line) > 1 and self._line[-1] & 0xC0 == 0x80:
            self._line.pop()
        self._line.pop()
        return _ERASE

    def _escaped(self, byte: int) -> str:
        """An escape sequence ends with its letter; what ends none (`ESC x`) is swallowed with one character."""
        if self._escape == "start":
            return "sequence" if byte in b"[O" else ""
        return "" if 0x40 <= byte <= 0x7E else "sequence"

    def _ended(self) -> str:
        line = self._line.decode("utf-8", errors="replace")
        self._line.clear()
        return line
