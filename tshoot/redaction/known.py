"""The addresses that were seen in a session, and where one of them stands in a spelling that nothing announces: among the numbers of an object,
in a row of digits, behind a word, between odd separators. Whatever merely looks alike and was never seen is no address.

An IPv4 address in hexadecimal is four whole bytes; MACs and IPv6 addresses, which are met by no chance, may begin at any digit.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Container, Iterator, Sequence
from functools import lru_cache
from ipaddress import IPv4Address, IPv6Address
from itertools import pairwise

from tshoot.redaction.spellings import HEX, spelt_digits

_DOT = r"(?:\.|\[\.\]|\(\.\)|\\{1,4}\.|%2[Ee]|[(\[{][Dd][Oo][Tt][)\]}])"  # as people write a dot that no program shall follow or expand
_GAP = r"(?:[:._ /-]|\[[.:]\]|\\{1,4}[.:]|%(?:2[Ee]|3[Aa]))"
_SAME = r"(?:[:_-]|\[:\]|\\{1,4}:|%3[Aa])"
_RUN = re.compile(rf"(?<!{HEX})(?:{HEX}{{1,8}}(?:{_GAP}{HEX}{{1,8}}){{2,}}|{HEX}{{8,}})")
# Both begin with a digit, and look back from there: so the search leaps from digit to digit.
_FOUR = re.compile(rf"\d(?:(?<!\d\d)|(?<=%{HEX}{{2}}\d))(?=(\d{{0,2}}(?:(?:{_DOT}\d{{1,3}}){{3}}|({_SAME})\d{{1,3}}(?:\2\d{{1,3}}){{2}}))(?!\d))")
_ROW = re.compile(r"(\d(?<!\d\d)(?<!\d[ ,./]\d)\d{0,2}([ ,/])\d{1,3}\2\d{1,3}\2\d{1,3})(?:(,\d{1,3},\d{1,3})|(?![ ,./]?\d))(?![,.]?\d)")
_BETWEEN = re.compile(rf"{_DOT}|{_SAME}|[ ,/]")
_TOKEN = re.compile(rf"({_GAP})?({HEX}+)")
_COLONS = re.compile(rf"(?:{HEX}{{0,4}}:){{2,12}}(?:\d{{1,3}}(?:\.\d{{1,3}}){{3}}|{HEX}{{1,4}})?")
_ODD_COLONS = re.compile(rf"(?:(?<!{HEX})|(?<=%{HEX}{{2}})){HEX}{{1,4}}([_-]|%3[Aa])(?:{HEX}{{0,4}}\1){{1,12}}{HEX}{{0,4}}")
_ESCAPED = re.compile("%(?:2[Ee]|3[Aa])")
_FEWEST_DIGITS = 7  # of an address between blanks, commas or slashes: 10 0 0 1 is in any row of counters
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
            yield from self._sixes(match.group(), range(match.start(), match.end() + 1))
        for match in _ODD_COLONS.finditer(text) if _may_hold_odd_colons(text) else ():
            said, places = _with_colons(match)
            yield from self._sixes(said, places)

    def _sixes(self, said: str, places: Sequence[int]) -> Iterator[Found]:
        """The first known IPv6 address in `said`, whose characters are from `places`."""
        if "::" not in said and said.count(":") < 7:
            return  # a time
        for start, end, address in _parsed(said):
            if address in self._addresses:
                yield places[start], places[end], address
                break

    def _runs(self, text: str) -> Iterator[Found]:
        for match in _RUN.finditer(text):
            if match.end() - match.start() < 8:
                continue  # fewer digits than any address has
            tokens = list(_TOKEN.finditer(text, match.start(), match.end()))
            yield from self._windows(tokens)

    def _quads(self, text: str) -> Iterator[Found]:
        """Four decimal numbers with dots between them, however these are written, or with the same between them."""
        if len(text) < 7:
            return  # 1.1.1.1
        for match in _FOUR.finditer(text):
            yield from self._four(text, match.start(), match.end(1))
        for match in _ROW.finditer(text):
            if _no_counters(match):
                yield from self._four(text, match.start(1), match.end(1))

    def _four(self, text: str, start: int, end: int) -> Iterator[Found]:
        address = _four_bytes(text[start:end])
        if address in self._addresses and address is not None:
            yield start, end, address

    def _windows(self, tokens: list[re.Match[str]]) -> Iterator[Found]:
        """Rows of as many hexadecimal digits as an address has, whatever stands between them."""
        digits = "".join([token[2] for token in tokens]).lower()
        rows = [(at, size) for size in (32, 12, 8) for at in range(len(digits) - size + 1) if digits[at : at + size] in self._digits]
        if not rows:
            return
        places = [place for token in tokens for place in range(token.start(2), token.end())]
        begins = {place for place, at in enumerate(places) if not place or places[place - 1] != at - 1} | {len(digits)}
        for at, size in rows:
            if size > 8 or {at, at + 8} <= begins:
                yield places[at], places[at + size - 1] + 1, bytes.fromhex(digits[at : at + size])


def spelt(address: bytes, like: str) -> str:
    """`address` in the form of `like`, which `find` found: another of its kind."""
    plain = _ESCAPED.sub(":", like)
    if len(address) == 16 and len(re.sub(f"[^{HEX[1:-1]}]", "", plain)) != 32:
        gap = _ODD_COLONS.fullmatch(like)
        return str(IPv6Address(address)).replace(":", gap[1] if gap else ":")
    if len(address) == 4 and (_FOUR.match(like) or _ROW.fullmatch(like)):
        between = _BETWEEN.findall(like)
        return "".join(map("".join, zip(str(IPv4Address(address)).split("."), [*between, ""], strict=True)))
    escapes = iter(_ESCAPED.findall(like))  # whose digits are none of the address
    return re.sub("%", lambda _: next(escapes), spelt_digits(address.hex(), _ESCAPED.sub("%", like)))


def _numbers(said: str) -> list[int]:
    return [int(number) for number in _BETWEEN.split(said)]


@lru_cache(maxsize=4096)
def _four_bytes(said: str) -> bytes | None:
    numbers = _numbers(said)
    return bytes(numbers) if max(numbers) < 256 else None


def _no_counters(match: re.Match[str]) -> bool:
    """Whether a row of numbers may be an address: six with commas (address and port, as FTP says it), or four long ones.

    None that only rises, as the numbers of VLANs do.
    """
    if match[3] and match[2] != ",":
        return False
    numbers = _numbers(match[1] + (match[3] or ""))
    rises = match[2] != "/" and all(one < other for one, other in pairwise(numbers))
    return not rises and bool(match[3] or len(match[1]) - 3 >= _FEWEST_DIGITS)


def _may_hold_odd_colons(text: str) -> bool:
    """Whether it is worth to look for them: nearly no text has any."""
    return "--" in text or "__" in text or "%3" in text or text.count("-") > 6 or text.count("_") > 6


def _with_colons(match: re.Match[str]) -> tuple[str, list[int]]:
    """What was matched with colons for what stands between its groups, and where each character of this stood; the end at last."""
    groups, at = match.group().split(match[1]), match.start()
    places = list[int]()
    for group in groups:
        places += range(at, at + len(group) + 1)
        at += len(group) + len(match[1])
    return ":".join(groups), places


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
