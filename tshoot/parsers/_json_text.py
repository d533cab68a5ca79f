"""JSON as a device printed it, where every value knows its lines.

`json` of the standard library tells no positions. This reads one document, in text that may stand below other lines
(vtysh complains above it), bounded in size, depth and number of values; a key that comes twice counts once, the last
time. What is torn, too deep, or no JSON gives no document at all: half a list of neighbours is not a list of them.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any, NamedTuple

from tshoot.model.facts import CommandText
from tshoot.parsers._reading import Line, Reading

_LONGEST_TEXT = 8_000_000
_DEEPEST = 24
_MOST_VALUES = 200_000
_TOKEN = re.compile(
    r'[ \t\r\n]*(?:([{}\[\],:])|("(?:[^"\\\x00-\x1f]++|\\.)*+")|(-?[0-9]{1,18}(?:\.[0-9]{1,18})?(?:[eE][+-]?[0-9]{1,2})?)(?![0-9.eE])'
    r"|(true|false|null)(?![A-Za-z]))"
)
_START = re.compile(r"^[ \t]*[{\[]", re.MULTILINE)


class _NoDocument(Exception):
    """The text is no whole document."""


class Node(NamedTuple):
    """One value: `value` is a scalar, None where `items` (by key, or by index) has what is inside. `first` and `last` are line numbers."""

    value: Any
    items: dict[str, Node] | None
    first: int
    last: int

    def get(self, *path: str) -> Node:
        """What stands under the keys `path`; an empty node where there is nothing."""
        node = self
        for key in path:
            node = (node.items or {}).get(key, NOTHING)
        return node

    def text(self) -> str | None:
        return self.value if isinstance(self.value, str) else None

    def whole(self) -> int | None:
        """A whole number that is not negative."""
        return self.value if isinstance(self.value, int) and not isinstance(self.value, bool) and self.value >= 0 else None

    def flag(self) -> bool:
        return self.value is True

    def each(self) -> Iterator[tuple[str, Node]]:
        return iter((self.items or {}).items())


NOTHING = Node(None, None, 0, 0)


def read_json(reading: Reading, text: CommandText) -> Node | None:
    """The document in the standard output of `text`, whose lines are then understood; None where there is no whole one."""
    if len(text.stdout) > _LONGEST_TEXT or not (start := _START.search(text.stdout)):
        return None
    try:
        document = _Scan(text.stdout, start.start()).value(0)
    except _NoDocument:
        return None
    reading.skip(*reading.lines[document.first - 1 : document.last])
    return document


def lines_of(reading: Reading, *nodes: Node) -> tuple[Line, ...]:
    """The lines on which the nodes begin."""
    return tuple(reading.lines[node.first - 1] for node in nodes if node.first)


class _Scan:
    """A reader that walks the text once; `_line` counts the newlines passed."""

    def __init__(self, text: str, at: int) -> None:
        self._text = text
        self._at = at
        self._line = text.count("\n", 0, at) + 1
        self._values = 0

    def value(self, depth: int) -> Node:
        kind, word = self._next()
        self._values += 1
        if depth > _DEEPEST or self._values > _MOST_VALUES:
            raise _NoDocument
        first = self._line
        if kind == "mark" and word == "{":
            return Node(None, self._members(depth), first, self._line)
        if kind == "mark" and word == "[":
            return Node(None, self._elements(depth), first, self._line)
        if kind == "mark":
            raise _NoDocument
        return Node(_scalar(word), None, first, first)

    def _members(self, depth: int) -> dict[str, Node]:
        items: dict[str, Node] = {}
        while True:
            kind, word = self._next()
            if word == "}" and not items:
                return items
            if kind != "string" or self._next()[1] != ":":
                raise _NoDocument
            line = self._line
            key = str(_scalar(word))
            items.pop(key, None)
            items[key] = self.value(depth + 1)._replace(first=line)
            if self._more("}"):
                return items

    def _elements(self, depth: int) -> dict[str, Node]:
        items: dict[str, Node] = {}
        if self._peek() == "]":
            self._next()
            return items
        while True:
            items[str(len(items))] = self.value(depth + 1)
            if self._more("]"):
                return items

    def _more(self, end: str) -> bool:
        """After a member: whether the container ends here."""
        word = self._next()[1]
        if word not in (",", end):
            raise _NoDocument
        return word == end

    def _peek(self) -> str:
        found = _TOKEN.match(self._text, self._at)
        return found[0].strip() if found else ""

    def _next(self) -> tuple[str, str]:
        found = _TOKEN.match(self._text, self._at)
        if found is None:
            raise _NoDocument
        self._line += found[0].count("\n")
        self._at = found.end()
        kind = "mark" if found[1] else "string" if found[2] else "scalar"
        return kind, found[found.lastindex or 0]


def _scalar(word: str) -> Any:
    try:
        return json.loads(word)
    except ValueError as error:
        raise _NoDocument from error
