"""The way to a target: the hops that the ssh_config puts before it (ProxyJump), each with its own settings, the target last.

`ProxyJump a,b`: a, then b through a, then the target through b. a may have jump hosts or a ProxyCommand of its own; those of b are
passed over, as `ssh -J a b` passes them over. A way that comes back to a hop is refused, and so is one of more than ten hops.
"""

from __future__ import annotations

from dataclasses import replace

from tshoot.cancel import CancelToken
from tshoot.errors import TargetError
from tshoot.transports.address import Address, parse_address, parse_jump
from tshoot.transports.bounded import Deadline, bounded
from tshoot.transports.config.host_settings import HostSettings
from tshoot.transports.config.resolving import resolve
from tshoot.transports.settings import SshSettings

_MOST_HOPS = 10
_PATIENCE = 30.0


def way_to(typed: str, settings: SshSettings) -> tuple[HostSettings, ...]:
    """Every hop in its order. UsageError for a wrong target or ssh_config, TargetError "unreachable" for a way without an end."""
    return _way(parse_address(typed), settings, ())


def told_way(way: tuple[HostSettings, ...]) -> str:
    """`192.0.2.1:22 via bastion:22`, whose ProxyCommand comes last: what tells one device from another at the same address. Users are not of it."""
    hops = [f"{hop.host.lower()}:{hop.port}" for hop in reversed(way)]
    return " via ".join([*hops, *filter(None, [way[0].proxy_command])])


def find_way(typed: str, settings: SshSettings, cancel: CancelToken) -> tuple[HostSettings, ...]:
    """`way_to` within half a minute, for the commands of `Match exec` take their time; Cancelled at once."""
    try:
        return bounded(lambda: way_to(typed, settings), Deadline(_PATIENCE), cancel, lambda: None)
    except TimeoutError:
        message = f"{typed}: reading the ssh_config took more than {_PATIENCE:g} s"
        raise TargetError("unreachable", message, "which `Match exec` of it takes so long?") from None


def _way(address: Address, settings: SshSettings, after: tuple[HostSettings, ...]) -> tuple[HostSettings, ...]:
    """The way to `address`, which leads to the hops `after` it."""
    host = _new(resolve(address, settings.config_file, settings.places), after)
    if not host.proxy_jump:
        return (host,)
    names = [parse_jump(name) for name in host.proxy_jump]
    hops: tuple[HostSettings, ...] = (host,)
    for name in reversed(names[1:]):
        hop = _new(resolve(name, settings.config_file, settings.places), (*hops, *after))
        hops = (replace(hop, proxy_jump=(), proxy_command=""), *hops)
    return (*_way(names[0], settings, (*hops, *after)), *hops)


def _new(host: HostSettings, after: tuple[HostSettings, ...]) -> HostSettings:
    target = after[-1].typed if after else host.typed
    hint = "correct ProxyJump in the ssh_config: a jump host must not be reached through itself (`ProxyJump none` in its own entry)"
    if any((host.user, host.host, host.port) == (hop.user, hop.host, hop.port) for hop in after):
        raise TargetError("unreachable", f"{target}: the jump host {host.place} is reached through itself", hint)
    if len(after) >= _MOST_HOPS:
        raise TargetError("unreachable", f"{target}: more than {_MOST_HOPS} hops lead to it", hint)
    return host
