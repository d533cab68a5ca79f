"""Commands as people type them (`sh ipv6 ro X`) to the commands that a platform's patterns know.

A command line of a device takes words cut short: each typed word is compared with each pattern word by word, and of
the patterns that fit the one is taken that needs the fewest words written out. Values are checked by their type.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache

from tshoot.errors import TshootError
from tshoot.platforms.loader import Platform, load_platform, platform_names
from tshoot.platforms.slots import SLOTS

_TOKEN = re.compile(r"\[([^\[\]]*)\]|'([^']*)'|([^\s\[\]']+)")
_SLOT = re.compile(r"([^{}]*)\{(\w+)\}")
_VTYSH = re.compile(r"(?:sudo )?vtysh -c (?:'([^']{1,400})'|\"([^\"]{1,400})\")(.{0,200})")
_BIRDC = re.compile(r"(?:sudo )?birdc6? (?:-[a-z] (?:\S{1,100} )?){0,4}['\"]?([a-z][^'\"|]{1,400}?)['\"]?(?: \|.{0,100})?$")
_LONGEST, _MOST_WORDS = 480, 40

Token = tuple[str, ...]  # ("word", text) or ("option", words…)


@dataclass(frozen=True, slots=True)
class Known:
    """`command` is written out; `parser` is None where the platform names none."""

    platform: str
    command: str
    parser: str | None


def known_command(platform: str, typed: str) -> Known | None:
    """What `typed` means on `platform`; None where no pattern fits, or there is no such platform."""
    loaded = _platform(platform)
    typed = typed.strip()
    if loaded is None or not typed or len(typed) > _LONGEST:
        return None
    if rule := loaded.rule_for(typed):
        return Known(platform, typed, rule.parser)
    if match := _VTYSH.fullmatch(typed):
        return known_command("frr_vtysh", (match[1] or match[2]).strip())
    if (match := _BIRDC.fullmatch(typed)) and platform == "bird" and (rule := loaded.rule_for(f"birdc -r {match[1]}")):
        return Known(platform, f"birdc -r {match[1]}", rule.parser)
    best: tuple[int, Known] | None = None
    words = typed.replace("|", " | ").split()
    for at, rule in enumerate(loaded.commands if len(words) <= _MOST_WORDS else ()):
        full = _written_out(_tokens(rule.pattern), words)
        if full is not None:
            cost = sum(one != other for one, other in zip(full, words, strict=True)) * 1000 + at
            if best is None or cost < best[0]:
                best = (cost, Known(platform, " ".join(full), rule.parser))
    return best[1] if best else None


@cache
def _platform(name: str) -> Platform | None:
    try:
        return load_platform(name) if name in platform_names() else None
    except TshootError:  # a platform file of this installation that cannot be read is no reason to read no text
        return None


@cache
def _tokens(pattern: str) -> tuple[Token, ...]:
    found: list[Token] = []
    for group, quoted, word in _TOKEN.findall(pattern):
        if group:
            found.append(("option", *group.split()))
        elif quoted:
            found += [("word", one) for one in quoted.split()]
        else:
            found.append(("word", word))
    return tuple(found)


def _written_out(tokens: tuple[Token, ...], words: list[str]) -> list[str] | None:
    """`words` by `tokens`, each in full; None where they do not fit."""
    if not tokens:
        return None if words else []
    kind, *parts = tokens[0]
    if kind == "option" and (rest := _written_out(tokens[1:], words)) is not None:
        return rest
    if len(words) < len(parts):
        return None
    full = [_full(part, word) for part, word in zip(parts, words, strict=False)]
    if any(word is None for word in full):
        return None
    rest = _written_out(tokens[1:], words[len(parts) :])
    return None if rest is None else [*(word for word in full if word is not None), *rest]


def _full(part: str, word: str) -> str | None:
    if slot := _SLOT.fullmatch(part):
        check = SLOTS.get(slot[2])
        value = word[len(slot[1]) :]
        return word if check and word.startswith(slot[1]) and check(value) else None
    choices = part.split("|") if part != "|" else ["|"]
    return next((choice for choice in choices if word and choice.startswith(word.lower()) and (choice == word.lower() or choice.isascii())), None)
