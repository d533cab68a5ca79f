"""The place of a session that fits a search best: the piece with most of the words, and some words around the first of them.

Words are told apart as the index does it: runs of letters and digits, capitals and accents aside.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass

_AROUND = 20  # words of a snippet
_BEFORE = 6  # of these, before the first that was looked for
_REACH = 2000  # characters around it that are looked at for words
_QUOTED = re.compile(r'"([^"]*)"( \*)?')
_WORD = re.compile(r"\S+")


@dataclass(frozen=True, slots=True)
class Place:
    kind: str
    source: str
    snippet: str


@dataclass(frozen=True, slots=True)
class Wanted:
    """One word of a query, or several side by side: how they stand in plain text, and the first of them, by which to look for them quickly."""

    first: str
    pattern: re.Pattern[str]


def wanted_words(expressions: Iterable[str]) -> tuple[Wanted, ...]:
    """Of each expression of a query (`"from the cafe"`, `"expo" *`)."""
    found = (_QUOTED.fullmatch(expression) for expression in expressions)
    return tuple(_wanted(plain(one[1]).split(), bool(one[2])) for one in found if one and one[1].split())


def best_place(pieces: Iterable[tuple[str, str, str]], wanted: tuple[Wanted, ...]) -> Place | None:
    """Of pieces (kind, source, text) the first of those that hold most of what is wanted; None where none holds any."""
    most, best, at = 0, None, 0
    for piece in pieces:
        text = plain(piece[2])
        found = [match.start() for one in wanted if one.first in text and (match := one.pattern.search(text))]
        if len(found) > most:
            most, best, at = len(found), piece, min(found)
            if most == len(wanted):
                break
    return Place(best[0], best[1], _around(best[2], at)) if best else None


def plain(text: str) -> str:
    """Small letters without accents, as many as there were."""
    if text.isascii():
        return text.lower()
    return text.translate({ord(letter): _plain_letter(letter) for letter in set(text)})


def _plain_letter(letter: str) -> str:
    base = next((part for part in unicodedata.normalize("NFKD", letter) if not unicodedata.combining(part)), letter)
    return base.lower()[:1] or letter


def _wanted(words: list[str], beginning: bool) -> Wanted:
    """These words side by side, as words of their own."""
    body = r"[\W_]{1,40}".join(map(re.escape, words))
    return Wanted(words[0], re.compile(r"(?<![^\W_])" + body + ("" if beginning else r"(?![^\W_])")))


def _around(text: str, at: int) -> str:
    """Some words of `text`, among them the one at `at`, with … where words are left out."""
    start = max(0, at - _REACH)
    stretch = text[start : at + _REACH]
    words = [(match.start() + start, match[0]) for match in _WORD.finditer(stretch)]
    chosen = next((number for number, (begin, word) in enumerate(words) if begin + len(word) > at), 0)
    first = max(0, min(chosen - _BEFORE, len(words) - _AROUND))
    shown = words[first : first + _AROUND]
    begins = start == 0 and first == 0
    ends = at + _REACH >= len(text) and first + _AROUND >= len(words)
    return f"{'' if begins else '…'}{' '.join(word for _, word in shown)}{'' if ends else '…'}"
