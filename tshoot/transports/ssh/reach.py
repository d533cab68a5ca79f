"""How the bytes get to one hop: by TCP, through the hop before it (direct-tcpip, RFC 4254 section 7.2), or by a ProxyCommand."""

from __future__ import annotations

import socket
import sys
from collections.abc import Callable
from typing import Any

import paramiko

from tshoot.errors import TargetError
from tshoot.transports import hints
from tshoot.transports.bounded import Deadline
from tshoot.transports.config.host_settings import HostSettings
from tshoot.transports.ssh.client import HopClient
from tshoot.transports.ssh.login import BROKEN

Keep = Callable[[Any], None]  # told of each thing that must be closed; raises where the connection is being cut
Tell = Callable[[str, str], None]  # step, what came of it
_FAMILIES = {"any": socket.AF_UNSPEC, "inet": socket.AF_INET, "inet6": socket.AF_INET6}
_PROHIBITED = 1  # RFC 4254 section 5.1
AGAIN = "connect again"


class ThroughHop:
    """A channel of the hop before, used as a socket: paramiko's Channel, with the peeking at the greeting that it lacks."""

    def __init__(self, channel: paramiko.Channel) -> None:
        self._channel, self._early = channel, b""

    def recv(self, size: int, flags: int = 0) -> bytes:
        if flags & socket.MSG_PEEK:
            self._early += self._channel.recv(max(1, size - len(self._early)))
            return self._early
        if self._early:
            taken, self._early = self._early[:size], self._early[size:]
            return taken
        return self._channel.recv(size)

    def send(self, data: bytes) -> int:
        return self._channel.send(data)

    def settimeout(self, seconds: float | None) -> None:
        self._channel.settimeout(seconds)

    def close(self) -> None:
        self._channel.close()

    @property
    def ended(self) -> bool:
        """Nothing more comes than what was peeked at."""
        return bool(self._channel.closed or self._channel.eof_received) and not self._channel.recv_ready()

    @property
    def _closed(self) -> bool:
        """As of a socket: paramiko looks at it when it ends."""
        return bool(self._channel.closed)


def by_tcp(host: HostSettings, patience: float, keepalive: float, deadline: Deadline, keep: Keep, tell: Tell) -> socket.socket:
    """The first address that answers, each for its share of `patience` seconds."""
    deadline.restart(patience, "looking up its name")
    found = _addresses(host)
    tell("name", ", ".join(dict.fromkeys(_numeric(address) for *_, address in found)))
    deadline.restart(patience, "connecting")
    errors: list[OSError] = []
    tried: list[str] = []
    for family, kind, protocol, _, address in found:
        try:
            sock = _open(socket.socket(family, kind, protocol), address, host, max(0.05, deadline.left() / len(found) * 0.95), keepalive, keep)
        except OSError as error:
            errors.append(error)
            tried.append(f"{_numeric(address)} {_why([error])}")
        else:
            tell("connect", "; ".join([*tried, f"{_numeric(address)} port {host.port} answers"]))
            return sock
    raise _unreached(host, errors, tried)


def _addresses(host: HostSettings) -> list[Any]:
    try:
        return socket.getaddrinfo(host.host, host.port, family=_FAMILIES[host.address_family], type=socket.SOCK_STREAM)
    except (socket.gaierror, UnicodeError) as error:
        only = "" if host.address_family == "any" else f" (AddressFamily {host.address_family})"
        hint = hints.SPELLING
        raise TargetError("name-unknown", f"{host.typed}: the name `{host.host}` cannot be resolved{only}", hint) from error


def _numeric(address: Any) -> str:
    return str(address[0])


def _open(sock: socket.socket, address: Any, host: HostSettings, share: float, keepalive: float, keep: Keep) -> socket.socket:
    keep(sock)
    try:
        sock.settimeout(share)
        if host.bind_address:
            sock.bind(socket.getaddrinfo(host.bind_address, 0, family=sock.family, type=socket.SOCK_STREAM)[0][4])
        sock.connect(address)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)  # a command is several small messages in a row
        _notice_death(sock, host.server_alive_interval * host.server_alive_count_max or keepalive * 3)
    except OSError:
        sock.close()
        raise
    return sock


def _notice_death(sock: socket.socket, seconds: float) -> None:
    """Unanswered keepalives end the connection (RFC 5482), so that a cut cable is noticed while a capture is quiet."""
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    if sys.platform == "linux":
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, int(min(seconds, 86400) * 1000))


def _why(errors: list[OSError]) -> str:
    if any(isinstance(error, ConnectionRefusedError) for error in errors):
        return "refused"
    return "no answer" if any(isinstance(e, TimeoutError) for e in errors) else (errors[-1].strerror if errors else "") or "no address"


def _unreached(host: HostSettings, errors: list[OSError], tried: list[str]) -> TargetError:
    each = f" ({'; '.join(tried)})" if len(tried) > 1 else ""
    if _why(errors) == "refused":
        hint = hints.STARTED
        return TargetError("refused", f"{host.place}: the connection was refused{each}", hint)
    return TargetError("unreachable", f"{host.place}: cannot be reached: {_why(errors)}{each}", hints.ROUTE)


def through_hop(host: HostSettings, before: HostSettings, client: HopClient, patience: float, deadline: Deadline, tell: Tell) -> ThroughHop:
    """A channel that the hop before opens to `host`; the name is looked up there."""
    deadline.restart(patience + 1, f"being reached from {before.typed}")
    try:
        channel = client.open_channel("direct-tcpip", (host.host, host.port), ("127.0.0.1", 0), timeout=patience)
    except paramiko.ChannelException as error:
        raise _not_opened(host, before, error.code, error.text) from error
    except BROKEN as error:
        if client.is_active():
            message = f"{host.place}: cannot be reached from {before.typed}: no answer within {patience:g} s"
            raise TargetError("unreachable", message, _from_there(host, before)) from error
        raise TargetError("closed", f"{host.place}: the connection to {before.typed} was lost on the way", AGAIN) from error
    tell("connect", f"{before.typed} opens a channel to {host.host} port {host.port}")
    return ThroughHop(channel)


def _not_opened(host: HostSettings, before: HostSettings, code: int, said: str) -> TargetError:
    low = said.lower()
    if code == _PROHIBITED:
        hint = f"AllowTcpForwarding, PermitOpen or a restricted key on {before.typed} do this; ask whoever runs it"
        return TargetError("refused", f"{host.place}: {before.typed} may not be used as a jump host to it: {said}", hint)
    if "refused" in low:
        return TargetError("refused", f"{host.place}: the connection was refused, asked from {before.typed}", _from_there(host, before))
    if "resol" in low or "not known" in low or "no address" in low:
        return TargetError("name-unknown", f"{host.typed}: the name `{host.host}` cannot be resolved on {before.typed}", _from_there(host, before))
    return TargetError("unreachable", f"{host.place}: cannot be reached from {before.typed}: {said}", _from_there(host, before))


def _from_there(host: HostSettings, before: HostSettings) -> str:
    return f"log in to {before.typed} and try `nc -vz {host.host} {host.port}`"
