"""YAML text to plain values that remember their lines: the only importer of ruamel.yaml.

ruamel keeps strings as they are (`no`, `12:30`), refuses duplicate keys and knows the line of every
node. A mapping or sequence it returns carries `.lc`; `position` turns that into 1-based line and column.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from tshoot.errors import PlaybookError


def load_yaml(text: str, origin: str) -> Any:
    """Parse `text`; raise PlaybookError `origin:line:column: message` where it is no YAML."""
    from ruamel.yaml import YAML
    from ruamel.yaml.error import MarkedYAMLError

    yaml = YAML(typ="rt")
    try:
        return yaml.load(text)
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line, column = (mark.line + 1, mark.column + 1) if mark else (1, 1)
        problem = " ".join((error.problem or error.context or "not valid YAML").split(" with value ")[0].split())
        where = f"{origin}:{line}:{column}: {problem}"
        raise PlaybookError(where, "correct the YAML at that line", (where,)) from error
    except Exception as error:  # ruamel raises plain ValueErrors for some broken scalars
        where = f"{origin}:1:1: {' '.join(str(error).split())}"
        raise PlaybookError(where, "correct the YAML", (where,)) from error


def load_yaml_file(path: Path) -> Any:
    """`load_yaml` of a file; an unreadable file is a PlaybookError too."""
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise PlaybookError(f"{path}: cannot be read: {error}", "check the path and its permissions", (f"{path}:1:1: {error}",)) from error
    return load_yaml(text, str(path))


def position(node: Any, key: Any = None) -> tuple[int, int]:
    """1-based (line, column) of a mapping or sequence, or of the value under `key` in it; (1, 1) where unknown."""
    lc = getattr(node, "lc", None)
    if lc is None:
        return 1, 1
    try:
        if key is None:
            return lc.line + 1, lc.col + 1
        place = lc.item(key) if isinstance(key, int) else lc.value(key)
        return place[0] + 1, place[1] + 1
    except (KeyError, AttributeError, TypeError, IndexError):
        return (lc.line or 0) + 1, (lc.col or 0) + 1


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
