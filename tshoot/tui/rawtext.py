"""What a device printed before it was cleaned, every control character as a sign that can be seen: nothing of it reaches the terminal."""

from __future__ import annotations

import unicodedata

_PICTURES = 0x2400  # Unicode's own pictures of the C0 controls: ␛ for escape, ␍ for carriage return
_DELETE = "␡"


def visible(raw: bytes) -> str:
    """One line: `␛[31m`, `␇`, `<U+202E>`; bytes that are no UTF-8 as `\\xff`; tabs as they are."""
    text = raw.decode("utf-8", errors="backslashreplace")
    if text.isascii() and text.isprintable():
        return text
    return "".join(map(_sign, text))


def _sign(character: str) -> str:
    code = ord(character)
    if character == "\t" or (code >= 32 and character.isprintable()):
        return character
    if code < 32:
        return chr(_PICTURES + code)
    if code == 127:
        return _DELETE
    return character if unicodedata.category(character) == "Zs" else f"<U+{code:04X}>"
