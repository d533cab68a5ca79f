"""The operator's ssh_config, as OpenSSH reads it: the first value wins, `Include` is followed, IdentityFile adds up.

paramiko's reader does not follow `Include` (whose lines belong to the block they stand in), so this is our own.
What would lead to another device than OpenSSH's client reaches (ProxyJump, ProxyCommand, Match exec) is refused
in words instead of ignored. Source: ssh_config(5).
"""

from __future__ import annotations

import getpass
import re
import shlex
import socket
from collections.abc import Iterator
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from glob import glob
from itertools import islice
from pathlib import Path

from tshoot.errors import TargetError, UsageError
from tshoot.transports.address import Address

_MAX_DEPTH = 16  # as OpenSSH's
_MOST_NAMES = 10_000
_LINE = re.compile(r"(\w+)(?:\s*=\s*|\s+)(.*)")
_NOT_YET = "connect with another host, or forward a local port to it (`ssh -L 2222:HOST:22 JUMP`) and name 127.0.0.1:2222 as the target"
_MATCH_NOW = {"host", "originalhost", "user", "localuser"}


@dataclass(frozen=True, slots=True)
class HostSettings:
    """What ssh_config and the typed address say together."""

    typed: str
    host: str
    port: int
    user: str
    identity_files: tuple[Path, ...] = ()
    identities_only: bool = False
    known_hosts: tuple[Path, ...] | None = None
    host_key_alias: str | None = None
    connect_timeout: float | None = None

    @property
    def place(self) -> str:
        """The host as messages name it."""
        return f"{self.typed} ({self.host} port {self.port})"


@dataclass
class _Reading:
    alias: str
    user: str | None
    values: dict[str, str] = field(default_factory=dict)
    identities: list[str] = field(default_factory=list)


def resolve(address: Address, config: Path | None) -> HostSettings:
    """Look `address` up in the file `config` (which may be absent). TargetError "unreachable" where the way there is not supported."""
    reading = _Reading(address.host, address.user)
    if config is not None and config.is_file():
        _read(config, reading, active=True, trail=(), base=config.parent)
    values = reading.values
    for option in ("proxycommand", "proxyjump"):
        if values.get(option, "none").lower() != "none":
            raise _refuse(address.host, f"ssh_config sets {option} for it ({values[option]}), which tshoot does not support yet")
    user = address.user or values.get("user") or getpass.getuser()
    port = address.port or _number(values.get("port", "22"), "Port", 65535)
    tokens = {"%": "%", "h": address.host, "n": address.host, "p": str(port), "r": user, "d": str(Path.home()), "u": getpass.getuser()}
    host = _expand(values.get("hostname", address.host), tokens)
    tokens |= {"h": host, "L": socket.gethostname().partition(".")[0], "l": socket.gethostname()}
    known = values.get("userknownhostsfile")
    timeout = values.get("connecttimeout")
    return HostSettings(
        typed=address.host,
        host=host,
        port=port,
        user=user,
        identity_files=tuple(_path(name, tokens) for name in reading.identities if name.lower() != "none"),
        identities_only=values.get("identitiesonly", "no").lower() in ("yes", "true"),
        known_hosts=None if known is None else tuple(_path(name, tokens) for name in _words(known) if name.lower() != "none"),
        host_key_alias=values.get("hostkeyalias"),
        connect_timeout=None if timeout in (None, "none", "0") else float(_number(timeout or "", "ConnectTimeout", 86400)),
    )


def named_hosts(config: Path | None) -> tuple[str, ...]:
    """Every name that a `Host` line of the file, or of what it includes, gives without wildcards. UsageError where a file cannot be read."""
    return tuple(islice(dict.fromkeys(_named(config, (), config.parent)), _MOST_NAMES)) if config is not None and config.is_file() else ()


def _named(file: Path, trail: tuple[Path, ...], base: Path) -> Iterator[str]:
    real = file.resolve()
    if real in trail or len(trail) >= _MAX_DEPTH:
        return
    for option, value in _lines(file):
        if option == "host":
            yield from (name for name in _words(value) if not name.startswith("!") and not set(name) & set("*?"))
        elif option == "include":
            for found in _included(value, base):
                yield from _named(found, (*trail, real), base)


def _read(file: Path, reading: _Reading, active: bool, trail: tuple[Path, ...], base: Path) -> None:
    """Read `file` within a block that is `active` or not; `base` is what relative Includes start from."""
    real = file.resolve()
    if real in trail or len(trail) >= _MAX_DEPTH:
        return
    within = active
    for option, value in _lines(file):
        if option == "host":
            active = within and _patterns_match(_words(value), reading.alias)
        elif option == "match":
            active = within and _match(value, reading)
        elif not active:
            continue
        elif option == "include":
            for found in _included(value, base):
                _read(found, reading, active, (*trail, real), base)
        elif option == "identityfile":
            reading.identities.extend(name for name in _words(value)[:1] if name not in reading.identities)
        else:
            one = value if option in ("proxycommand", "userknownhostsfile") else (_words(value) or [""])[0]
            reading.values.setdefault(option, one)


def _lines(file: Path) -> Iterator[tuple[str, str]]:
    try:
        text = file.read_text(encoding="utf-8", errors="replace")
    except OSError as error:
        raise UsageError(f"{file}: cannot be read: {error.strerror}", "check its permissions, or name another ssh_config") from error
    for raw in text.splitlines():
        line = raw.strip()
        found = _LINE.fullmatch(line)
        if found and not line.startswith("#"):
            yield found[1].lower(), found[2].strip()


def _included(value: str, base: Path) -> Iterator[Path]:
    for name in _words(value):
        path = Path(name).expanduser()
        pattern = str(path if path.is_absolute() else base / path)
        yield from (Path(found) for found in sorted(glob(pattern)) if Path(found).is_file())  # noqa: PTH207 - pathlib's `**` would walk all disks


def _match(value: str, reading: _Reading) -> bool:
    """The criteria of one `Match` line. OpenSSH's `final` and `canonical` ask for a second pass that never matches in the first."""
    words = iter(_words(value))
    matches = True
    for word in words:
        negated, name = word.startswith("!"), word.lstrip("!").lower()
        if name in ("all", "final", "canonical"):
            holds = name == "all"
        elif name in _MATCH_NOW:
            holds = _patterns_match((next(words, "")).split(","), _subject(name, reading))
        elif matches:  # a criterion that we cannot judge decides: say so rather than connect wrongly
            raise _refuse(reading.alias, f"ssh_config has `Match {value}`, whose `{name}` tshoot does not support yet")
        else:
            return False
        matches = matches and holds != negated
    return matches


def _subject(name: str, reading: _Reading) -> str:
    if name == "host":
        return reading.values.get("hostname", reading.alias)
    if name == "user":
        return reading.user or reading.values.get("user") or getpass.getuser()
    return reading.alias if name == "originalhost" else getpass.getuser()


def _patterns_match(patterns: list[str], text: str) -> bool:
    """A pattern list: one must match, and none of those after `!`. Only * and ? are special."""
    plain = [pattern.replace("[", "[[]") for pattern in patterns]
    if any(fnmatchcase(text, pattern[1:]) for pattern in plain if pattern.startswith("!")):
        return False
    return any(fnmatchcase(text, pattern) for pattern in plain if not pattern.startswith("!"))


def _words(value: str) -> list[str]:
    try:
        return shlex.split(value, comments=True)
    except ValueError:
        return value.split()


def _expand(text: str, tokens: dict[str, str]) -> str:
    return re.sub(r"%(.)", lambda found: tokens.get(found[1], found[0]), text)


def _path(name: str, tokens: dict[str, str]) -> Path:
    from os.path import expandvars

    return Path(expandvars(_expand(name, tokens))).expanduser()


def _number(text: str, option: str, most: int) -> int:
    if not text.isascii() or not text.isdigit() or not 0 < int(text[:9]) <= most:
        raise UsageError(f"ssh_config: {option} is `{text[:40]}`, which is no number from 1 to {most}", "correct the ssh_config")
    return int(text[:9])


def _refuse(host: str, why: str) -> TargetError:
    return TargetError("unreachable", f"{host}: {why}", _NOT_YET)
