"""Rows that remember on which line each of their fields stands, and how they become facts of a `Reading`."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Any

from tshoot.parsers._reading import Line, Reading


class Record:
    """The fields of one thing that was read, and the lines they stand on."""

    def __init__(self) -> None:
        self.fields: dict[str, Any] = {}
        self.lines: dict[str, tuple[Line, ...]] = {}

    def put(self, name: str, value: Any, *lines: Line) -> None:
        """Set a field; an absent value (None) is no field."""
        if value is not None:
            self.fields[name] = value
            self.lines[name] = lines

    def only(self, *names: str) -> Record:
        """Of this record the fields named."""
        some = Record()
        for name in names:
            if name in self.fields:
                some.put(name, self.fields[name], *self.lines[name])
        return some

    def all_lines(self) -> list[Line]:
        """The first and the last of its lines."""
        return ends(line for lines in self.lines.values() for line in lines)

    def __contains__(self, name: str) -> bool:
        return name in self.fields


def ends(lines: Iterable[Line]) -> list[Line]:
    """The first and the last of these lines of one stream: a span is no longer than that."""
    known = sorted(set(lines), key=_number)
    return known if len(known) < 2 else [known[0], known[-1]]


def _number(line: Line) -> int:
    return line.number


def put_list(reading: Reading, name: str, records: Iterable[Record], only: Collection[str] | None = None) -> None:
    """The fact `name`: a list of the records, of each the fields named in `only`."""
    found: list[dict[str, Any]] = []
    lines: list[Line] = []
    for index, record in enumerate(records):
        found.append(_noted(reading, [name, index], record, only))
        lines += record.all_lines()
    reading.put(name, found, *ends(lines))


def put_table(reading: Reading, name: str, records: Mapping[str, Record], only: Collection[str] | None = None) -> None:
    """The fact `name`: the records by their key."""
    found: dict[str, dict[str, Any]] = {}
    lines: list[Line] = []
    for key, record in records.items():
        found[key] = _noted(reading, [name, key], record, only)
        lines += record.all_lines()
    reading.put(name, found, *ends(lines))


def put_words(reading: Reading, name: str, words: Iterable[tuple[str, Iterable[Line]]]) -> None:
    """The fact `name`: a list of words, each with its lines."""
    found: list[str] = []
    lines: list[Line] = []
    for index, (word, theirs) in enumerate(words):
        found.append(word)
        known = ends(theirs)
        reading.note([name, index], *known)
        lines += known
    reading.put(name, found, *ends(lines))


def _noted(reading: Reading, path: list[str | int], record: Record, only: Collection[str] | None) -> dict[str, Any]:
    fields = {field: value for field, value in record.fields.items() if only is None or field in only}
    reading.note(path, *record.all_lines())
    for field in fields:
        reading.note([*path, field], *record.lines[field])
    return fields
