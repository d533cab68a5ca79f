"""YAML of an inventory as nodes that know their lines: the only importer of PyYAML.

Inventories are long and hostile, playbooks are neither. So this reads libyaml's events (10,000 targets in a fraction of a second), builds no
objects of Python, lets nothing expand (an alias is its one node, and only where it is allowed at all), and bounds depth and size.
Every scalar is text: `no` is `no`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from tshoot.inventory.entries import unusable

_DEEPEST, _MOST_NODES = 40, 3_000_000
_NULL = frozenset(("", "~", "null", "Null", "NULL"))


@dataclass(slots=True)
class Node:
    """`value` is text, None (a null), a dict of nodes by key, or a list of nodes. `keys` has the place of each key of a dict."""

    value: Any
    line: int
    column: int
    keys: dict[str, tuple[int, int]] = field(default_factory=dict)

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


def read_nodes(text: str, origin: str, *, aliases: bool = False) -> Node:
    """The one document in `text`. InventoryError, with its place, where it is no YAML, too deep or too large, or holds what is not read here."""
    import yaml

    building = _Building(origin, aliases)
    try:
        for event in _events(text):
            building.take(event)
    except yaml.reader.ReaderError as error:
        line = text.count("\n", 0, error.position) + 1 if isinstance(error.position, int) else 1
        raise building.refused(line, 1, "a character that YAML does not allow, such as a control character") from error
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line, column = (mark.line + 1, mark.column + 1) if mark else (1, 1)
        raise building.refused(line, column, " ".join(str(error.problem or error.context or "not valid YAML").split())[:200]) from error
    except UnicodeEncodeError as error:
        raise building.refused(1, 1, "half a surrogate pair") from error
    if building.root is None:
        return Node(None, 1, 1)
    return building.root


def _events(text: str) -> Iterator[Any]:
    import yaml

    return yaml.parse(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))  # type: ignore[no-any-return]


class _Building:
    """Nodes from events, without recursion."""

    def __init__(self, origin: str, aliases: bool) -> None:
        self._origin, self._aliases = origin, aliases
        self.root: Node | None = None
        self._open: list[Node] = []
        self._key: list[str | None] = []  # of each open mapping: the key whose value comes next
        self._anchors: dict[str, Node] = {}
        self._nodes = 0

    def refused(self, line: int, column: int, why: str) -> Exception:
        return unusable(self._origin, [f"{self._origin}:{line}:{column}: {why}"], "correct the file at that line")

    def take(self, event: Any) -> None:
        kind = type(event).__name__
        if kind in ("MappingEndEvent", "SequenceEndEvent"):
            self._open.pop()
            self._key.pop()
        elif kind in ("ScalarEvent", "MappingStartEvent", "SequenceStartEvent", "AliasEvent"):
            self._node(kind, event)
        elif kind == "DocumentStartEvent" and self.root is not None:
            raise self.refused(event.start_mark.line + 1, 1, "a second document: there may be one")

    def _node(self, kind: str, event: Any) -> None:
        line, column = event.start_mark.line + 1, event.start_mark.column + 1
        self._nodes += 1
        if self._nodes > _MOST_NODES:
            raise self.refused(line, column, f"more than {_MOST_NODES:,} values: too large for an inventory")
        node = self._alias(event, line, column) if kind == "AliasEvent" else self._new(kind, event, line, column)
        if self._place(node, event, line, column) and kind in ("MappingStartEvent", "SequenceStartEvent"):
            if len(self._open) >= _DEEPEST:
                raise self.refused(line, column, f"nested deeper than {_DEEPEST} levels")
            self._open.append(node)
            self._key.append(None)

    def _new(self, kind: str, event: Any, line: int, column: int) -> Node:
        if event.tag is not None and event.tag != "!":
            raise self.refused(line, column, "a tag (`!…`) is not read here")
        if kind == "ScalarEvent":
            null = event.style in (None, "") and event.value in _NULL
            node = Node(None if null else event.value, line, column)
        else:
            node = Node({} if kind == "MappingStartEvent" else [], line, column)
        if event.anchor is not None:
            self._anchors[event.anchor] = node
        return node

    def _alias(self, event: Any, line: int, column: int) -> Node:
        if not self._aliases:
            raise self.refused(line, column, "an alias (`*…`) is not read here: write the value itself")
        node = self._anchors.get(event.anchor)
        if node is None or any(node is opened for opened in self._open):
            raise self.refused(line, column, "an alias of nothing that is complete")
        return node

    def _place(self, node: Node, event: Any, line: int, column: int) -> bool:
        """Put the node where it belongs; False where it was a key."""
        if not self._open:
            self.root = node
            return True
        parent = self._open[-1]
        if isinstance(parent.value, list):
            parent.value.append(node)
            return True
        key = self._key[-1]
        if key is not None:
            parent.value[key] = node
            self._key[-1] = None
            return True
        if not isinstance(node.value, str) and node.value is not None:
            raise self.refused(line, column, "a key must be text")
        name = node.value or getattr(event, "value", "") or ""
        if name in parent.value:
            raise self.refused(line, column, f"the key `{name[:60]}` stands here a second time (first in line {parent.keys[name][0]})")
        parent.keys[name] = (line, column)
        self._key[-1] = name
        return False
