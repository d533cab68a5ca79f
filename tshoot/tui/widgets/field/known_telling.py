"""What the inventory knows of a target, in words, for the place under its field: its address, its platform, who says so; the names of a group."""

from __future__ import annotations

from textual.content import Content

from tshoot.errors import UsageError
from tshoot.inventory.inventory import Inventory, KnownTarget
from tshoot.model.text import clean_line

_MOST_NAMES = 12


def known_content(typed: str, known: KnownTarget | None, inventory: Inventory) -> Content | None:
    """None where there is nothing to tell."""
    if typed.startswith("@"):
        return _group(typed, inventory)
    if known is None:
        return None
    place = known.place
    user, port = f"{place.user}@" if place.user else "", f" port {place.port}" if place.port else ""
    address = f"{user}{place.host}{port}" if place.host != known.name or user or port else ""
    platform = ", ".join(known.platforms) or (f"none of tshoot's platforms: {known.told}" if known.told else "")
    parts = [part for part in (address, platform, known.source) if part]
    why = f"\n  {clean_line(known.platform_from)}" if known.seen else ""
    return Content(f"= {clean_line(' · '.join(parts))}{why}") if parts else None


def _group(typed: str, inventory: Inventory) -> Content:
    try:
        names = inventory.expand(typed)
    except UsageError as error:
        return Content(f"= {clean_line(f'{error.message}; {error.hint}')}")
    more = f" and {len(names) - _MOST_NAMES} more" if len(names) > _MOST_NAMES else ""
    return Content(f"= {len(names)} targets: {clean_line(', '.join(names[:_MOST_NAMES]))}{more}")
