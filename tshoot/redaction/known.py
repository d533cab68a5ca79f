"""The addresses that were seen in a session, and where one of them stands in a spelling that nothing announces: among the numbers of an object,
in a row of digits, behind a word, between odd separators. Whatever merely looks alike and was never seen is no address.

An IPv4 address in hexadecimal is four whole bytes; MACs and IPv6 addresses, which are met by no chance, may begin at any digit.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Container, Iterator
from functools import lru_cache
from ipaddress import IPv4Address, IPv6Address

from tshoot.redaction.spellings import HEX, spelt_digits

_GAP = r"(?:[:._ -]|\[[.:]\]|%(?:2[Ee]|3[Aa]))"
_RUN = re.compile(rf"(?<!{HEX})(?:{HEX}{{1,8}}(?:{_GAP}{HEX}{{1,8}}){{2,}}|{HEX}{{8,}})")
_FOUR = re.compile(rf"(?<!\d)(?=(\d{{1,3}})(?! )({_GAP})(\d{{1,3}})\2(\d{{1,3}})\2(\d{{1,3}})(?!\d))")
_TOKEN = re.compile(rf"({_GAP})?({HEX}+)")
_COLONS = re.compile(rf"(?:{HEX}{{0,4}}:){{2,12}}(?:\d{{1,3}}(?:\.\d{{1,3}}){{3}}|{HEX}{{1,4}})?")
_PIECE, _LONGEST = 1 << 16, 128  # characters that are looked at together; of the longest spelling
_TRIED = 9  # groups that may stand before an IPv6 address
Found = tuple[int, int, bytes]  # from, to, the address


class Known:
    """A set of packed addresses; `find` finds them in text, `spelt` writes another one as the one that was found."""

    def __init__(self) -> None:
        self._addresses: set[bytes] = set()
        self._digits: set[str] = set()

    def add(self, address: bytes) -> None:
        if address not in self._addresses:
            self._addresses.add(address)
            digits = address.hex()
            if len(digits) != 12 or digits.count("0") < 10:  # 00:00:00:00:00:01 is in any row of zeros
                self._digits.add(digits)

    def __contains__(self, address: bytes) -> bool:
        return address in self._addresses

    def __iter__(self) -> Iterator[bytes]:
        return iter(self._addresses)

    def find(self, text: str, check: Callable[[], None], but: Container[bytes] = ()) -> list[Found]:
        """Where the addresses stand in `text`, in order, none over another; `but` are passed over. `check` is asked now and then."""
        found = list[Found]()
        for at in range(0, len(text) if self._addresses else 0, _PIECE):
            check()
            piece = text[at : at + _PIECE + _LONGEST]
            whole = at + len(piece) == len(text)
            for start, end, address in (*self._colons(piece), *self._quads(piece), *self._runs(piece)):
                if address not in but and (start or not at) and (end < len(piece) or whole):  # what is cut off stands in the piece before or behind
                    found.append((at + start, at + end, address))
        return list(_apart(sorted(found, key=lambda one: (one[0], one[0] - one[1]))))

    def _colons(self, text: str) -> Iterator[Found]:
        for match in _COLONS.finditer(text):
            said = match.group()
            if "::" not in said and said.count(":") < 7:
                continue  # a time
            for start, end, address in _parsed(said):
                if address in self._addresses:
                    yield match.start() + start, match.start() + end, address
                    break

    def _runs(self, text: str) -> Iterator[Found]:
        for match in _RUN.finditer(text):
            tokens = list(_TOKEN.finditer(text, match.start(), match.end()))
            yield from self._windows(tokens)

    def _quads(self, text: str) -> Iterator[Found]:
        """Four decimal numbers with the same between them."""
        for match in _FOUR.finditer(text):
            numbers = [int(match[group]) for group in (1, 3, 4, 5)]
            if max(numbers) < 256 and bytes(numbers) in self._addresses:
                yield match.start(), match.end(5), bytes(numbers)

    def _windows(self, tokens: list[re.Match[str]]) -> Iterator[Found]:
        """Rows of as many hexadecimal digits as an address has, whatever stands between them."""
        digits = "".join(token[2] for token in tokens).lower()
        if len(digits) < 8:
            return
        places = [place for token in tokens for place in range(token.start(2), token.end())]
        begins = {place for place, at in enumerate(places) if not place or places[place - 1] != at - 1} | {len(digits)}
        for size in (32, 12, 8):
            for at in range(len(digits) - size + 1):
                if digits[at : at + size] in self._digits and (size > 8 or {at, at + 8} <= begins):
                    yield places[at], places[at + size - 1] + 1, bytes.fromhex(digits[at : at + size])


def spelt(address: bytes, like: str) -> str:
    """`address` in the form of `like`, which `find` found: another of its kind."""
    if len(address) == 16 and len(re.sub(f"[^{HEX[1:-1]}]", "", like)) != 32:
        return str(IPv6Address(address))
    parts = re.fullmatch(rf"(\d{{1,3}})({_GAP})(\d{{1,3}})\2(\d{{1,3}})\2(\d{{1,3}})", like)
    if len(address) == 4 and parts:
        return parts[2].join(str(IPv4Address(address)).split("."))
    return spelt_digits(address.hex(), like)


@lru_cache(maxsize=4096)
def _parsed(said: str) -> tuple[tuple[int, int, bytes], ...]:
    """The IPv6 addresses that `said` may be, without some of its first groups or its last two (a port)."""
    colons = [match.start() for match in re.finditer(":", said)]
    starts = [0, *(at + 1 for at in colons[:_TRIED]), *(at for at in colons[:_TRIED] if said[at : at + 2] == "::")]
    out = []
    for end in (len(said), *reversed(colons[-2:])):
        for start in sorted(set(starts)):
            try:
                out.append((start, end, IPv6Address(said[start:end]).packed))
            except ValueError:
                continue
    return tuple(out)


def _apart(found: list[Found]) -> Iterator[Found]:
    end = 0
    for one in found:
        if one[0] >= end:
            yield one
            end = one[1]
