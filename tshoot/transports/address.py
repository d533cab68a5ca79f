"""What the operator typed for a target, taken apart: `alias`, `name`, `user@host`, `host:port`, `[v6]:port`, `user@[v6]:port`, a bare IPv6 address.

A host that could be an option or hold blanks or control characters is refused: it comes from a person, but also from inventories.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from ipaddress import IPv6Address
from urllib.parse import unquote

from tshoot.errors import UsageError
from tshoot.model.text import clean_line

_BRACKETED = re.compile(r"\[(?P<host>[^\[\]]+)\](?::(?P<port>\d{1,5}))?")
_NAMED = re.compile(r"(?P<host>[^\[\]:]+)(?::(?P<port>\d{1,5}))?")
_HOST = re.compile(r"[^\s\x00-\x20\x7f-\x9f\-/\\@,*?!'\"`$;&|<>(){}#~][^\s\x00-\x20\x7f-\x9f/\\@,*?!'\"`$;&|<>(){}]*")
_ZONE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,31}", re.ASCII)
_SHELLS = frozenset("'`\";&<>|(){}[]*?!#~")  # no shell acts on a user's name, in a ProxyCommand either; DOMAIN\user is one


@dataclass(frozen=True, slots=True)
class Address:
    """`user` and `port` are None where they were not typed."""

    host: str
    user: str | None = None
    port: int | None = None


def parse_address(typed: str) -> Address:
    """Take `typed` apart; UsageError where it is no target."""
    user, at, place = typed.strip().rpartition("@")
    if _is_ipv6(place):
        return Address(place, _checked_user(user, typed) if at else None)
    match = _BRACKETED.fullmatch(place) or _NAMED.fullmatch(place)
    if (
        match is None
        or not match["host"].isprintable()
        or not _HOST.fullmatch(match["host"])
        or (place.startswith("[") and not _is_ipv6(match["host"]))
    ):
        raise _no_target(typed)
    port = int(match["port"]) if match["port"] else None
    if port is not None and not 0 < port < 65536:
        raise _no_target(typed)
    return Address(match["host"], _checked_user(user, typed) if at else None, port)


def parse_jump(written: str) -> Address:
    """One hop of a ProxyJump: `[user@]host[:port]` or `ssh://[user@]host[:port]`; UsageError where it is none."""
    text = written.strip()
    if not text.lower().startswith("ssh://"):
        return parse_address(text)
    user, at, place = text[6:].rstrip("/").rpartition("@")
    return parse_address(f"{unquote(user.partition(';')[0])}{at}{place}")


def _checked_user(user: str, typed: str) -> str:
    if ":" in user:
        raise UsageError("a target holds no password", "leave it out, USER@HOST: tshoot asks for it, or uses a key; targets are recorded")
    if not user or user.startswith("-") or user.endswith("\\") or not user.isprintable() or any(c.isspace() or c in _SHELLS for c in user):
        raise _no_target(typed)
    return user


def _is_ipv6(text: str) -> bool:
    """Its zone is the name of an interface; as far as ipaddress knows it could be anything."""
    address, percent, zone = text.partition("%")
    try:
        IPv6Address(address)
    except ValueError:
        return False
    return not percent or _ZONE.fullmatch(zone) is not None


def _no_target(typed: str) -> UsageError:
    return UsageError(
        f"`{clean_line(typed)[:200]}` is no target", "write an ssh_config alias, a name, user@host, user@host:port or user@[2001:db8::1]:22"
    )
