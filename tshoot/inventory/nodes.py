"""YAML of an inventory: the nodes of tshoot/yamlnodes.py, every scalar as text, and errors that name the inventory.

Aliases are read only where its form has them.
"""

from __future__ import annotations

from tshoot.inventory.entries import unusable
from tshoot.yamlnodes import Node, YamlProblem
from tshoot.yamlnodes import read_nodes as _read

_MOST_VALUES = 3_000_000  # a hundred thousand targets, each with thirty


def read_nodes(text: str, origin: str, *, aliases: bool = False) -> Node:
    """The one document in `text`. InventoryError, with its place, where it is no YAML, too deep or too large, or holds what is not read here."""
    try:
        return _read(text, aliases=aliases, most_values=_MOST_VALUES)
    except YamlProblem as problem:
        raise unusable(origin, [f"{origin}:{problem.line}:{problem.column}: {problem.why}"], "correct the file at that line") from problem
