"""The places of a pattern: what each takes for a value, told by one word.

Every value that stands here may end in a shell or at a device's command line, quoted. So each place is a closed alphabet, none takes a word
that begins with `-`, and what people are told of it (`says`) is what it takes.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable
from typing import NamedTuple

_FORBIDDEN = frozenset("'\"`$\\;&|<>*?!{}")


def _address(word: str) -> bool:
    """An address; its zone, which may be anything as far as ipaddress knows, is an interface."""
    address, percent, zone = word.partition("%")
    try:
        ipaddress.ip_address(address)
    except ValueError:
        return False
    return not percent or (":" in address and _ZONE(zone))


def _prefix(word: str) -> bool:
    """A network with its length: 192.0.2.0/24, 2001:db8::/32."""
    try:
        ipaddress.ip_interface(word)
    except ValueError:
        return False
    return "/" in word and "%" not in word and word.rpartition("/")[2].isdecimal()


def _matching(expression: str) -> Callable[[str], bool]:
    compiled = re.compile(expression, re.ASCII)
    return lambda word: compiled.fullmatch(word) is not None


_ZONE = _matching(r"[A-Za-z0-9][A-Za-z0-9._-]{0,31}")


def _host(word: str) -> bool:
    return _address(word) or _matching(r"[A-Za-z0-9][A-Za-z0-9._-]{0,252}")(word)


def _path(word: str) -> bool:
    """Spaces, brackets and letters of any script are names of folders; what some shell acts on, even though it stands quoted, is not."""
    return word.startswith("/") and ".." not in word.split("/") and not word.startswith("//") and _FORBIDDEN.isdisjoint(word)


def _between(expression: str, low: float, high: float) -> Callable[[str], bool]:
    digits = _matching(expression)
    return lambda word: digits(word) and low <= float(word) <= high


class Slot(NamedTuple):
    """What may stand in a place of a pattern: `fits` judges one word, `says` is for people."""

    fits: Callable[[str], bool]
    says: str

    def __call__(self, word: str) -> bool:
        return self.fits(word)


SLOTS: dict[str, Slot] = {
    "ip": Slot(_address, "an IPv4 or IPv6 address, with a zone where it has one"),
    "host": Slot(_host, "an address, or a name of 1 to 253 letters, digits and . _ -"),
    "interface": Slot(_matching(r"[A-Za-z0-9][A-Za-z0-9._:@-]{0,31}"), "1 to 32 letters, digits and . _ : @ -"),
    "port": Slot(_between(r"[0-9]{1,5}", 1, 65535), "1 to 65535"),
    "integer": Slot(_matching(r"[0-9]{1,9}"), "0 to 999999999"),
    "number": Slot(_matching(r"[0-9]{1,9}(?:\.[0-9]{1,9})?"), "0 to 999999999, with decimals"),
    # a command that was given up may go on on its host: shorter intervals would be a flood, longer ones and larger counts would not end
    "interval": Slot(_between(r"[0-9]{1,2}(?:\.[0-9]{1,3})?", 0.1, 10), "0.1 to 10 seconds"),
    "count": Slot(_between(r"[0-9]{1,3}", 1, 100), "1 to 100"),
    "bytes": Slot(_between(r"[0-9]{1,5}", 0, 65507), "0 to 65507"),
    "path": Slot(_path, "an absolute path without .. and without quotes, $ ` \\ ; & | < > * ? ! { }"),
    "word": Slot(_matching(r"[A-Za-z0-9_][A-Za-z0-9_.:@+-]{0,127}"), "1 to 128 letters, digits and _ . : @ + -"),
    "name": Slot(_matching(r"[A-Za-z0-9_][A-Za-z0-9_.:@+() /-]{0,127}"), "1 to 128 letters, digits, blanks and _ . : @ + ( ) / -"),
    "prefix": Slot(_prefix, "a network with its length"),
    # GigabitEthernet0/0/1.100, Po10, vlan100
    "port_name": Slot(_matching(r"[A-Za-z][A-Za-z-]{0,30}[0-9](?:[0-9/.:]{0,30}[0-9])?"), "letters, then a number such as 0/0/1.100"),
    "mac": Slot(_matching(r"(?:[0-9A-Fa-f]{4}\.){2}[0-9A-Fa-f]{4}|(?:[0-9A-Fa-f]{2}[:-]){5}[0-9A-Fa-f]{2}"), "a MAC address"),
    "filter": Slot(_matching(r"[A-Za-z0-9(!][A-Za-z0-9 ().:/<>=!&|+*\[\]_-]{0,1023}"), "a capture filter, one word of at most 1024 characters"),
}
