"""A keyed permutation of words: every run of letters becomes another of the same length, every long hex number another one.

Format-preserving encryption in the manner of NIST SP 800-38G: a Feistel network of ten rounds over HMAC-SHA-256, walked until the result
has the right form. Whoever has the key turns a word back without any table. Short words have few others to hide among.
"""

from __future__ import annotations

import hmac
from collections.abc import Callable

_ROUNDS = 10
_LETTERS = "abcdefghijklmnopqrstuvwxyz"
_HEX = "0123456789abcdef"
_STEPS = 8  # until an ordinary word has become none
_LONGEST = 255  # letters that are mapped together


class LetterPermutation:
    """`back` is the way back. `taken(word)` says of a lower-case word that nothing may be mapped to it."""

    def __init__(self, key: bytes, *, back: bool = False) -> None:
        self._key = hmac.digest(key, b"tshoot words", "sha256")
        self._back = back
        self._known: dict[tuple[str, str, bool], str] = {}

    def word(self, word: str, taken: Callable[[str], bool]) -> str:
        """A run of letters a-z, in any case: another of the same length and case, for which `taken` is false, as it is for the first."""
        found = self._once(word.lower())
        for _ in range(200):
            if not taken(found):
                break
            found = self._once(found)
        return _cased(found, word)

    def ordinary(self, word: str, taken: Callable[[str], bool]) -> str:
        """The same for a word that is taken itself: by permutations of their own, one a step, so that hardly ever two of them become one."""
        if self._back:
            return self._was_ordinary(word, taken) or self.word(word, taken)
        found = word.lower()
        for step in range(_STEPS):
            found = self._once(found, f"ordinary {step}")
            if not taken(found):
                break
        return _cased(found, word)

    def _was_ordinary(self, word: str, taken: Callable[[str], bool]) -> str:
        """What is taken and became `word`; "" where nothing did."""
        for steps in range(1, _STEPS + 1):
            found = word.lower()
            for step in reversed(range(steps)):
                found = self._once(found, f"ordinary {step}")
                if not taken(found):
                    break
            else:
                return _cased(found, word)
        return ""

    def forced(self, word: str) -> str:
        """The same without regard to what is taken: for words that are ordinary ones by themselves."""
        return _cased(self._once(word.lower()), word)

    def hex(self, digits: str) -> str:
        """A run of hexadecimal digits, in any case."""
        found = self._once(digits.lower(), alphabet=_HEX)
        return found.upper() if digits != digits.lower() else found

    def _once(self, text: str, which: str = "", alphabet: str = _LETTERS) -> str:
        known = (text, which, alphabet is _HEX)
        found = self._known.get(known)
        if found is None:
            pieces = (text[at : at + _LONGEST] for at in range(0, len(text), _LONGEST))
            found = "".join(self._piece(piece, which, alphabet) for piece in pieces)
            if len(self._known) < 1 << 18:
                self._known[known] = found
        return found

    def _piece(self, text: str, which: str, alphabet: str) -> str:
        base, number = len(alphabet), 0
        for letter in text:
            number = number * base + alphabet.index(letter)
        size, tweak = base ** len(text), f"{which}{base}/{len(text)}/".encode()
        half = ((size - 1).bit_length() + 1) // 2
        number = self._feistel(number, half, tweak)
        while number >= size:
            number = self._feistel(number, half, tweak)
        letters = []
        for _ in text:
            number, rest = divmod(number, base)
            letters.append(alphabet[rest])
        return "".join(reversed(letters))

    def _feistel(self, number: int, half: int, tweak: bytes) -> int:
        """One pass over 2 x `half` bits."""
        mask = (1 << half) - 1
        left, right = number >> half, number & mask
        for turn in reversed(range(_ROUNDS)) if self._back else range(_ROUNDS):
            if self._back:
                left, right = right ^ self._round(turn, left, half, tweak), left
            else:
                left, right = right, left ^ self._round(turn, right, half, tweak)
        return left << half | right

    def _round(self, turn: int, value: int, half: int, tweak: bytes) -> int:
        size = (half + 7) // 8
        seed, stream, counter = tweak + bytes([turn]) + value.to_bytes(size, "big"), b"", 0
        while len(stream) < size:
            stream += hmac.digest(self._key, seed + counter.to_bytes(2, "big"), "sha256")
            counter += 1
        return int.from_bytes(stream[:size], "big") & ((1 << half) - 1)


def _cased(found: str, like: str) -> str:
    return "".join(letter.upper() if old.isupper() else letter for letter, old in zip(found, like, strict=True))
