"""YAML text to nodes that know their lines: the one reader of all YAML, and the only importer of PyYAML.

It reads the events of libyaml (of PyYAML's own parser where that is not built) without recursion, builds no objects of Python, and lets nothing
expand: an alias is its one node. Depth and number of values are bounded with what aliases stand for counted in, so no text is slow or large.
Scalars are text as written; `plain` tells which were not quoted, for whoever gives those types (tshoot/yamltext.py). Keys are text. A key that
stands twice, a tag, and a second document are refused, each with its place.
"""

from __future__ import annotations

import re
from typing import Any, NoReturn

DEEPEST = 40
NULLS = frozenset(("", "~", "null", "Null", "NULL"))
_REFUSED = r"[^\t\n\r -~\x85\xa0-\ud7ff\ue000-\ufefe\uff00-\ufffd\U00010000-\U0010ffff]"  # YAML 1.2, 5.1; U+FEFF may only begin a text
_TAG_LINE = r"(?:\A|[\n\r\x85\u2028\u2029])\ufeff?%TAG"  # libyaml compares each with all before it: thousands would take minutes
_LINE_END = r"\r\n|[\r\n\x85\u2028\u2029]"
_NO_KEYS: dict[str, tuple[int, int]] = {}  # of all nodes that are no dict: never written to


class YamlProblem(ValueError):
    """Why a text is not read, and where."""

    def __init__(self, line: int, column: int, why: str) -> None:
        super().__init__(why)
        self.line, self.column, self.why = line, column, why


class Node:
    """`value` is text, None (a null), a dict of nodes by key, or a list of nodes. `keys` has the place of each key of a dict.

    `line` and `column` count from 1. `plain`: a scalar that was neither quoted nor said to be text by a `!`.
    """

    __slots__ = ("column", "keys", "line", "plain", "value")

    def __init__(self, value: Any, line: int, column: int, plain: bool = False) -> None:
        self.value, self.line, self.column, self.plain = value, line, column, plain
        self.keys: dict[str, tuple[int, int]] = {} if isinstance(value, dict) else _NO_KEYS

    @property
    def kind(self) -> str:
        kinds: dict[type, str] = {dict: "keys and values", list: "a list", str: "text"}
        return next((kind for form, kind in kinds.items() if isinstance(self.value, form)), "nothing")

    def get(self, *path: str) -> Node | None:
        """The node at `path`, key by key; None where it is not there."""
        node: Node | None = self
        for key in path:
            node = node.value.get(key) if node is not None and isinstance(node.value, dict) else None
        return node

    def text(self, *path: str) -> str:
        """The text at `path`, "" where there is none."""
        node = self.get(*path)
        return node.value if node is not None and isinstance(node.value, str) else ""


def read_nodes(text: str, *, aliases: bool, most_values: int) -> Node:
    """The one document in `text`, a null where there is none; YamlProblem where it is no YAML or holds what is not read here."""
    import yaml

    text = text.removeprefix("\ufeff")
    declared = re.search(_TAG_LINE, text) if "%TAG" in text else None
    if declared is not None:
        raise YamlProblem(*_end_of(text[: declared.end() - 4]), "`%TAG`: tags are not read here")
    building = _Building(aliases, most_values)
    try:
        for event in yaml.parse(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader)):
            building.take(event)
    except (yaml.reader.ReaderError, UnicodeEncodeError) as error:
        raise _unreadable(text) from error
    except yaml.MarkedYAMLError as error:
        raise _malformed(error, text) from error
    return building.root or Node(None, 1, 1)


def _unreadable(text: str) -> YamlProblem:
    found = re.search(_REFUSED, text)  # compiled only for who errs
    if found is None:  # nothing that the rules of YAML know
        return YamlProblem(1, 1, "a character that YAML does not allow")
    what = "half a surrogate pair" if "\ud800" <= found[0] <= "\udfff" else "a character that YAML does not allow"
    return YamlProblem(*_end_of(text[: found.start()]), f"#x{ord(found[0]):04x} is {what}")


def _malformed(error: Any, text: str) -> YamlProblem:
    mark, begin = error.problem_mark or error.context_mark, error.context_mark
    why = str(error.problem or "not valid YAML")
    if error.context:
        why += f", {error.context}"
        if begin is not None and begin.line != mark.line:
            why += f" that begins in line {begin.line + 1}"
    line, column = min((mark.line + 1, mark.column + 1) if mark else (1, 1), _end_of(text))  # libyaml ends a last line that has no end
    return YamlProblem(line, column, " ".join(why.split())[:200])


def _end_of(text: str) -> tuple[int, int]:
    ends = [found.end() for found in re.finditer(_LINE_END, text)]
    return len(ends) + 1, len(text) - (ends[-1] if ends else 0) + 1


class _Open:
    """A mapping or list whose end has not come. `values` and `levels`: how many it is so far and how deep, aliases counted as what they stand for.

    `key`: of a mapping, the key whose value comes next.
    """

    __slots__ = ("anchor", "key", "levels", "node", "values")

    def __init__(self, node: Node, anchor: str | None) -> None:
        self.node, self.anchor = node, anchor
        self.key: str | None = None
        self.values = self.levels = 1


class _Building:
    """Nodes from events, without recursion."""

    def __init__(self, aliases: bool, most_values: int) -> None:
        self._aliases, self._most = aliases, most_values
        self.root: Node | None = None
        self._open: list[_Open] = []
        self._anchors: dict[str, tuple[Node, int, int] | None] = {}  # node, values, levels; None: its end has not come
        self._values = 0

    def take(self, event: Any) -> None:
        kind = type(event).__name__
        if kind == "ScalarEvent":
            self._scalar(event)
        elif kind in ("MappingStartEvent", "SequenceStartEvent"):
            self._begin(event, {} if kind == "MappingStartEvent" else [])
        elif kind in ("MappingEndEvent", "SequenceEndEvent"):
            self._end()
        elif kind == "AliasEvent":
            self._alias(event)
        elif kind == "DocumentStartEvent" and self.root is not None:
            _refuse(event, "a second document: there may be one")

    def _scalar(self, event: Any) -> None:
        value, mark, plain = event.value, event.start_mark, event.implicit[0] and event.tag is None
        if event.tag is not None and event.tag != "!":
            _refuse(event, "a tag (`!…`) is not read here")
        if not value.isascii() and _holds_half_a_pair(value):
            _refuse(event, "half a surrogate pair")
        node = Node(None if plain and value in NULLS else value, mark.line + 1, mark.column + 1, plain)
        if event.anchor is not None:
            self._anchors[event.anchor] = (node, 1, 1)
        self._place(node, event, value, 1, 1)

    def _begin(self, event: Any, empty: dict[str, Node] | list[Node]) -> None:
        if event.tag is not None and event.tag != "!":
            _refuse(event, "a tag (`!…`) is not read here")
        node = Node(empty, event.start_mark.line + 1, event.start_mark.column + 1)
        if len(self._open) >= DEEPEST:
            _refuse(event, f"nested deeper than {DEEPEST} levels")
        if event.anchor is not None:
            self._anchors[event.anchor] = None
        self._place(node, event, None, 1, 1)
        self._open.append(_Open(node, event.anchor))

    def _end(self) -> None:
        closed = self._open.pop()
        if closed.anchor is not None:
            self._anchors[closed.anchor] = (closed.node, closed.values, closed.levels)
        if self._open:
            around = self._open[-1]
            around.values += closed.values - 1  # itself was counted where it began
            around.levels = max(around.levels, closed.levels + 1)

    def _alias(self, event: Any) -> None:
        if not self._aliases:
            _refuse(event, "an alias (`*…`) is not read here: write the value itself")
        if event.anchor not in self._anchors:
            _refuse(event, f"an undefined alias: no `&{event.anchor[:60]}` stands before it")
        meant = self._anchors[event.anchor]
        if meant is None:
            _refuse(event, f"an alias of nothing that is complete: it stands within `&{event.anchor[:60]}` itself")
        node, values, levels = meant
        if len(self._open) + levels > DEEPEST + 1:
            _refuse(event, f"nested deeper than {DEEPEST} levels, by its alias")
        self._place(node, event, node.value, values, levels)

    def _place(self, node: Node, event: Any, key: Any, values: int, levels: int) -> None:
        """Put the node where it belongs; `key` is the text that it would be as a key, None where it can be none."""
        self._values += values
        if self._values > self._most:
            _refuse(event, f"more than {self._most:,} values, an alias counted as all that it stands for")
        if not self._open:
            self.root = node
            return
        around = self._open[-1]
        around.values += values
        around.levels = max(around.levels, levels + 1)
        parent = around.node
        if isinstance(parent.value, list):
            parent.value.append(node)
        elif around.key is not None:
            parent.value[around.key] = node
            around.key = None
        else:
            around.key = _new_key(parent, event, key)


def _holds_half_a_pair(text: str) -> bool:
    """libyaml makes none of `\\ud800`; PyYAML's own parser does."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return True
    return False


def _new_key(parent: Node, event: Any, key: Any) -> str:
    place = event.start_mark.line + 1, event.start_mark.column + 1
    if not isinstance(key, str):
        _refuse(event, "a key must be text")
    if key in parent.keys:
        raise YamlProblem(*place, f"the key `{' '.join(key[:60].split())}` stands here a second time (first in line {parent.keys[key][0]})")
    parent.keys[key] = place
    return key


def _refuse(event: Any, why: str) -> NoReturn:
    raise YamlProblem(event.start_mark.line + 1, event.start_mark.column + 1, why)
