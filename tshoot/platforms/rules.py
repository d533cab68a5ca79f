"""The read-only gate: which commands are known to only read, told by pattern.

A pattern is written as the command is: literal words, `bgp|ospf` for one of several, `{type}` for a checked value (alone or
at the end of a word: `++netstack={word}`), `[-d]` or `[-I {interface}]` for an optional group, `[!-c {count}]` for one that must
be there; neighbouring groups come in any order, each once. `|` between blanks is a pipe, and only a pattern that has one lets a command have one.

A command passes only if the shell would see plain words: whatever is not in the small unquoted alphabet must
stand in quotes, single quotes hold no `\\` (fish reads it there), double quotes nothing that the shell expands. No slot
matches a word that starts with `-`.

Where the line is a device's own command line (`line="cli"`) there is no shell, and the lexer is stricter (`cli_line`).
`'…'` in a pattern of the shell is one quoted word that holds such a line: `vtysh -c 'show ip route {ip} json'`.
"""

from __future__ import annotations

import re
import shlex
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Literal, NamedTuple

from tshoot.platforms.cli_line import FILTERS, cli_words
from tshoot.platforms.slots import SLOTS

_LONGEST_COMMAND = 4096
_WORD = r"""(?:[A-Za-z0-9_@%+=:,./-]|'[^'\\]*'|"[^"$`\\!]*")+"""
_COMMAND = re.compile(rf" *{_WORD}(?: +(?:\| *)?{_WORD}|\| *{_WORD})* *")
_PIECES = re.compile(rf"\||{_WORD}")
_PATTERN = re.compile(r"\[([^\[\]]*)\]|'([^']*)'|([^\s\[\]']+)|(\S)")
_SLOT = re.compile(r"([^{}]*)(?:\{(\w+)\})?")


class Filled(NamedTuple):
    """A value in a place of a pattern: the place's type, one of SLOTS."""

    slot: str
    value: str


@dataclass(frozen=True)
class Word:
    """One word of a pattern: `literal`, then a value of type `slot` where there is one; without one, `bgp|ospf` is either."""

    literal: str
    slot: str = ""

    @property
    def choices(self) -> tuple[str, ...]:
        return tuple(self.literal.split("|")) if not self.slot else ()

    def fits(self, word: str) -> bool:
        if not self.slot:
            return word == self.literal if "|" not in self.literal else word in self.choices
        return word.startswith(self.literal) and SLOTS[self.slot].fits(word[len(self.literal) :])

    def filled(self, word: str) -> tuple[Filled, ...]:
        """Of a word that fits: its value, where it has a place for one."""
        return (Filled(self.slot, word[len(self.literal) :]),) if self.slot else ()


class Group(NamedTuple):
    words: tuple[Word, ...]
    needed: bool

    def filled(self, given: tuple[str, ...]) -> tuple[Filled, ...] | None:
        """The values of `given`, as many words as it has; None where they do not fit."""
        if len(given) < len(self.words) or not all(map(Word.fits, self.words, given)):
            return None
        return tuple(value for word, one in zip(self.words, given, strict=True) for value in word.filled(one))


@dataclass(frozen=True)
class Options:
    """Neighbouring groups. Those that are `needed` must be there."""

    groups: tuple[Group, ...]

    def without(self, at: int) -> Options:
        return Options(self.groups[:at] + self.groups[at + 1 :])


@dataclass(frozen=True)
class Quoted:
    """One word of the shell that holds a line of a device's command line."""

    stages: tuple[Stage, ...]


Stage = tuple[Word | Quoted | Options, ...]
Line = Literal["shell", "cli"]
Words = tuple[tuple[str, ...], ...]


@dataclass(frozen=True)
class CommandRule:
    """A pattern of commands that only read, and the parser of their output. A pattern that is none is a ValueError.

    `place` is where it stands, `linux.yaml:12`, for people.
    """

    pattern: str
    parser: str | None = None
    line: Line = "shell"
    place: str = field(default="", compare=False)
    _stages: tuple[Stage, ...] = field(init=False, repr=False, compare=False)
    _names: frozenset[str] | None = field(init=False, repr=False, compare=False)  # of the program; None where not only a name stands there

    def __post_init__(self) -> None:
        object.__setattr__(self, "_stages", _compile(self.pattern, self.line))
        first = self._stages[0][0] if self._stages[0] else None
        object.__setattr__(self, "_names", frozenset(first.choices) if isinstance(first, Word) and not first.slot else None)

    def matches(self, command: str) -> bool:
        return self.filled(command) is not None

    def filled(self, command: str) -> tuple[Filled, ...] | None:
        """Which value fills which place of the pattern, in their order; None where the command does not fit it."""
        return _filled(self._stages, words_of(command, self.line))

    def fits(self, words: Words) -> bool:
        """Whether it matches the command that `words_of` took apart. Most are for another program, which is told at its name."""
        if self._names is not None and not (words[0] and words[0][0] in self._names):
            return False
        return _filled(self._stages, words) is not None


def words_of(command: str, line: Line) -> Words | None:
    """The words of each stage of a pipe; None where a shell, or a device's command line, would do more than read words."""
    return plain_words(command) if line == "shell" else cli_words(command)


def plain_words(command: str) -> Words | None:
    """The words of each stage of a pipe, as every POSIX shell splits them; None where a shell would do more than that."""
    if len(command) > _LONGEST_COMMAND or not command.isprintable() or not _COMMAND.fullmatch(command):
        return None
    stages: list[list[str]] = [[]]
    for piece in _PIECES.findall(command):
        if piece == "|":
            stages.append([])
        else:
            stages[-1] += shlex.split(piece)
    return tuple(map(tuple, stages))


def _filled(pattern: tuple[Stage, ...], stages: Words | None) -> tuple[Filled, ...] | None:
    if stages is None or len(stages) != len(pattern):
        return None
    found: list[Filled] = []
    for stage, words in zip(pattern, stages, strict=True):
        values = _in_stage(stage, words)
        if values is None:
            return None
        found += values
    return tuple(found)


def _in_stage(stage: Stage, words: tuple[str, ...]) -> tuple[Filled, ...] | None:
    if not stage:
        return None if words else ()
    first, rest = stage[0], stage[1:]
    if not isinstance(first, Options):
        here = _in_word(first, words[0]) if words else None
        after = None if here is None else _in_stage(rest, words[1:])
        return None if here is None or after is None else here + after
    if not any(group.needed for group in first.groups) and (without := _in_stage(rest, words)) is not None:
        return without
    for at, group in enumerate(first.groups):
        size = len(group.words)
        here = group.filled(words[:size])
        after = None if here is None else _in_stage((first.without(at), *rest), words[size:])
        if here is not None and after is not None:
            return here + after
    return None


def _in_word(word: Word | Quoted, given: str) -> tuple[Filled, ...] | None:
    if isinstance(word, Quoted):
        return _filled(word.stages, cli_words(given))
    return word.filled(given) if word.fits(given) else None


@lru_cache(maxsize=4096)  # a file of rules is checked and then read
def _compile(pattern: str, line: Line) -> tuple[Stage, ...]:
    stages: list[list[Word | Quoted | Options]] = [[]]
    for found in _PATTERN.finditer(pattern):
        group, quoted, word, stray = found.groups()
        stage = stages[-1]
        if stray or (quoted is not None and line == "cli"):
            raise ValueError(f"`{found[0]}` in {pattern!r} opens or closes no group (groups do not nest; a CLI has no quotes)")
        if group is not None:
            if not group.removeprefix("!").strip():
                raise ValueError(f"`{found[0]}` in {pattern!r} is a group of no words")
            one = Group(tuple(map(_word, group.removeprefix("!").split())), group.startswith("!"))
            if stage and isinstance(stage[-1], Options):
                stage[-1] = Options((*stage[-1].groups, one))
            else:
                stage.append(Options((one,)))
        elif quoted is not None:
            stage.append(Quoted(_compile(quoted, "cli")))
        elif word == "|":
            stages.append([])
        else:
            stage.append(_word(word))
    names = [name for stage in stages for name in (stage[0].choices if stage and isinstance(stage[0], Word) and not stage[0].slot else ("",))]
    if not all(names):
        raise ValueError(f"each command of {pattern!r} must start with its literal name")
    if line == "cli" and not FILTERS.issuperset(names[len(stages[0][0].choices) :]):  # type: ignore[union-attr]  # checked: a literal
        raise ValueError(f"{pattern!r}: after `|` a CLI may only have {', '.join(sorted(FILTERS))}")
    return tuple(map(tuple, stages))


def _word(text: str) -> Word:
    found = _SLOT.fullmatch(text)
    if found is None:
        raise ValueError(f"`{text}`: a slot is written {{type}} and ends its word")
    literal, slot = found.groups(default="")
    if "|" in literal and (slot or not all(literal.split("|"))):
        raise ValueError(f"`{text}`: `|` without blanks stands between words, one of which is meant")
    if slot and slot not in SLOTS:
        raise ValueError(f"`{text}`: there is no slot type `{slot}`; there are {', '.join(SLOTS)}")
    return Word(literal, slot)
