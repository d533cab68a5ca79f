"""What a group of the inventory may hide: hosts that its lists left out. Whoever goes by a group is told of them, and so is the fleet's session."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tshoot.model.text import clean_line

if TYPE_CHECKING:
    from tshoot.inventory.inventory import Inventory

_MOST = 10


def names_group(typed: str) -> bool:
    """Whether a word of `@group` or `a,@group` is a group of the inventory."""
    return any(word.strip().startswith("@") for word in typed.split(","))


def remarks_told(inventory: Inventory) -> list[str]:
    """What the lists left out, one line each; of many the first."""
    told = [clean_line(remark) for remark in inventory.remarks[:_MOST]]
    left = len(inventory.remarks) - _MOST
    return [*told, f"and {left} remarks more: `tshoot targets --json` has them all"] if left > 0 else told
