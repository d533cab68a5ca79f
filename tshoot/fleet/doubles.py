"""Whether two targets of a fleet are one device: run twice side by side it would be counted twice.

As in the journal of captures, where they lead counts, and the user does not. One user does: what stands before the `@` of `admin@root@esx01` is
what a gateway is told of the device behind it, and then all are at the gateway's address.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tshoot.errors import TshootError, UsageError
from tshoot.fleet.members import FanOut
from tshoot.model.text import clean_line
from tshoot.transports.address import parse_address
from tshoot.transports.config.way import told_way, way_to

if TYPE_CHECKING:
    from tshoot.transports.settings import SshSettings

_TOLD = 5


def refuse_doubles(fan: FanOut, ssh: SshSettings) -> None:
    """UsageError, with both spellings, where the inventory and the ssh_config lead two targets of `fan` to one place."""
    first: dict[tuple[str, ...], str] = {}
    doubles: list[tuple[str, str]] = []
    for host in fan.hosts:
        before = first.setdefault(_place(host, ssh), host)
        if before != host:
            doubles.append((before, host))
    if doubles:
        said = "; ".join(f"{clean_line(before)} and {clean_line(host)} are one device" for before, host in doubles[:_TOLD])
        left = f"; and {len(doubles) - _TOLD} more" if len(doubles) > _TOLD else ""
        hint = "name each device once: leave one out, also of the group that has both"
        raise UsageError(f"--target {fan.role}={clean_line(fan.typed)}: {said}{left}", hint)


def _place(host: str, ssh: SshSettings) -> tuple[str, ...]:
    """Where the way cannot be found (the login will say why), what was typed."""
    try:
        way = way_to(host, ssh)
    except TshootError:
        return _typed_place(host)
    return told_way(way), *(hop.user if "@" in hop.user else "" for hop in way)


def _typed_place(host: str) -> tuple[str, ...]:
    try:
        address = parse_address(host)
    except UsageError:
        return (host,)
    return address.host.lower(), str(address.port or 22)
