"""Names, groups, addresses, users and ports of an inventory: hostile text until it has passed here.

A name must be one that can be typed as a target and that means nothing else: no blank, no control character, no `@`, `/`, `:` or
`,`, nothing that begins like an option. What does not fit is refused in words (ValueError); it is shown cleaned and cut.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from functools import lru_cache

from tshoot.errors import UsageError
from tshoot.model.text import clean_line
from tshoot.transports.address import Address, parse_address

_LONGEST = 253  # RFC 1035: a domain name
_NAME = re.compile(r"\w[\w.+-]*")
_GROUP = re.compile(r"\w[\w.:+-]*")
_HOST = re.compile(r"\w[\w.-]*")
_USER = re.compile(r"\w[\w.+-]*(?:\\[\w.+-]+)?")  # also DOMAIN\user
_PLAIN = re.compile(r"[A-Za-z0-9][A-Za-z0-9.-]{0,252}", re.ASCII)


def shown(text: object) -> str:
    """A text of a source for a message, between backticks, at most 60 characters of it."""
    cleaned = clean_line(str(text)[:1000])
    return f"`{cleaned[:60]}{'…' if len(cleaned) > 60 or len(str(text)) > 1000 else ''}`"


def checked_name(text: object) -> str:
    return _fitting(text, _NAME, "is no name of a target: letters, digits and . _ + - without blanks, not beginning with -")


@lru_cache(maxsize=4096)  # thousands of targets share a few
def checked_group(text: str) -> str:
    return _fitting(text, _GROUP, "is no name of a group or tag: letters, digits and . : _ + - without blanks")


def as_group(text: object, kind: str = "") -> str:
    """A free text such as a role's as the name of a group, `kind:text`: blanks and slashes become `-`. ValueError where nothing is left."""
    words = re.sub(r"[\s/\\,;()\[\]&'\"]+", "-", clean_line(str(text)[: 2 * _LONGEST])).strip("-").lower()
    return checked_group(f"{kind}:{words}" if kind else words) if words else checked_group("")


def _fitting(text: object, form: re.Pattern[str], why: str) -> str:
    if not isinstance(text, str) or not 0 < len(text) <= _LONGEST or not form.fullmatch(text) or (not text.isascii() and clean_line(text) != text):
        raise ValueError(f"{shown(text)} {why}")
    return text


def checked_host(text: object) -> str:
    """An address or host name without user and port."""
    address = checked_address(text)
    if address.user is not None or address.port is not None:
        raise ValueError(f"{shown(text)} is no address alone")
    return address.host


def checked_address(text: object) -> Address:
    """An address as a target is typed: `host`, `user@host:port`, `[2001:db8::1]:22`."""
    if isinstance(text, str) and _PLAIN.fullmatch(text):
        return Address(text)  # most, at once
    if not isinstance(text, str) or len(text) > 2 * _LONGEST:
        raise ValueError(f"{shown(text)} is no address")
    try:
        address = parse_address(text)
    except UsageError as error:
        raise ValueError(error.message.replace("is no target", "is no address")) from error
    if not (":" in address.host or _HOST.fullmatch(address.host)):
        raise ValueError(f"{shown(text)} is no address")
    return address if address.user is None else Address(address.host, checked_user(address.user), address.port)


@lru_cache(maxsize=4096)
def checked_user(text: str) -> str:
    """A user to log in as; one with a password in it is refused."""
    if not isinstance(text, str) or len(text) > _LONGEST or not _USER.fullmatch(text):
        raise ValueError(f"{shown(text) if ':' not in str(text) else 'this'} is no user")
    return text


def checked_port(value: object) -> int:
    text = str(value)
    if isinstance(value, bool) or not re.fullmatch(r"[0-9]{1,5}", text, re.ASCII) or not 0 < int(text) < 65536:
        raise ValueError(f"{shown(text)} is no port from 1 to 65535")
    return int(text)


def members_below(group: str, members: Mapping[str, Iterable[str]], groups: Mapping[str, Iterable[str]]) -> dict[str, None]:
    """The members of a group and of the groups in it, in their order; each group is looked at once, also where they hold each other."""
    found: dict[str, None] = {}
    waiting, seen = [group], {group}
    for one in waiting:  # which grows
        found |= dict.fromkeys(members.get(one, ()))
        fresh = [inner for inner in groups.get(one, ()) if inner not in seen]
        seen |= set(fresh)
        waiting += fresh
    return found
