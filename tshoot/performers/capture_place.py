"""Where a host as typed leads: name and port by the operator's ssh_config and inventory, so that alias and address are one target in the journal.

Names are not looked up: what DNS says today may be another device tomorrow. Where the way leads over another host, the
way is part of the place: 192.168.1.1 behind two bastions is two devices.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tshoot.errors import TshootError

if TYPE_CHECKING:
    from tshoot.transports.settings import SshSettings


def place_of(host: str, ssh: SshSettings | None) -> str:
    """`192.0.2.1:22`, with its way where there is one; "" where the ssh_config cannot be read, or does not lead there."""
    from tshoot.transports.config.way import told_way, way_to
    from tshoot.transports.settings import SshSettings

    try:
        return told_way(way_to(host, ssh or SshSettings()))
    except TshootError:
        return ""
