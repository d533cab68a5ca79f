"""The facts that a parser declares when it gives one of the shapes of `_shapes`.

A shape names what a playbook reads; a declaration names every path, so also what lies above and the items of
lists. What a platform never prints is left out by name.
"""

from __future__ import annotations

from collections.abc import Mapping


def declared(shape: Mapping[str, str], *absent: str) -> dict[str, str]:
    """`shape` without `absent`, with every path above one of its own and the items of its lists of strings."""
    facts: dict[str, str] = {}
    for path, meaning in shape.items():
        if path in absent:
            continue
        steps = path.split(".")
        for depth in range(1, len(steps)):
            facts.setdefault(".".join(steps[:depth]), shape.get(".".join(steps[:depth]), _above(steps[depth])))
        facts[path] = meaning if ":" in meaning else f"{meaning}: {steps[-1].replace('_', ' ')}"
        if meaning.startswith("list[str]"):
            facts[f"{path}.*"] = "str: one of them"
    return facts


def _above(step: str) -> str:
    """What stands above `step`: a collection of entries, or one entry with its fields."""
    return "dict: every one of them by its name" if step == "*" else "dict: one of them"
