"""How ssh gets to a target, as far as its place does not say it: behind a jump host the same address is another device."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from tshoot.errors import TshootError
from tshoot.transports.address import Address, parse_address


def way_beyond(typed: str, place: Address, config: Path | None, places: Mapping[str, Address]) -> str:
    """`192.0.2.1:22 via bastion:22`, "" where ssh goes straight to `place`. A way that cannot be told is that of the name alone."""
    from tshoot.transports.config.reading import canonical
    from tshoot.transports.config.way import told_way, way_to
    from tshoot.transports.settings import SshSettings

    try:
        told = told_way(way_to(typed, SshSettings(config_file=config, places=places)))
    except (TshootError, OSError):
        return f"as {parse_address(typed).host.lower()}"
    return "" if told == f"{canonical(place.host).lower()}:{place.port or 22}" else told


def port_of(name: str, config: Path | None, places: Mapping[str, Address]) -> int:
    """The port that ssh takes where none is typed."""
    from tshoot.transports.config.resolving import resolve

    try:
        return resolve(Address(name), config, places).port
    except (TshootError, OSError):
        place = places.get(name)
        return (place.port if place is not None else None) or 22
