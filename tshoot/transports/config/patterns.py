"""Patterns of ssh_config and known_hosts: only `*` and `?` are special, `!` turns one round (ssh_config(5), PATTERNS).

Matching takes time by the product of the two lengths, whatever the pattern: no `*` makes it explode.
"""

from __future__ import annotations

from collections.abc import Iterable


def fits(text: str, pattern: str) -> bool:
    """Does the whole `text` fit one `pattern`?"""
    at, star, taken, index = 0, -1, 0, 0
    while at < len(text):
        if index < len(pattern) and pattern[index] == "*":  # first: a `*` in the text is no pattern
            star, taken, index = index, at, index + 1
        elif index < len(pattern) and pattern[index] in ("?", text[at]):
            at, index = at + 1, index + 1
        elif star >= 0:  # the last `*` takes one letter more
            taken += 1
            at, index = taken, star + 1
        else:
            return False
    return not pattern[index:].strip("*")


def fits_list(text: str, patterns: Iterable[str]) -> bool:
    """One of them must fit, and none of those behind a `!`."""
    found = False
    for pattern in patterns:
        if pattern.startswith("!"):
            if fits(text, pattern[1:]):
                return False
        elif fits(text, pattern):
            found = True
    return found
