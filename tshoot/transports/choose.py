"""Which transport speaks to a platform: its file says whether to a shell or a command line, the settings by which connection."""

from __future__ import annotations

import threading
from collections.abc import Callable

from tshoot.cancel import CancelToken
from tshoot.errors import Cancelled, TshootError, UsageError
from tshoot.model.text import clean_line
from tshoot.platforms.loader import Platform
from tshoot.transports.address import parse_address
from tshoot.transports.base import Prompter, Transport
from tshoot.transports.config.host_settings import HostSettings
from tshoot.transports.config.way import find_way
from tshoot.transports.paced import Approach, Paced
from tshoot.transports.settings import SshSettings

Way = tuple[HostSettings, ...]


def transport_for(platform: Platform, host: str, prompter: Prompter, settings: SshSettings | None, on_note: Callable[[str], None]) -> Transport:
    """Not connected yet. `on_note` is told in words what goes on without success, such as an `enable` that was refused, or a device that is busy."""
    ssh = settings or SshSettings()
    name = chosen(host, ssh)
    agreed = threading.Event()  # once, also where a busy device is come back to

    def by_openssh() -> Transport:
        agreed.set()
        return _by_openssh(platform, host, prompter, ssh, on_note)

    def made(way: Way) -> Transport:
        if name == "openssh" or agreed.is_set():
            return by_openssh()
        first = _by_paramiko(platform, host, prompter, ssh, on_note, way)
        if name == "paramiko":
            return first
        from tshoot.transports.choosing import Choosing

        return Choosing(host, first, by_openssh, prompter, on_note)

    def approach(cancel: CancelToken) -> Approach:
        way = _way(host, ssh, cancel)
        ends = ((way[0].host, way[0].port), (way[-1].host, way[-1].port)) if way else ((host, 0), (host, 0))
        gate, device = (ssh.pace.device(*place) for place in ends)
        return Approach(lambda: made(way), device, gate)

    return Paced(host, approach, platform.pace, on_note)


def _way(host: str, settings: SshSettings, cancel: CancelToken) -> Way:
    """() where what was typed is no way: the transport says so in its words."""
    try:
        return find_way(host, settings, cancel)
    except Cancelled:
        raise
    except TshootError:
        return ()


def chosen(host: str, settings: SshSettings) -> str:
    """By what was said for the host as it was typed, for its name, or for all."""
    try:
        alias = parse_address(host).host
    except UsageError:
        alias = host
    name = next((settings.transports[key] for key in (host, alias, "") if key in settings.transports), "auto")
    if name not in ("auto", "paramiko", "openssh"):
        raise UsageError(f"{host}: there is no transport `{clean_line(name)[:40]}`", "it is auto, paramiko or openssh")
    return name


def _by_paramiko(platform: Platform, host: str, prompter: Prompter, settings: SshSettings, on_note: Callable[[str], None], way: Way) -> Transport:
    from tshoot.transports.ssh.link import SshLink

    link = SshLink(host, prompter, settings, on_note, way)
    if platform.cli is not None:
        from tshoot.transports.cli.transport import CliTransport

        return CliTransport(host, recipe=platform.cli, prompter=prompter, settings=settings, on_note=on_note, link=link)
    from tshoot.transports.ssh.transport import SshTransport

    return SshTransport(host, prompter=prompter, settings=settings, on_note=on_note, link=link)


def _by_openssh(platform: Platform, host: str, prompter: Prompter, settings: SshSettings, on_note: Callable[[str], None]) -> Transport:
    if platform.cli is not None:
        from tshoot.transports.cli.transport import CliTransport
        from tshoot.transports.openssh.link import OpenSshLink

        link = OpenSshLink(host, prompter, settings, on_note)
        return CliTransport(host, recipe=platform.cli, prompter=prompter, settings=settings, on_note=on_note, link=link)
    from tshoot.transports.openssh.transport import OpenSshTransport

    return OpenSshTransport(host, prompter=prompter, settings=settings, on_note=on_note)
