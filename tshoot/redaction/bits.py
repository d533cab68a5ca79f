"""A keyed permutation of numbers of a fixed width that keeps prefixes: two numbers that agree in their first n bits agree there afterwards.

After Xu, Fan, Ammar and Moon, "Prefix-Preserving IP Address Anonymization" (ICNP 2002; Crypto-PAn), with HMAC-SHA-256 in the place of
AES: bit i is turned over or not by a keyed hash of the bits before it. Where those bits are the beginning of a prefix in `fixed`, it is
not: so each of these prefixes is mapped to itself, and nothing else into it. The last bit is turned over where no other was: so no number
is mapped to itself.
"""

from __future__ import annotations

import hmac
from collections.abc import Iterable


class PrefixPermutation:
    """Of numbers of `width` bits. `fixed` are (value of the prefix's bits, length); of `kept` ones everything below stays, too."""

    def __init__(self, key: bytes, label: str, width: int, fixed: Iterable[tuple[int, int]] = (), kept: Iterable[tuple[int, int]] = ()) -> None:
        self._key = hmac.digest(key, b"tshoot prefixes " + label.encode("ascii"), "sha256")
        self._width = width
        self._kept = frozenset((length, value) for value, length in kept)
        ends = [*fixed, *kept]
        self._above = frozenset((depth, value >> (length - depth)) for value, length in ends for depth in range(length))
        self._flips: dict[tuple[int, int], int] = {}

    def forward(self, number: int) -> int:
        return self._walk(number, forward=True)

    def back(self, number: int) -> int:
        """The inverse of `forward`."""
        return self._walk(number, forward=False)

    def _walk(self, number: int, *, forward: bool) -> int:
        plain = mapped = 0
        for depth in range(self._width):
            if (depth, plain) in self._kept:
                rest = self._width - depth
                return (mapped << rest) | (number & ((1 << rest) - 1))
            bit = number >> (self._width - 1 - depth) & 1
            last = depth == self._width - 1 and plain == mapped and (depth, plain) not in self._above
            flip = 1 if last else self._flip(depth, plain)
            plain, mapped = (plain << 1 | bit, mapped << 1 | bit ^ flip) if forward else (plain << 1 | bit ^ flip, mapped << 1 | bit)
            # the way back follows the plain bits, which it finds one after the other
        return mapped if forward else plain

    def _flip(self, depth: int, prefix: int) -> int:
        if (depth, prefix) in self._above:
            return 0
        found = self._flips.get((depth, prefix))
        if found is None:
            found = hmac.digest(self._key, depth.to_bytes(2, "big") + prefix.to_bytes(16, "big"), "sha256")[0] & 1
            self._flips[depth, prefix] = found
        return found
