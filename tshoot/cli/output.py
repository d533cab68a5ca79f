"""The only writer of stdout: lines, or exactly one JSON document. Text is cleaned here once more, whatever its origin."""

from __future__ import annotations

import json
import os
import shutil
import sys
from collections.abc import Iterable, Sequence
from typing import Any

from tshoot.errors import TshootError
from tshoot.model.text import clean, clean_line

SCHEMA = 1


def say(*lines: str) -> None:
    """Lines for a person."""
    _write("".join(clean(line).encode(encoding(), "replace").decode(encoding()) + "\n" for line in lines))


def emit_json(document: dict[str, Any]) -> None:
    """The one JSON document of a `--json` call; `schema` is put first."""
    _write(json.dumps({"schema": SCHEMA, **document}, indent=2, ensure_ascii=True) + "\n")


def _write(text: str) -> None:
    if sys.stdout is None:  # tshoot was started with its output closed: nobody reads
        return
    try:
        sys.stdout.write(text)
        sys.stdout.flush()
    except BrokenPipeError:
        raise
    except OSError as error:
        raise TshootError(f"standard output cannot be written: {error.strerror}", "free some space, or send the output elsewhere") from error


def table(headings: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """Aligned columns as wide as their text needs; the last may run on."""
    cells = [list(headings), *([clean(cell).replace("\n", " ") for cell in row] for row in rows)]
    widths = [max(len(row[index]) for row in cells) for index in range(len(headings))]
    for row in cells:
        say("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())


def paragraphs(*parts: tuple[str, str]) -> None:
    """(heading, text) pairs, wrapped to the terminal; a pair without text is left out."""
    import textwrap

    for heading, text in parts:
        if text:
            lines = (line for paragraph in clean(text).splitlines() for line in textwrap.wrap(paragraph, width() - 2) or [""])
            say(*([heading] if heading else []), *(f"  {line}" for line in lines), "")


def width() -> int:
    """Columns of the terminal, at most 110 for text."""
    return max(20, min(shutil.get_terminal_size((100, 24)).columns, 110))


def wrapped(*lines: str, indent: int = 2) -> None:
    """Lines for a person, wrapped to the terminal between words: a path or an address is never cut."""
    import textwrap

    for line in lines:
        pieces = textwrap.wrap(clean(line), width() - indent, subsequent_indent="  ", break_long_words=False, break_on_hyphens=False)
        say(*(" " * indent + piece for piece in pieces))


def terminal_width() -> int:
    """Columns of the terminal."""
    return max(20, shutil.get_terminal_size((100, 24)).columns)


def painted(style: str, line: str) -> None:
    """A line for a person in a style of Rich's (`bold red`), where standard output is a terminal that has colours and they are wanted."""
    if not coloured():
        say(line)
        return
    from rich.color import ColorSystem
    from rich.style import Style

    safe = clean(line).replace("\n", " ").encode(encoding(), "replace").decode(encoding())
    _write(Style.parse(style).render(safe, color_system=ColorSystem.STANDARD) + "\n")


def coloured() -> bool:
    tty = sys.stdout is not None and sys.stdout.isatty()
    return tty and not os.environ.get("NO_COLOR") and os.environ.get("TERM", "dumb") != "dumb"


def fitted(rows: Sequence[Sequence[str]], indent: int = 2, least: int = 24) -> None:
    """Aligned columns, the first row their headings. On a terminal the last column is wrapped, at its newlines first, and where there is no room

    beside the others it stands below them.
    """
    cells = [[*(clean_line(cell) for cell in row[:-1]), clean(row[-1])] for row in rows]
    widths = [max(len(row[index]) for row in cells) for index in range(len(cells[0]) - 1)]
    before = indent + sum(widths) + 2 * len(widths)
    room = terminal_width() if _has_width() else 1 << 16
    margin = before if room - before >= least else indent + 2
    for row in cells:
        head = " " * indent + "  ".join(cell.ljust(size) for cell, size in zip(row[:-1], widths, strict=True))
        pieces = _pieces(row[-1], max(8, room - margin))
        if margin == before:
            say(f"{head}  {pieces[0]}".rstrip(), *(" " * margin + piece for piece in pieces[1:]))
        else:
            heads = _pieces(" ".join(head.split()), max(8, room - indent)) if head.strip() else []
            say(*(" " * indent + piece for piece in heads), *(" " * margin + piece for piece in pieces if piece))


def _pieces(text: str, room: int) -> list[str]:
    import textwrap

    if len(text) <= room:
        return [text.replace("\n", "")]
    return [piece for line in text.splitlines() for piece in textwrap.wrap(line.strip(), room)] or [""]


def encoding() -> str:
    """What standard output is written in."""
    return getattr(sys.stdout, "encoding", None) or "utf-8"


def _has_width() -> bool:
    """Whether somebody sees the lines in columns: a terminal, or COLUMNS that says so."""
    return os.environ.get("COLUMNS", "").isdecimal() or (sys.stdout is not None and sys.stdout.isatty())


def on_terminal() -> bool:
    """Whether both ends are a terminal that can show the full-screen interface."""
    return all(stream is not None and stream.isatty() for stream in (sys.stdin, sys.stdout)) and os.environ.get("TERM", "dumb") != "dumb"
