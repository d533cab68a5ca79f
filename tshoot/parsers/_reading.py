"""What the parsers share: numbered lines, tables cut by their header, and facts that remember their lines.

A parser asks a `Reading` for its lines, `note`s each fact with the line it was read from, and marks what it
understood without a fact (`skip`). What is left, and is not blank, becomes `unread`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from tshoot.model.facts import CommandText, Parsed, Span, Stream

_LONGEST_LINE = 4096  # a longer line is no table row and no message of any command we read
_LOG_MESSAGE = re.compile(r"%[A-Z][A-Z0-9_]{0,30}-[0-7]-")  # of a router; it comes in the middle of any output
_SEPARATOR = re.compile(r"[-=+ \t]*")


class Line(NamedTuple):
    """One line of one stream; `number` counts from 1."""

    stream: Stream
    number: int
    text: str


class Reading:
    """The facts of one output, as they are found."""

    def __init__(self, parser: str, text: CommandText) -> None:
        self._parser = parser
        self.lines = numbered(text)
        self.facts: dict[str, Any] = {}
        self._spans: dict[str, Span] = {}
        self._understood: set[tuple[Stream, int]] = set()

    def skip(self, *lines: Line) -> None:
        """These lines are understood: headers, separators, and words without a fact."""
        self._understood.update((line.stream, line.number) for line in lines)

    def note(self, path: Sequence[str | int], *lines: Line) -> None:
        """The fact under `path` was read from `lines` (of one stream); its span grows with further ones."""
        self.skip(*lines)
        key = ".".join(map(str, path))
        known = self._spans.get(key)
        for line in lines:
            if known is None or known.stream != line.stream:
                known = known or Span(line.stream, line.number, line.number)
            else:
                known = Span(known.stream, min(known.first, line.number), max(known.last, line.number))
        if known is not None:
            self._spans[key] = known

    def put(self, name: str, value: Any, *lines: Line) -> None:
        """Set the top-level fact `name`."""
        self.facts[name] = value
        self.note([name], *lines)

    def forget(self, *names: str) -> None:
        """These top-level facts are not known, or stand elsewhere than noted so far."""
        for name in names:
            self.facts.pop(name, None)
            self._spans.pop(name, None)

    def note_fields(self, path: Sequence[str | int], fields: Mapping[str, Any], line: Line) -> None:
        """All of `fields` under `path` stand in `line`, which also stands for `path` itself and what is above it."""
        for depth in range(1, len(path) + 1):
            self.note(path[:depth], line)
        for field in fields:
            self.note([*path, field], line)

    def leave(self, *lines: Line) -> None:
        """These lines were not understood after all."""
        self._understood.difference_update((line.stream, line.number) for line in lines)

    def rows_unread(self, *heads: Line) -> bool:
        """Whether anything below the first of `heads` (anywhere, without any) was not understood, messages of the system log aside.

        What it was may have been a row: a list that is empty then is no empty list, but unknown.
        """
        first = min((line.number for line in heads), default=0)
        below = (line for line in self.unread() if line.number > first or line.stream == "stderr")
        return any(not _LOG_MESSAGE.search(line.text[:240]) for line in below)

    def put_unless_torn(self, name: str, value: Any, *heads: Line) -> None:
        """Set the top-level fact `name`, a collection of what stands below `heads`; one that is empty only where every row was read."""
        if value or not self.rows_unread(*heads):
            self.put(name, value, *heads)
        else:
            self.forget(name)

    def unread(self) -> Iterator[Line]:
        """The lines that are neither blank nor understood."""
        return (line for line in self.lines if line.text.strip() and (line.stream, line.number) not in self._understood)

    def parsed(self) -> Parsed:
        return Parsed(self._parser, self.facts, self._spans, spans_of(self.unread()))


def numbered(text: CommandText) -> list[Line]:
    """The lines of both streams, stdout first, very long ones cut."""
    streams: tuple[tuple[Stream, str], ...] = (("stdout", text.stdout), ("stderr", text.stderr))
    return [Line(stream, number, line[:_LONGEST_LINE]) for stream, body in streams for number, line in enumerate(body.split("\n"), 1)]


def spans_of(lines: Iterable[Line]) -> tuple[Span, ...]:
    """Neighbouring lines joined to spans."""
    spans: list[Span] = []
    for line in lines:
        last = spans[-1] if spans else None
        if last and last.stream == line.stream and last.last == line.number - 1:
            spans[-1] = Span(last.stream, last.first, line.number)
        else:
            spans.append(Span(line.stream, line.number, line.number))
    return tuple(spans)


def everything_unread(parser: str, text: CommandText) -> Parsed:
    """No facts; every line that is not blank is unread."""
    return Reading(parser, text).parsed()


def is_separator(text: str) -> bool:
    """A line of dashes, such as esxcli puts under its headers."""
    return bool(text.strip()) and _SEPARATOR.fullmatch(text) is not None


def dashed_columns(header: Line, dashes: Line) -> dict[str, slice]:
    """The columns of an esxcli table by title, cut where the runs of dashes start; empty where `dashes` is no such line."""
    if dashes.stream != header.stream or not re.fullmatch(r"-+(?:  +-+)* *", dashes.text):
        return {}
    starts = [run.start() for run in re.finditer("-+", dashes.text)]
    places = [slice(start, end) for start, end in zip(starts, [*starts[1:], None], strict=True)]
    return {header.text[place].strip(): place for place in places}


def cells(row: str, columns: Mapping[str, slice]) -> dict[str, str]:
    """The row cut at the columns, by title."""
    return {title: row[place].strip() for title, place in columns.items()}
