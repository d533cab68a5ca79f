"""What a command printed, turned into facts: one module a command, found by scanning this folder.

A parser module has a docstring with sample output, `FACTS` (fact path -> "type: meaning", where `*` stands
for any key or index) and `parse(text) -> Parsed`. It is pure and reads no line twice. Nothing that a device
prints can make `parse` of this package raise: what a parser stumbles over is shown as unread.
"""

from __future__ import annotations

import pkgutil
from collections.abc import Mapping
from functools import cache
from importlib import import_module
from typing import Protocol, cast

from tshoot.model.facts import CommandText, Parsed
from tshoot.parsers._reading import everything_unread


class Parser(Protocol):
    """What a module of this folder is to the rest."""

    FACTS: Mapping[str, str]

    def parse(self, text: CommandText) -> Parsed: ...


@cache
def parser_names() -> tuple[str, ...]:
    """The names of all parsers, sorted: the module names of this folder."""
    return tuple(sorted(found.name for found in pkgutil.iter_modules(__path__) if not found.name.startswith("_")))


def parser_facts(name: str) -> Mapping[str, str]:
    """What the parser `name` can say: fact path -> "type: meaning". KeyError where there is no such parser."""
    return _parser(name).FACTS


def parse(name: str, text: CommandText) -> Parsed:
    """Read `text` with the parser `name`. Never raises: a parser that is missing or stumbles gives no facts and every line unread."""
    try:
        return _parser(name).parse(text)
    except Exception:
        return everything_unread(name, text)


def _parser(name: str) -> Parser:
    if name not in parser_names():
        raise KeyError(f"there is no parser {name!r}")
    return cast(Parser, import_module(f"{__name__}.{name}"))
