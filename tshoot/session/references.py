"""Which pieces of evidence a line of the log names."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any


def references(line: Any) -> Iterator[tuple[str, int]]:
    """(sha256, size) of every reference in a line's JSON value."""
    rest = [line]
    while rest:
        value = rest.pop()
        if isinstance(value, dict):
            if isinstance(value.get("sha256"), str) and isinstance(value.get("size"), int):
                yield value["sha256"], value["size"]
            rest += value.values()
        elif isinstance(value, list):
            rest += value
