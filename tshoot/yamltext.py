"""YAML text to plain values that remember their lines: mappings, lists, and scalars by the rules of YAML 1.2's core schema.

`no`, `on`, `12:30` and `2026-01-13` are text, and so is every key. `<<` merges. Mappings and lists are a dict and a list that also know
where they and their values stand: `position`. What is read, and what is refused, tshoot/yamlnodes.py says; its problems become a PlaybookError.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from tshoot.errors import PlaybookError
from tshoot.yamlnodes import Node, YamlProblem, read_nodes

MOST_VALUES = 100_000  # of one text, an alias counted as all that it stands for
MOST_CHARACTERS = 5_000_000
_LONGEST_NUMBER = 4000  # Python refuses to convert much longer ones
_BOOLEANS = {"true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False}
_INTEGER = re.compile(r"[-+]?(?:0b[01_]+|0o[0-7_]+|0x[0-9a-fA-F_]+|[0-9_]+)")
_FRACTION = re.compile(
    r"[-+]?[0-9][0-9_]*(?:\.[0-9_]*(?:[eE][-+]?[0-9]+)?|[eE][-+]?[0-9]+)|[-+]?\.[0-9_]+(?:[eE][-+][0-9]+)?|[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)"
)
_BEGINS_A_NUMBER = frozenset("-+.0123456789")
_BASES = {"0b": 2, "0o": 8, "0x": 16}
_Place = tuple[int, int]


class _Mapping(dict[str, Any]):
    """`places` has the place of the value of each key."""

    __slots__ = ("place", "places")
    place: _Place
    places: dict[str, _Place]


class _List(list[Any]):
    """`places` has the place of each item."""

    __slots__ = ("place", "places")
    place: _Place
    places: list[_Place]


def load_yaml(text: str, origin: str) -> Any:
    """Parse `text`; raise PlaybookError `origin:line:column: message` where it is no YAML."""
    try:
        return _value(read_nodes(text, aliases=True, most_values=MOST_VALUES), {})
    except YamlProblem as problem:
        where = f"{origin}:{problem.line}:{problem.column}: {problem.why}"
        raise PlaybookError(where, "correct the YAML at that line", (where,)) from problem


def load_yaml_file(path: Path) -> Any:
    """`load_yaml` of a file; an unreadable file is a PlaybookError too."""
    return load_yaml(yaml_file_text(path), str(path))


def yaml_file_text(path: Path, most: int = MOST_CHARACTERS) -> str:
    """What the file holds; PlaybookError where it cannot be read, or has more than `most` characters."""
    try:
        with path.open(encoding="utf-8") as file:
            text = file.read(most + 1)
    except (OSError, UnicodeDecodeError) as error:
        raise PlaybookError(f"{path}: cannot be read: {error}", "check the path and its permissions", (f"{path}:1:1: {error}",)) from error
    if len(text) > most:
        where = f"{path}:1:1: longer than {most:,} characters"
        raise PlaybookError(where, "is it the right file?", (where,))
    return text


def _value(node: Node, made: dict[int, Any]) -> Any:
    """The value of `node`; `made` has those of the mappings and lists before it, so that an alias is the very same. As deep as nodes go, 40."""
    given = node.value
    if isinstance(given, str):
        return _scalar(given) if node.plain else given
    if given is None:
        return None
    known = made.get(id(node))
    if known is None:
        known = made[id(node)] = _mapping(node, made) if isinstance(given, dict) else _list(node, made)
    return known


def _list(node: Node, made: dict[int, Any]) -> _List:
    items = _List(_value(item, made) for item in node.value)
    items.place, items.places = (node.line, node.column), [(item.line, item.column) for item in node.value]
    return items


def _mapping(node: Node, made: dict[int, Any]) -> _Mapping:
    """Its own keys, then those that a merge brings and it has not, in their order."""
    mapping = _Mapping()
    mapping.place, mapping.places = (node.line, node.column), {}
    for key, value in node.value.items():
        if key != "<<":
            mapping[key], mapping.places[key] = _value(value, made), (value.line, value.column)
    for merged in _merged(node):
        brought = _value(merged, made)
        for key, value in brought.items():
            if key not in mapping:
                mapping[key], mapping.places[key] = value, brought.places[key]
    return mapping


def _merged(node: Node) -> Iterator[Node]:
    """The mappings under `<<`: https://yaml.org/type/merge.html."""
    given = node.value.get("<<")
    for merged in given.value if given is not None and isinstance(given.value, list) else () if given is None else (given,):
        if not isinstance(merged.value, dict):
            raise YamlProblem(merged.line, merged.column, f"`<<` merges keys and values, or a list of such, not {merged.kind}")
        yield merged


def _scalar(text: str) -> Any:
    """What a plain scalar means: YAML 1.2, 10.3.2, with `_` between digits and 0b for base 2 besides; `012` is twelve."""
    if text[0] not in _BEGINS_A_NUMBER:
        return _BOOLEANS.get(text, text)
    if len(text) > _LONGEST_NUMBER:
        return text
    digits = text.replace("_", "")
    try:
        if _FRACTION.fullmatch(text):
            return float(digits.lower().replace(".inf", "inf").replace(".nan", "nan"))
        if _INTEGER.fullmatch(text):
            return int(digits, _BASES.get(digits.lstrip("+-")[:2], 10))
    except ValueError:  # nothing but `_` where digits belong
        pass
    return text


def position(node: Any, key: Any = None) -> tuple[int, int]:
    """1-based (line, column) of a mapping or list, or of the value under `key` in it; its own where that is unknown, (1, 1) for anything else."""
    if not isinstance(node, (_Mapping, _List)):
        return 1, 1
    try:
        return node.place if key is None else node.places[key]
    except (KeyError, IndexError, TypeError):
        return node.place


_MESSAGES = {
    "extra_forbidden": "this key is not known here",
    "missing": "this key is missing",
    "model_type": "expected keys and values",
    "dict_type": "expected keys and values",
    "list_type": "expected a list",
    "string_type": "expected text",
}


def form_problems(origin: object, tree: Any, errors: Iterable[Mapping[str, Any]]) -> tuple[str, ...]:
    """pydantic's errors about `tree` as `origin:line:column: where: message`, in the order of the file, each once."""
    found = (located(tree, item["loc"], _MESSAGES.get(item["type"], item["msg"].removeprefix("Value error, "))) for item in errors)
    return tuple(f"{origin}:{line}:{column}: {text}" for line, column, text in dict.fromkeys(sorted(found)))


def located(tree: Any, place: Iterable[Any], message: str) -> tuple[int, int, str]:
    """Line and column of the deepest node of `place` that `tree` has, and `where: message`; names of union members in `place` are skipped."""
    node, line, column = tree, *position(tree)
    where: list[str] = []
    steps = list(place)
    for step in steps:
        if (isinstance(node, Mapping) and step in node) or (isinstance(node, list) and isinstance(step, int) and step < len(node)):
            line, column = position(node, step)
            node = node[step]
            where.append(str(step))
        elif step == steps[-1] and message == _MESSAGES["missing"]:
            where.append(str(step))
    return line, column, f"{'.'.join(where) or 'the file'}: {message}"
