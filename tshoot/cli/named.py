"""The targets that words of the command line name: `esx01`, `esx01,esx02`, `@group`."""

from __future__ import annotations

from collections.abc import Iterable

from tshoot.cli import diagnostics
from tshoot.errors import UsageError
from tshoot.fleet.groups import names_group, remarks_told
from tshoot.inventory.inventory import Inventory
from tshoot.model.text import clean_line


def named(words: Iterable[str], inventory: Inventory) -> tuple[str, ...]:
    """Each once, in their order; where one word is a group, what its lists left out is noted. UsageError where a word names nobody."""
    words = tuple(words)
    if any(map(names_group, words)):
        note_remarks(inventory)  # first: of a group that is unknown every host may have been left out
    found: dict[str, None] = {}
    for typed in words:
        names = inventory.expand(typed)
        if not names:
            raise UsageError(f"`{clean_line(typed)}` names no target", "name one, several as esx01,esx02, or a group of the inventory as @esx-prod")
        found |= dict.fromkeys(names)
    return tuple(found)


def note_remarks(inventory: Inventory) -> None:
    for told in remarks_told(inventory):
        diagnostics.note(told)
