"""The options of ssh_config that are read here: how their values are written, and what is not read although it leads elsewhere.

All others concern what tshoot does not do (forwarding, tunnels, the user's terminal) and are passed over, as are words that
only newer clients know. Source: ssh_config(5), readconf.c. Values: text, numbers, tuples of words.
"""

from __future__ import annotations

import re
import socket
from collections.abc import Callable
from typing import Any

from tshoot.errors import UsageError
from tshoot.transports.address import parse_jump
from tshoot.transports.config.lines import Line

_SECONDS = {"": 1, "s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800}
_TIME = re.compile(r"(?:\d{1,9}[smhdw]?)+", re.IGNORECASE | re.ASCII)
_YES, _NO = ("yes", "true"), ("no", "false")
_ALIASES = {
    "challengeresponseauthentication": "kbdinteractiveauthentication",
    "skeyauthentication": "kbdinteractiveauthentication",
    "tisauthentication": "kbdinteractiveauthentication",
    "keyboardinteractiveauthentication": "kbdinteractiveauthentication",
    "dsaauthentication": "pubkeyauthentication",
    "smartcarddevice": "pkcs11provider",
}
ADDED_UP = ("identityfile", "certificatefile")  # every value counts, not the first alone


def option_name(line: Line) -> str:
    """The name under which the value of `line` is kept; "" for an option that is not read."""
    name = _ALIASES.get(line.keyword, line.keyword)
    return name if name in _READERS else ""


def read_value(line: Line) -> Any:
    """UsageError where OpenSSH would not take the line either."""
    if not line.rest:
        raise line.wrong("has no value")
    return _READERS[option_name(line)](line)


# --- how values are written ---------------------------------------------------------------------------


def _one(line: Line) -> str:
    words = line.words()
    if not words or not words[0]:
        raise line.wrong("has no value")
    if len(words) > 1:
        raise line.wrong("has more than one value")
    return words[0]


def _list(line: Line) -> tuple[str, ...]:
    words = line.words()
    if not words or "" in words:
        raise line.wrong("has no value")
    if len(words) > 1 and any(word.lower() == "none" for word in words):
        raise line.wrong("combines `none` with other values")
    return tuple(words)


def _flag(line: Line) -> bool:
    word = _one(line).lower()
    if word not in _YES + _NO:
        raise line.wrong("is neither yes nor no")
    return word in _YES


def _word_of(**spelt: tuple[str, ...]) -> Callable[[Line], str]:
    """One of some words, each with its spellings."""

    def read(line: Line) -> str:
        word = _one(line).lower()
        for meaning, spellings in spelt.items():
            if word in spellings:
                return meaning.replace("_", "-")
        raise line.wrong(f"is none of {', '.join(sorted(spelling for spellings in spelt.values() for spelling in spellings))}")

    return read


def _port(line: Line) -> int:
    word = _one(line)
    if word.isascii() and word.isdigit():
        number = int(word[:9])
    else:
        try:
            number = socket.getservbyname(word, "tcp")
        except (OSError, ValueError, UnicodeError):
            number = 0
    if not 0 < number < 65536:
        raise line.wrong("is no number from 1 to 65535")
    return number


def _count(line: Line) -> int:
    word = _one(line)
    if not word.isascii() or not word.isdigit() or int(word[:10]) >= 1 << 31 or len(word) > 10:
        raise line.wrong("is no number")
    return int(word)


def _seconds(line: Line) -> int | None:
    """None for `none`."""
    word = _one(line)
    if word.lower() == "none":
        return None
    if not _TIME.fullmatch(word):
        raise line.wrong("is no number of seconds")
    total = sum(int(number) * _SECONDS[unit.lower()] for number, unit in re.findall(r"(\d+)([a-zA-Z]?)", word))
    if total >= 1 << 31:
        raise line.wrong("is no number of seconds")
    return total


def _command(line: Line) -> str:
    """The rest of the line as it stands, with quotes and `#`."""
    text = line.rest.lstrip(" \t=")
    if not text:
        raise line.wrong("has no value")
    return text


def _jumps(line: Line) -> tuple[str, ...]:
    """() for `none`."""
    first = line.rest.lstrip(" \t=").partition("#")[0].split()[:1]
    hops = tuple(first[0].split(",")) if first else ()
    if hops[:1] and hops[0].lower() == "none" and len(hops) == 1:
        return ()
    try:
        for hop in hops:
            parse_jump(hop)
    except UsageError as error:
        raise line.wrong(f"names no jump host: {error.message}") from None
    if not hops:
        raise line.wrong("has no value")
    return hops


def _rest(line: Line) -> str:
    return line.rest


_READERS: dict[str, Callable[[Line], Any]] = {
    "hostname": _one,
    "port": _port,
    "user": _one,
    "tag": _one,
    "proxycommand": _command,
    "proxyjump": _jumps,
    "identityfile": _one,
    "identitiesonly": _flag,
    "identityagent": _one,
    "certificatefile": _one,
    "userknownhostsfile": _list,
    "globalknownhostsfile": _list,
    "hostkeyalias": _one,
    "hashknownhosts": _flag,
    "stricthostkeychecking": _word_of(yes=_YES, no=(*_NO, "off"), ask=("ask",), accept_new=("accept-new",)),
    "hostkeyalgorithms": _one,
    "kexalgorithms": _one,
    "ciphers": _one,
    "macs": _one,
    "connecttimeout": _seconds,
    "serveraliveinterval": _seconds,
    "serveralivecountmax": _count,
    "addressfamily": _word_of(any=("any",), inet=("inet",), inet6=("inet6",)),
    "bindaddress": _one,
    "preferredauthentications": _one,
    "pubkeyauthentication": _word_of(yes=_YES, no=_NO, unbound=("unbound",), host_bound=("host-bound",)),
    "passwordauthentication": _flag,
    "kbdinteractiveauthentication": _flag,
    "gssapiauthentication": _flag,
    # not followed, but they lead elsewhere, or know the host by other means:
    "proxyusefdpass": _flag,
    "pkcs11provider": _one,
    "bindinterface": _one,
    "knownhostscommand": _rest,
    "revokedhostkeys": _one,
    "canonicalizehostname": _word_of(yes=_YES, no=_NO, always=("always",)),
}
