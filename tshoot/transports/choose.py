"""Which transport speaks to a platform: its file says so (`transport:`)."""

from __future__ import annotations

from collections.abc import Callable

from tshoot.platforms.loader import Platform
from tshoot.transports.base import Prompter, Transport
from tshoot.transports.settings import SshSettings


def transport_for(platform: Platform, host: str, prompter: Prompter, settings: SshSettings | None, on_note: Callable[[str], None]) -> Transport:
    """Not connected yet. `on_note` is told in words what goes on without success, such as an `enable` that was refused."""
    if platform.cli is not None:
        from tshoot.transports.cli import CliTransport

        return CliTransport(host, recipe=platform.cli, prompter=prompter, settings=settings, on_note=on_note)
    from tshoot.transports.ssh import SshTransport

    return SshTransport(host, prompter=prompter, settings=settings)
