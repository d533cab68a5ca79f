"""Texts line by line; tables of esxcli, whose columns stand under dashes, are set anew, as wide as their cells have become."""

from __future__ import annotations

import re
from collections.abc import Sequence

from tshoot.redaction.text import TextMap

_DASHES = re.compile(r"-+(?:  +-+)+ *\r?")
_MOST_ROWS = 5000  # of one table


def mapped_lines(text: str, texts: TextMap) -> str:
    """`text` mapped; as many lines as before."""
    lines = text.split("\n")
    out, at = list[str](), 0
    while at < len(lines):
        if at + 1 < len(lines) and _DASHES.fullmatch(lines[at + 1]) and lines[at].strip():
            rows = _rows(lines, at)
            out += _table(rows, texts)
            at += len(rows)
        else:
            out.append(texts.line(lines[at]))
            at += 1
    return "\n".join(out)


def _rows(lines: Sequence[str], at: int) -> list[str]:
    """Title, dashes and the rows until an empty line."""
    end = at + 2
    while end < len(lines) and lines[end].strip() and end - at < _MOST_ROWS:
        end += 1
    return list(lines[at:end])


def _table(rows: list[str], texts: TextMap) -> list[str]:
    """All rows, the titles too: what stands above dashes need not be titles. A row that the columns cut within a word is a line as any other."""
    starts = [run.start() for run in re.finditer("-+", rows[1])]
    places = [slice(start, end) for start, end in zip(starts, [*starts[1:], None], strict=True)]
    cells = {number: [row.rstrip("\r")[place] for place in places] for number, row in enumerate(rows) if number == 1 or not _torn(row, starts)}
    mapped = {number: row if number == 1 else [_cell(cell, texts) for cell in row] for number, row in cells.items()}
    grown = [max(len(row[index].rstrip()) - len(cells[number][index].rstrip()) for number, row in mapped.items()) for index in range(len(places))]
    widths = [len(cells[1][index].rstrip()) + max(0, grown[index]) for index in range(len(places))]
    gaps = [len(cells[1][index]) - len(cells[1][index].rstrip()) for index in range(len(places))]
    out = []
    for number, row in enumerate(rows):
        if number not in mapped:
            out.append(texts.line(row))
            continue
        parts = []
        for index, cell in enumerate(mapped[number]):
            bare = "-" * widths[index] if number == 1 else cell.strip() if cell[:1] == " " and cell.strip() else cell.rstrip()
            right = number != 1 and cell[:1] == " " and bool(cell.strip())
            parts.append((bare.rjust(widths[index]) if right else bare.ljust(widths[index])) + " " * gaps[index])
        out.append("".join(parts).rstrip() + ("\r" if row.endswith("\r") else ""))
    return out


def _torn(row: str, starts: Sequence[int]) -> bool:
    """Whether a column begins within a word of `row`: half an address is none that anybody would know."""
    return any(at < len(row) and not row[at - 1].isspace() and not row[at].isspace() for at in starts[1:])


def _cell(cell: str, texts: TextMap) -> str:
    bare = texts.line(cell.strip())
    lead = len(cell) - len(cell.lstrip())
    return (" " * min(lead, 1) if lead and bare else "") + bare
