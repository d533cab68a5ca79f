"""Markdown as GitHub and GitLab read it, from words that mean nothing to it: they make no links, tags, headings or mentions.

What these functions give may hold BAR in place of a bar within code; `whole` makes the document of the lines.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from tshoot.session.report.quoted import spans

_SPECIAL = re.compile(r"[\\`*\[\]|~$]|(?<![^\W_])_|_(?![^\W_])")
_START = re.compile(r"\A(?:#{1,6}(?=\s|\Z)|[-+=>]|[0-9]{1,9}[.)](?=\s|\Z))")
BAR, _ESCAPED_BAR = "\x1f", "\\|"  # a bar within code, which is to be escaped in a table and nowhere else
_TICKS = re.compile("`+")
_ADDRESS = re.compile(r"(?<=\w)(://|@)|(?<!\S)@|\bwww\.", re.IGNORECASE)


def whole(lines: Iterable[str]) -> str:
    """The document; it ends in a newline."""
    return "\n".join(lines).replace(BAR, "|") + "\n"


def section(title: str, lines: Iterable[str]) -> Iterator[str]:
    body = list(lines)
    if body:
        yield from ("", f"## {title}", "", *body)


def table(heads: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> Iterator[str]:
    yield f"| {' | '.join(heads)} |"
    yield f"|{'---|' * len(heads)}"
    yield from (f"| {' | '.join(cell.replace(chr(10), ' ').replace(BAR, _ESCAPED_BAR) for cell in row)} |" for row in rows)


def plain(words: str) -> str:
    """Words that mean nothing to Markdown, but for `code`; an address is broken up so that no reader makes a link or a mention of it."""
    return "".join(code(part) if is_code else _escaped(part) for is_code, part in spans(" ".join(words.split())))


def _escaped(text: str) -> str:
    text = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    text = _SPECIAL.sub(lambda found: f"\\{found[0]}", text)
    text = _START.sub(lambda found: f"{found[0][:-1]}\\{found[0][-1]}", text)
    return _ADDRESS.sub(lambda found: found[0].replace("@", "&#64;").replace(":", "&#58;").replace(".", "&#46;"), text)


def prose(words: str) -> list[str]:
    """Paragraphs, a numbered or bulleted list staying one."""
    lines = []
    for paragraph in words.splitlines():
        mark = re.match(r"\s{0,8}(\d{1,3}\.|[-*]) +(?=\S)", paragraph)
        lines += [f"{mark[1]} {plain(paragraph[mark.end() :])}" if mark else plain(paragraph)]
    return lines


def code(words: str) -> str:
    """A span of code that its own words cannot end."""
    words = " ".join(words.split()).replace("|", BAR)
    if not words:
        return "-"
    ticks = "`" * (max((len(run) for run in _TICKS.findall(words)), default=0) + 1)
    pad = " " if words.startswith("`") or words.endswith("`") else ""
    return f"{ticks}{pad}{words}{pad}{ticks}"


def fenced(lines: Iterable[str]) -> list[str]:
    """A block of code that its own text cannot end."""
    body = list(lines)
    longest = max((len(run) for line in body for run in _TICKS.findall(line)), default=0)
    fence = "`" * max(3, longest + 1)
    return [f"{fence}text", *body, fence]
