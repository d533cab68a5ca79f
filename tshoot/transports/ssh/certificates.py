"""Certificates of the user's keys (PROTOCOL.certkeys): which key each is for, and what it says of itself."""

from __future__ import annotations

import base64
import time
from collections.abc import Iterator, Sequence

import paramiko
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.serialization import SSHCertificate, load_ssh_public_identity

from tshoot.model.text import clean_line, decode
from tshoot.transports.login.known_hosts import fingerprint

CERTIFIED = "-cert-v01@openssh.com"
_LAST_DAY = 253_402_300_799  # of the year 9999


class Certificates:
    """`of(key)` by what was signed: (type, wire form) of each certificate."""

    def __init__(self, signed: Sequence[tuple[str, bytes]]) -> None:
        self._all = signed

    def of(self, key: paramiko.PKey) -> Iterator[paramiko.PKey]:
        """`key` with each certificate of its own."""
        for kind, blob in self._all:
            if kind.endswith(CERTIFIED) and _signed_blob(kind, blob) == key.asbytes():
                key.public_blob = paramiko.pkey.PublicBlob(kind, blob)
                yield key
                key.public_blob = None


def named(key: paramiko.PKey, user: str) -> str:
    """The words for what a login shows: a key, or a certificate with whatever speaks against it."""
    shown = key.public_blob
    if shown is None or not shown.key_type.endswith(CERTIFIED):
        return f"key {key.fingerprint}"
    print_of = fingerprint(_signed_blob(shown.key_type, shown.key_blob))
    against = doubts(shown.key_type, shown.key_blob, user, time.time())
    return f"certificate of key {print_of}" + (f" ({against})" if against else "")


def doubts(kind: str, blob: bytes, user: str, now: float) -> str:
    """Why a server would not let `user` in by that certificate, as far as it tells itself; `now` in seconds since 1970."""
    try:
        found = load_ssh_public_identity(f"{kind} {base64.b64encode(blob).decode()}".encode())
    except (ValueError, UnsupportedAlgorithm):
        return "which cannot be read"
    if not isinstance(found, SSHCertificate):
        return "which is none"
    told = []
    if found.valid_before <= now:
        told.append(f"expired {_day(found.valid_before)}")
    elif found.valid_after > now:
        told.append(f"not valid before {_day(found.valid_after)}")
    principals = [clean_line(decode(name))[:60] for name in found.valid_principals[:5]]
    if principals and user not in principals:
        told.append(f"for {', '.join(principals)}")
    return ", ".join(told)


def plain(kind: str) -> str:
    """The type of the key that a certificate of this type is for."""
    return kind.removesuffix(CERTIFIED)


def plain_blob(key: paramiko.AgentKey) -> bytes:
    """The public key itself, also of one that the agent holds with its certificate."""
    return _signed_blob(key.get_name(), key.blob) if key.get_name().endswith(CERTIFIED) else key.blob


def _signed_blob(kind: str, blob: bytes) -> bytes:
    """The wire form of the public key in a certificate: type, nonce, then the key's own fields."""
    message = paramiko.Message(blob)
    message.get_string(), message.get_string()  # type, nonce
    key = paramiko.Message()
    key.add_string(plain(kind))
    for _ in range({"ssh-rsa": 2, "ssh-ed25519": 1}.get(plain(kind), 2)):  # e and n; the point; curve and point
        key.add_string(message.get_binary())
    return key.asbytes()


def _day(seconds: int) -> str:
    return time.strftime("%Y-%m-%d %H:%M UTC", time.gmtime(min(seconds, _LAST_DAY)))
