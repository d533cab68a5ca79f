"""The read-only gate: which commands are known to only read, told by pattern.

A pattern is written as the command is: literal words, `{type}` for a checked value (alone or at the end of a
word: `++netstack={word}`), `[-d]` or `[-c {integer}]` for an optional group; neighbouring groups come in any
order, each once. `|` between words is a pipe, and only a pattern that has one lets a command have one.

A command passes only if the shell would see plain words: whatever is not in the small unquoted alphabet must
stand in quotes, and double quotes hold nothing that the shell expands. No slot matches a word that starts with `-`.

Where the line is a device's own command line (`line="cli"`) there is no shell, and the lexer is stricter (`cli_line`).
`'…'` in a pattern of the shell is one quoted word that holds such a line: `vtysh -c 'show ip route {ip} json'`.
"""

from __future__ import annotations

import ipaddress
import re
import shlex
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal

from tshoot.platforms.cli_line import FILTERS, cli_words

_LONGEST_COMMAND = 4096
_WORD = r"""(?:[A-Za-z0-9_@%+=:,./-]|'[^']*'|"[^"$`\\!]*")+"""
_COMMAND = re.compile(rf" *{_WORD}(?: +(?:\| *)?{_WORD}|\| *{_WORD})* *")
_PIECES = re.compile(rf"\||{_WORD}")
_PATTERN = re.compile(r"\[([^\[\]]*)\]|'([^']*)'|([^\s\[\]']+)|(\S)")
_SLOT = re.compile(r"([^{}]*)(?:\{(\w+)\})?")


def _address(word: str) -> bool:
    try:
        ipaddress.ip_address(word)
    except ValueError:
        return False
    return True


def _prefix(word: str) -> bool:
    """A network with its length: 192.0.2.0/24, 2001:db8::/32."""
    try:
        ipaddress.ip_interface(word)
    except ValueError:
        return False
    return "/" in word and "%" not in word and word.rpartition("/")[2].isdecimal()


def _matching(expression: str) -> Callable[[str], bool]:
    compiled = re.compile(expression, re.ASCII)
    return lambda word: compiled.fullmatch(word) is not None


def _host(word: str) -> bool:
    return _address(word) or _matching(r"[A-Za-z0-9][A-Za-z0-9._-]{0,252}")(word)


def _path(word: str) -> bool:
    return word.startswith("/") and ".." not in word.split("/") and not word.startswith("//")


def _between(expression: str, low: float, high: float) -> Callable[[str], bool]:
    digits = _matching(expression)
    return lambda word: digits(word) and low <= float(word) <= high


SLOTS: dict[str, Callable[[str], bool]] = {
    "ip": _address,
    "host": _host,
    "interface": _matching(r"[A-Za-z0-9][A-Za-z0-9._:@-]{0,31}"),
    "port": _between(r"[0-9]{1,5}", 1, 65535),
    "integer": _matching(r"[0-9]{1,9}"),
    "number": _matching(r"[0-9]{1,9}(?:\.[0-9]{1,9})?"),
    "interval": _between(r"[0-9]{1,4}(?:\.[0-9]{1,3})?", 0.1, 3600),  # seconds; shorter ones would be a flood
    "path": _path,
    "word": _matching(r"[A-Za-z0-9_][A-Za-z0-9_.:@+-]{0,127}"),
    "prefix": _prefix,
    "port_name": _matching(r"[A-Za-z][A-Za-z-]{0,30}[0-9](?:[0-9/.:]{0,30}[0-9])?"),  # GigabitEthernet0/0/1.100, Po10, vlan100
    "mac": _matching(r"(?:[0-9A-Fa-f]{4}\.){2}[0-9A-Fa-f]{4}|(?:[0-9A-Fa-f]{2}[:-]){5}[0-9A-Fa-f]{2}"),
    "filter": _matching(r"[A-Za-z0-9(!][A-Za-z0-9 ().:/<>=!&|+*\[\]_-]{0,1023}"),
}


@dataclass(frozen=True)
class Word:
    """One word of a pattern: `literal`, then a value of type `slot` where there is one."""

    literal: str
    slot: str = ""

    def fits(self, word: str) -> bool:
        if not self.slot:
            return word == self.literal
        return word.startswith(self.literal) and SLOTS[self.slot](word[len(self.literal) :])


@dataclass(frozen=True)
class Options:
    """Neighbouring optional groups."""

    groups: tuple[tuple[Word, ...], ...]


@dataclass(frozen=True)
class Quoted:
    """One word of the shell that holds a line of a device's command line."""

    stages: tuple[Stage, ...]

    def fits(self, word: str) -> bool:
        return _all_fit(self.stages, cli_words(word))


Stage = tuple[Word | Quoted | Options, ...]
Line = Literal["shell", "cli"]


@dataclass(frozen=True)
class CommandRule:
    """A pattern of commands that only read, and the parser of their output. A pattern that is none is a ValueError."""

    pattern: str
    parser: str | None = None
    line: Line = "shell"
    _stages: tuple[Stage, ...] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_stages", _compile(self.pattern, self.line))

    def matches(self, command: str) -> bool:
        return _all_fit(self._stages, plain_words(command) if self.line == "shell" else cli_words(command))


def plain_words(command: str) -> tuple[tuple[str, ...], ...] | None:
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


def _all_fit(pattern: tuple[Stage, ...], stages: tuple[tuple[str, ...], ...] | None) -> bool:
    return stages is not None and len(stages) == len(pattern) and all(map(_fits, pattern, stages))


def _fits(stage: Stage, words: tuple[str, ...]) -> bool:
    if not stage:
        return not words
    first, rest = stage[0], stage[1:]
    if isinstance(first, Word | Quoted):
        return bool(words) and first.fits(words[0]) and _fits(rest, words[1:])
    if _fits(rest, words):
        return True
    for at, group in enumerate(first.groups):
        size = len(group)
        if size <= len(words) and all(word.fits(given) for word, given in zip(group, words, strict=False)):
            others = Options(first.groups[:at] + first.groups[at + 1 :])
            if _fits((others, *rest), words[size:]):
                return True
    return False


def _compile(pattern: str, line: Line) -> tuple[Stage, ...]:
    stages: list[list[Word | Quoted | Options]] = [[]]
    for found in _PATTERN.finditer(pattern):
        group, quoted, word, stray = found.groups()
        stage = stages[-1]
        if stray or (quoted is not None and line == "cli"):
            raise ValueError(f"`{found[0]}` in {pattern!r} opens or closes no group (groups do not nest; a CLI has no quotes)")
        if group is not None:
            words = tuple(map(_word, group.split()))
            if stage and isinstance(stage[-1], Options):
                stage[-1] = Options((*stage[-1].groups, words))
            else:
                stage.append(Options((words,)))
        elif quoted is not None:
            stage.append(Quoted(_compile(quoted, "cli")))
        elif word == "|":
            stages.append([])
        else:
            stage.append(_word(word))
    names = [stage[0].literal if stage and isinstance(stage[0], Word) and not stage[0].slot else "" for stage in stages]
    if not all(names):
        raise ValueError(f"each command of {pattern!r} must start with its literal name")
    if line == "cli" and not FILTERS.issuperset(names[1:]):
        raise ValueError(f"{pattern!r}: after `|` a CLI may only have {', '.join(sorted(FILTERS))}")
    return tuple(map(tuple, stages))


def _word(text: str) -> Word:
    found = _SLOT.fullmatch(text)
    if found is None:
        raise ValueError(f"`{text}`: a slot is written {{type}} and ends its word")
    literal, slot = found.groups(default="")
    if slot and slot not in SLOTS:
        raise ValueError(f"`{text}`: there is no slot type `{slot}`; there are {', '.join(SLOTS)}")
    return Word(literal, slot)
