"""The only writer of stdout: lines, or exactly one JSON document. Text is cleaned here once more, whatever its origin."""

from __future__ import annotations

import json
import os
import shutil
import sys
from collections.abc import Iterable, Sequence
from typing import Any

from tshoot.errors import TshootError
from tshoot.model.text import clean

SCHEMA = 1


def say(*lines: str) -> None:
    """Lines for a person."""
    encoding = getattr(sys.stdout, "encoding", None) or "utf-8"
    _write("".join(clean(line).encode(encoding, "replace").decode(encoding) + "\n" for line in lines))


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

    width = max(20, min(shutil.get_terminal_size((100, 24)).columns, 110))
    for heading, text in parts:
        if text:
            lines = (line for paragraph in clean(text).splitlines() for line in textwrap.wrap(paragraph, width - 2) or [""])
            say(*([heading] if heading else []), *(f"  {line}" for line in lines), "")


def on_terminal() -> bool:
    """Whether both ends are a terminal that can show the full-screen interface."""
    return all(stream is not None and stream.isatty() for stream in (sys.stdin, sys.stdout)) and os.environ.get("TERM", "dumb") != "dumb"
