"""The types of inputs: what each accepts, checked before anything is sent anywhere.

Values end up in commands, shell-quoted; the type is the first guard, the quoting the second.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable, Mapping

from tshoot.playbook.tree import InputSpec, InputType


class InputError(ValueError):
    """Says what was expected and what was given."""


_ZONE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,31}", re.ASCII)


def _ip(text: str) -> str:
    """The zone of an IPv6 address may be anything as far as ipaddress knows; here it is the name of an interface."""
    _, percent, zone = text.partition("%")
    if percent and not _ZONE.fullmatch(zone):
        raise ValueError(text)
    return str(ipaddress.ip_address(text))


def _prefix(text: str) -> str:
    if "/" not in text:
        raise ValueError(text)
    return str(ipaddress.ip_network(text, strict=False))


def _matching(pattern: str) -> Callable[[str], str]:
    compiled = re.compile(pattern)

    def check(text: str) -> str:
        if not compiled.fullmatch(text):
            raise ValueError(text)
        return text

    return check


def _printable(pattern: str) -> Callable[[str], str]:
    """No control characters, line ends of any script, blanks other than the space, or marks that turn text around."""
    matching = _matching(pattern)

    def check(text: str) -> str:
        if not text.isprintable():
            raise ValueError(text)
        return matching(text)

    return check


def _host(text: str) -> str:
    try:
        return _ip(text)
    except ValueError:
        return _matching(r"(?=.{1,253}$)[A-Za-z0-9](?:[A-Za-z0-9_-]*[A-Za-z0-9])?(?:\.[A-Za-z0-9](?:[A-Za-z0-9_-]*[A-Za-z0-9])?)*\.?")(text)


def _integer(text: str) -> int:
    if not re.fullmatch(r"-?[0-9]{1,12}", text):
        raise ValueError(text)
    return int(text)


def _port(text: str) -> int:
    if not 1 <= _integer(text) <= 65535:
        raise ValueError(text)
    return int(text)


_TYPES: Mapping[InputType, tuple[str, Callable[[str], str | int], str]] = {
    "ip": ("an IPv4 or IPv6 address", _ip, "192.0.2.10"),
    "host": ("a host name or address", _host, "nas.example.net"),
    "interface": ("an interface name such as vmk0", _matching(r"[A-Za-z0-9][A-Za-z0-9_.:/@-]{0,63}"), "vmk0"),
    "path": ("an absolute path such as /vol/ds1", _printable(r"/.{0,1000}"), "/vol/ds1"),
    "port": ("a port, 1 to 65535", _port, "2049"),
    "prefix": ("a network with its length", _prefix, "192.0.2.0/24"),
    "integer": ("a whole number", _integer, "10"),
    "text": ("up to 500 printable characters", _printable(r".{1,500}"), "text"),
}


def validated(spec: InputSpec, text: str) -> str | int:
    """The value that `text` stands for; InputError says what was expected."""
    if spec.type == "choice":
        if text not in spec.choices:
            raise InputError(f"`{spec.name}` expects one of {', '.join(spec.choices)}, not `{text}`")
        return text
    expected, check, sample = _TYPES[spec.type]
    try:
        return check(text.strip())
    except ValueError:
        raise InputError(f"`{spec.name}` expects {expected} (e.g. {sample}), not `{text}`") from None


def example(spec: InputSpec) -> str:
    """A value of the type, for plans and for matching command patterns; of a path its default, as patterns may name a folder."""
    if spec.type == "path" and spec.default:
        return str(spec.default)
    return spec.choices[0] if spec.type == "choice" else _TYPES[spec.type][2]
