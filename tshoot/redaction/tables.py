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
    starts = [run.start() for run in re.finditer("-+", rows[1])]
    places = [slice(start, end) for start, end in zip(starts, [*starts[1:], None], strict=True)]
    ends = ["\r" if row.endswith("\r") else "" for row in rows]
    cells = [[row.rstrip("\r")[place] for place in places] for row in rows]
    mapped = [cells[0], cells[1], *([_cell(cell, texts) for cell in row] for row in cells[2:])]
    grown = [
        max((len(row[index].rstrip()) - len(old[index].rstrip()) for row, old in zip(mapped, cells, strict=True)), default=0)
        for index in range(len(places))
    ]
    widths = [len(cells[1][index].rstrip()) + max(0, grown[index]) for index in range(len(places))]
    gaps = [len(cells[1][index]) - len(cells[1][index].rstrip()) for index in range(len(places))]
    out = []
    for number, row in enumerate(mapped):
        parts = []
        for index, cell in enumerate(row):
            bare = "-" * widths[index] if number == 1 else cell.strip() if cell[:1] == " " and cell.strip() else cell.rstrip()
            right = number != 1 and cell[:1] == " " and bool(cell.strip())
            parts.append((bare.rjust(widths[index]) if right else bare.ljust(widths[index])) + " " * gaps[index])
        out.append("".join(parts).rstrip() + ends[number])
    return out


def _cell(cell: str, texts: TextMap) -> str:
    bare = texts.line(cell.strip())
    lead = len(cell) - len(cell.lstrip())
    return (" " * min(lead, 1) if lead and bare else "") + bare
