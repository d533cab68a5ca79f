"""The lines of an ssh_config file, cut into keyword and words exactly as OpenSSH cuts them (readconf.c, misc.c: strdelim, argv_split).

A file is bounded: 1 MiB, 20,000 lines. Files that decide which programs run (Match exec, ProxyCommand) are refused, as OpenSSH
refuses them, where somebody else may write them.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from tshoot.errors import UsageError
from tshoot.model.text import clean_line

_LARGEST = 1 << 20
_MOST_LINES = 20_000
_BLANK = " \t\r\n"


@dataclass(frozen=True, slots=True)
class Line:
    """`keyword` in lower case; `rest` is what follows it, as written; `place` is `file:line`."""

    keyword: str
    rest: str
    place: str

    def words(self) -> list[str]:
        """The arguments. UsageError where a quote is not closed."""
        try:
            return split_words(self.rest)
        except ValueError:
            raise self.wrong("has a quote that is not closed") from None

    def wrong(self, why: str) -> UsageError:
        shown = clean_line(f"{self.keyword} {self.rest}")[:80]
        return UsageError(f"{self.place}: `{shown}` {why}", "correct the ssh_config; `ssh -G HOST` checks it, too")


def read_lines(file: Path, private: bool) -> Iterator[Line]:
    """Every line that says something. `private`: refuse a file that others may write. UsageError names file and line."""
    try:
        with file.open("rb") as opened:
            state = os.fstat(opened.fileno())
            if private and (state.st_uid not in (0, os.getuid()) or state.st_mode & 0o022):
                raise UsageError(
                    f"{file}: others may write this ssh_config (owner {state.st_uid}, mode {stat.S_IMODE(state.st_mode):03o})",
                    f"`chmod go-w {file}`; OpenSSH refuses it, too, for it says which programs run",
                )
            raw = opened.read(_LARGEST + 1)
    except OSError as error:
        raise UsageError(f"{file}: cannot be read: {error.strerror}", "check its permissions, or name another ssh_config") from error
    if len(raw) > _LARGEST or raw.count(b"\n") > _MOST_LINES:
        raise UsageError(f"{file}: too large for an ssh_config (more than {_LARGEST >> 10} KiB or {_MOST_LINES} lines)", "is it the right file?")
    yield from _lines(raw, file)


@lru_cache(maxsize=32)
def _lines(raw: bytes, file: Path) -> tuple[Line, ...]:
    """Taken apart once for all targets of a fleet."""
    lines = (split_keyword(text.rstrip(_BLANK + "\f")) for text in raw.decode("utf-8", "replace").split("\n"))
    said = ((number, keyword, rest) for number, (keyword, rest) in enumerate(lines, 1) if keyword and not keyword.startswith("#"))
    return tuple(Line(keyword.lower(), rest, f"{file}:{number}") for number, keyword, rest in said)


def split_keyword(line: str) -> tuple[str, str]:
    """`Port 22`, `Port=22`, `"Port" = 22` to ("Port", "22"); ("", "") where there is no keyword."""
    line = line.lstrip(_BLANK)
    if line.startswith('"'):
        keyword, closed, rest = line[1:].partition('"')
        return (keyword, rest.lstrip(_BLANK)) if closed else ("", "")
    end = next((index for index, letter in enumerate(line) if letter in _BLANK + '="'), len(line))
    keyword, rest = line[:end], line[end:].lstrip(_BLANK)
    if rest.startswith("="):
        rest = rest[1:].lstrip(_BLANK)
    return keyword, rest


def split_words(rest: str) -> list[str]:
    """Words between blanks; quotes of both kinds group, a backslash keeps a quote, itself or a blank; ` #` ends the line. ValueError: open quote."""
    words: list[str] = []
    index, size = 0, len(rest)
    while index < size:
        if rest[index] in " \t":
            index += 1
            continue
        if rest[index] == "#":
            break
        word, index = _word(rest, index)
        words.append(word)
    return words


def _word(rest: str, index: int) -> tuple[str, int]:
    """The word that begins at `index`, and where it ends."""
    quote, word = "", list[str]()
    while index < len(rest):
        letter, following = rest[index], rest[index + 1 : index + 2]
        if letter == "\\" and (following in ("'", '"', "\\") or (following == " " and not quote)) and following:
            word.append(following)
            index += 1
        elif not quote and letter in " \t":
            break
        elif not quote and letter in "\"'":
            quote = letter
        elif quote and letter == quote:
            quote = ""
        else:
            word.append(letter)
        index += 1
    if quote:
        raise ValueError("open quote")
    return "".join(word), index
