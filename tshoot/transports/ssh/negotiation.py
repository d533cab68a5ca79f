"""The key exchange of one hop: the algorithms that its settings allow, what was agreed, and in words why nothing was."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import paramiko

from tshoot.errors import TargetError
from tshoot.model.text import clean_line
from tshoot.transports.busy import says_busy
from tshoot.transports.config.host_settings import HostSettings
from tshoot.transports.openssh.algorithms import weak
from tshoot.transports.ssh.algorithms import Offer, allowed
from tshoot.transports.ssh.client import HopClient
from tshoot.transports.ssh.login import BROKEN, broken

_OPERATOR_TIME = 24 * 3600.0  # paramiko's own clocks run on while the operator types; ours (Deadline) do not
_SORTS = {"kex": "key exchange", "host_keys": "host key", "ciphers": "cipher", "macs": "MAC"}


def client_for(sock: Any, host: HostSettings, patience: float) -> HopClient:
    """paramiko's client on `sock`, not started. NeedsOpenSsh where the settings allow nothing that it knows."""
    client = HopClient(sock)
    client.daemon = True
    client.banner_timeout = patience
    client.packetizer.start_handshake = lambda timeout: None  # type: ignore[method-assign]  # its clock is a thread for each connection; whoever waits here has his own
    client.auth_timeout = _OPERATOR_TIME
    options = client.get_security_options()
    for name, written, option in (
        ("kex", host.kex_algorithms, "KexAlgorithms"),
        ("ciphers", host.ciphers, "Ciphers"),
        ("digests", host.macs, "MACs"),
    ):
        if written:
            setattr(options, name, allowed(written, tuple(getattr(options, name)), option, host.typed))
    return client


def negotiate(client: HopClient, host: HostSettings, closed: Callable[[str], TargetError]) -> tuple[str, ...]:
    """Exchange keys; what was agreed in words, then a note where it is weak. `closed` makes the failure of a server that hangs up."""
    try:
        client.start_client()
    except paramiko.ssh_exception.IncompatiblePeer as error:
        raise _incompatible(client, host, str(error)) from error
    except BROKEN as error:
        said = client.disconnect_reason or broken(error)
        if isinstance(error, EOFError | ConnectionError) or not said or says_busy(said):
            raise closed(client.disconnect_reason) from error
        hint = "try `ssh -v` to it: the server's side of the SSH protocol is broken or cut short"
        raise TargetError("closed", f"{host.place}: the key exchange failed: {said}", hint) from error
    agreed = _agreed(client)
    notes = [f"weak: {', '.join(poor)}"] if (poor := weak(agreed)) else []
    if client.lacking:
        notes.append(f"it offers more, which the settings or the SSH library here leave out: {', '.join(client.lacking)[:300]}")
    return ", ".join(f"{sort} {name}" for sort, name in agreed.items()), *notes


def _agreed(client: HopClient) -> dict[str, str]:
    offer = client.offer or Offer((), (), (), ())
    kex = next((name for name in client.get_security_options().kex if name in offer.kex), "")
    cipher, mac = str(client.remote_cipher), str(client.remote_mac)  # type: ignore[attr-defined]  # absent from the type stubs
    found = {"kex": kex, "host key": str(client.host_key_type), "cipher": cipher, "MAC": "" if "gcm" in cipher else mac}
    return {sort: name for sort, name in found.items() if name}


def _incompatible(client: HopClient, host: HostSettings, error: str) -> TargetError:
    why = clean_line(error)[:200]
    hint = (
        "an old device that knows only SHA-1 or DSA, which the SSH library here has dropped: connect with the system's own ssh, which still"
        " has them (`--transport openssh`), or update the device's SSH server"
    )
    return TargetError("no-common-algorithm", f"{host.place}: no common SSH algorithm: {why}{_offers(client)}", hint)


def _offers(client: HopClient) -> str:
    """`; for the cipher it offers only …`, for each sort in which nothing fits."""
    if client.offer is None:
        return ""
    options = client.get_security_options()
    ours = {"kex": options.kex, "host_keys": options.key_types, "ciphers": options.ciphers, "macs": options.digests}
    missing = [name for name in _SORTS if not set(getattr(client.offer, name)) & set(ours[name])]
    return "".join(f"; for the {_SORTS[name]} it offers only {', '.join(getattr(client.offer, name))[:200]}" for name in missing)
