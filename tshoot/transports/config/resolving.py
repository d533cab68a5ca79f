"""The operator's ssh_config, as OpenSSH reads it, to the settings of one host; and the names it knows.

paramiko's reader does not follow `Include` (whose lines belong to the block they stand in), so this is our own: lines, options, match,
reading, tokens. What was typed wins, then the inventory, then the file. What would lead elsewhere and paramiko cannot follow is told
in `beyond_paramiko`, never ignored. Source: ssh_config(5).
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from itertools import count, islice
from pathlib import Path
from typing import Any

from tshoot.errors import UsageError
from tshoot.transports.address import Address, parse_jump
from tshoot.transports.config.host_settings import METHODS, HostSettings
from tshoot.transports.config.lines import Line, read_lines
from tshoot.transports.config.reading import Reading, canonical, included
from tshoot.transports.config.tokens import environment, file_name, local_user, percent, percent_for_shell, tokens

_MOST_NAMES = 10_000
_MOST_FILES = 500
_SYSTEM = Path("/etc/ssh/ssh_config")
_NO_PLACES: Mapping[str, Address] = {}


def resolve(address: Address, config: Path | None, places: Mapping[str, Address] = _NO_PLACES) -> HostSettings:
    """Look `address` up in the file `config` (which may be absent) and, where that is the user's own, in the system's.

    UsageError where the file is wrong; NeedsOpenSsh or TargetError "unreachable" where a `Match` cannot be judged.
    """
    place = places.get(address.host)
    reading = Reading(address.host, _given(address, place))
    reading.read(_files(config))
    values = reading.values
    host = canonical(reading.host())
    port, user = values.get("port", 22), values.get("user") or local_user()
    jumps, proxy = values.get("proxyjump", ()), values.get("proxycommand", "none")
    alias = values.get("hostkeyalias")
    known = tokens(address.host, host, port, user, alias or "", parse_jump(jumps[-1]).host if jumps else "")
    command = "" if proxy.lower() == "none" else percent_for_shell(proxy, known, reading.where("proxycommand"))
    alive = values.get("serveraliveinterval")
    return HostSettings(
        typed=address.host,
        host=host,
        port=port,
        user=user,
        identity_files=_paths(values["identityfile"], known, reading.where("identityfile")) if "identityfile" in values else None,
        identities_only=values.get("identitiesonly", False),
        identity_agent=_agent(values.get("identityagent"), known, reading.where("identityagent")),
        certificate_files=_paths(values.get("certificatefile", ()), known, reading.where("certificatefile")),
        known_hosts=_paths(values["userknownhostsfile"], known, reading.where("userknownhostsfile")) if "userknownhostsfile" in values else None,
        global_known_hosts=None if "globalknownhostsfile" not in values else _plain_paths(values["globalknownhostsfile"]),
        host_key_alias=alias,
        strict_host_key_checking=values.get("stricthostkeychecking", "ask"),
        hash_known_hosts=values.get("hashknownhosts", False),
        host_key_algorithms=values.get("hostkeyalgorithms", ""),
        kex_algorithms=values.get("kexalgorithms", ""),
        ciphers=values.get("ciphers", ""),
        macs=values.get("macs", ""),
        methods=_methods(values),
        gssapi=values.get("gssapiauthentication", False),
        connect_timeout=float(values["connecttimeout"]) if values.get("connecttimeout") else None,
        server_alive_interval=alive or 0,
        server_alive_count_max=values.get("serveralivecountmax", 3),
        address_family=values.get("addressfamily", "any"),
        bind_address=values.get("bindaddress", ""),
        proxy_jump=jumps,
        proxy_command=command,
        beyond_paramiko=tuple(_beyond(values)),
        applied=tuple(reading.applied),
    )


def _given(address: Address, place: Address | None) -> dict[str, Any]:
    """What stands before the first line is read."""
    given: dict[str, Any] = {}
    if place is not None and place.host != address.host:
        given["hostname"] = place.host.replace("%", "%%")
    for name, typed, listed in (
        ("user", address.user, place.user if place else None),
        ("port", address.port, place.port if place else None),
    ):
        if typed or listed:
            given[name] = typed or listed
    return given


def _files(config: Path | None) -> list[tuple[Path, bool]]:
    """With a file of its own (`ssh -F`) OpenSSH reads no other, and trusts whoever named it."""
    if config is None:
        return []
    own = config == Path("~/.ssh/config").expanduser()
    return [(file, private) for file, private in ((config, own), (_SYSTEM, False)) if file.is_file() and (own or file is config)]


def _paths(names: list[str] | tuple[str, ...], known: Mapping[str, str], what: str) -> tuple[Path, ...]:
    return tuple(file_name(name, known, what) for name in names if name.lower() != "none")


def _plain_paths(names: tuple[str, ...]) -> tuple[Path, ...]:
    return tuple(Path(name).expanduser() for name in names if name.lower() != "none")


def _agent(value: str | None, known: Mapping[str, str], what: str) -> str | None:
    """None: the agent of SSH_AUTH_SOCK."""
    if value is None or value == "SSH_AUTH_SOCK":
        return None
    if value.lower() == "none":
        return "none"
    if value.startswith("$") and not value.startswith("${"):
        return os.environ.get(value[1:], "none")
    return str(Path(environment(percent(value, known, what), what)).expanduser())


def _methods(values: Mapping[str, Any]) -> tuple[str, ...]:
    """The logins that are allowed, in the order of PreferredAuthentications (whose default is that of METHODS)."""
    off = {
        "publickey": values.get("pubkeyauthentication", "yes") == "no",
        "keyboard-interactive": not values.get("kbdinteractiveauthentication", True),
        "password": not values.get("passwordauthentication", True),
    }
    listed = [name for name in values.get("preferredauthentications", ",".join(METHODS)).split(",") if name in METHODS]
    return tuple(name for name in dict.fromkeys(listed) if not off[name])


def _beyond(values: Mapping[str, Any]) -> Iterator[str]:
    """Why paramiko cannot go this way."""
    if not _methods(values):
        gssapi = values.get("gssapiauthentication", False) and "gssapi" in values.get("preferredauthentications", "gssapi-with-mic")
        yield "the ssh_config leaves GSSAPI as the only login" if gssapi else "the ssh_config leaves no login that tshoot knows"
    for name, words, quiet in (
        ("proxyusefdpass", "ProxyUseFdpass, whose program hands over a connected socket", (False,)),
        ("pkcs11provider", "PKCS11Provider, keys on a smart card", ("none",)),
        ("bindinterface", "BindInterface, a certain interface of this machine", ()),
        ("knownhostscommand", "KnownHostsCommand, a program that knows the host keys", ("none",)),
        ("revokedhostkeys", "RevokedHostKeys, a list of keys that must not be trusted", ("none",)),
        ("canonicalizehostname", "CanonicalizeHostname, which may make another name of the host", ("no",)),
    ):
        value = values.get(name, quiet[0] if quiet else "none")
        if value not in quiet and value != "none":
            yield f"the ssh_config sets {words}"


# --- the names that it knows ----------------------------------------------------------------------------


def named_hosts(config: Path | None) -> tuple[str, ...]:
    """Every name that a `Host` line of the file, or of what it includes, gives without wildcards. UsageError where a file cannot be read."""
    return tuple(islice(dict.fromkeys(_named(config, (), config.parent, count(1))), _MOST_NAMES)) if config is not None and config.is_file() else ()


def _named(file: Path, trail: tuple[Path, ...], base: Path, files: Iterator[int]) -> Iterator[str]:
    real = file.resolve()
    if real in trail or len(trail) >= 16 or next(files) > _MOST_FILES:
        return
    for line in read_lines(file, private=False):
        if line.keyword == "host":
            yield from (name for name in _words(line) if name and not name.startswith("!") and not set(name) & set("*?"))
        elif line.keyword == "include" and _words(line):
            for found in islice(included(line, base), _MOST_FILES):
                yield from _named(found, (*trail, real), base, files)


def _words(line: Line) -> list[str]:
    try:
        return line.words()
    except UsageError:
        return []
