"""Lines as they are kept: what a device prints stays raw, and is made a line only when it is drawn or looked through.

A flood has twenty thousand rows a second, and a screen shows forty of them. Bytes and text are also nothing that a collection of
garbage looks at: hundreds of thousands of objects would make each of them a pause.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import overload

from tshoot.model.text import decode
from tshoot.tui.lines import LONGEST_LINE, Line, Span, output_line
from tshoot.tui.rawtext import visible

Kept = Line | bytes | str  # a line; a row of a device after its sign; a line that is nothing but text

_STDOUT, _STDERR = b"  ", b"! "
_SIGNS: dict[bytes, Span] = {_STDOUT: ("  ", ""), _STDERR: ("! ", "warn")}


def printed_rows(stream: str, rows: Iterable[bytes]) -> list[Kept]:
    """Rows that a device printed, without their newlines."""
    sign = _STDERR if stream == "stderr" else _STDOUT
    return [sign + row for row in rows]


def whole_line(kept: Kept) -> Line:
    if isinstance(kept, bytes):
        return _printed_line(kept)
    return Line(((kept, ""),)) if isinstance(kept, str) else kept


def text_of(kept: Kept, *, raw: bool = False) -> str:
    """What `whole_line` would show of it; `raw`: before it was cleaned."""
    if isinstance(kept, str):
        return kept
    if isinstance(kept, bytes) and len(kept) < LONGEST_LINE and kept.isascii() and (text := kept.decode("ascii")).isprintable():
        return text[:2] + text[2:].rstrip()
    line = whole_line(kept)
    return "".join(part for part, _ in line.raw) if raw and line.raw else line.text


def _printed_line(kept: bytes) -> Line:
    """Clean; with its raw text where that says more."""
    sign, row = _SIGNS[kept[:2]], kept[2:]
    text = decode(row)
    if text.isascii() and len(text) == len(row):  # nothing was taken away
        return Line((sign, *output_line(text).spans))
    raw = visible(row)
    return Line((sign, *output_line(text).spans), raw=(sign, (raw[:LONGEST_LINE], "")) if raw.expandtabs() != text.expandtabs() else ())


class Rows(Sequence[Line]):
    """Lines that are made when they are asked for; `kept` is what they are made of."""

    def __init__(self, kept: list[Kept]) -> None:
        self.kept = kept

    @overload
    def __getitem__(self, index: int) -> Line: ...
    @overload
    def __getitem__(self, index: slice) -> Rows: ...
    def __getitem__(self, index: int | slice) -> Line | Rows:
        return Rows(self.kept[index]) if isinstance(index, slice) else whole_line(self.kept[index])

    def __len__(self) -> int:
        return len(self.kept)

    def __iter__(self) -> Iterator[Line]:
        return map(whole_line, self.kept)


def kept_of(lines: Iterable[Line | bytes]) -> list[Kept]:
    """What any lines are made of, without making them."""
    return lines.kept if isinstance(lines, Rows) else list(lines)
