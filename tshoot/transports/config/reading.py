"""An ssh_config read for one host: the first value wins, `Include` is followed, blocks apply or not (readconf.c).

As OpenSSH does, the lines of blocks that do not apply are checked, too, and a `Match final` leads to a second reading in which
blocks are matched by the name that the first one found.
"""

from __future__ import annotations

import socket
from collections.abc import Iterator
from glob import iglob
from itertools import islice
from pathlib import Path
from typing import Any

from tshoot.errors import UsageError
from tshoot.transports.config.host_settings import Applied
from tshoot.transports.config.lines import Line, read_lines
from tshoot.transports.config.match import Subject, judge
from tshoot.transports.config.options import ADDED_UP, option_name, read_value
from tshoot.transports.config.patterns import fits
from tshoot.transports.config.tokens import local_user, percent, tokens

_MAX_DEPTH = 16  # as OpenSSH's
_MOST_FILES = 500  # in all: sixteen levels of `Include *` would read for ever
_PROXIES = ("proxycommand", "proxyjump")


class Reading:
    """`values` by option; those that are there already (typed, or of an inventory) win."""

    def __init__(self, typed: str, values: dict[str, Any]) -> None:
        self.typed, self.values = typed, values
        self.applied: list[Applied] = []
        self.wants_final = False
        self._final_host: str | None = None
        self._files = 0

    def read(self, files: list[tuple[Path, bool]]) -> None:
        """(file, whether it must be private) one after the other; again where a line asks for it."""
        for file, private in files:
            self._file(file, file.parent, private, may_match=True, trail=())
        if self.wants_final:
            self._final_host = self.values["hostname"] = canonical(self.host()).replace("%", "%%")
            for file, private in files:
                self._file(file, file.parent, private, may_match=True, trail=())

    def host(self) -> str:
        """What HostName makes of the typed host, as far as it is read."""
        name = self.values.get("hostname")
        return self.typed if name is None else percent(name, {"h": self.typed, "%": "%"}, self.where("hostname"))

    def where(self, option: str) -> str:
        """`file:line: option`, for messages about its value."""
        return f"{next((one.place for one in self.applied if one.option == option), 'ssh_config')}: {option}"

    def tokens(self) -> dict[str, str]:
        alias = self.values.get("hostkeyalias") or self.host()
        return tokens(self.typed, self.host(), self.values.get("port", 22), self._user, alias)

    @property
    def _user(self) -> str:
        return str(self.values.get("user") or local_user())

    @property
    def _proxied(self) -> bool:
        """Of ProxyCommand and ProxyJump the first wins, be it `none`; but `ProxyJump none` lets a ProxyCommand pass."""
        return "proxycommand" in self.values or bool(self.values.get("proxyjump"))

    def _file(self, file: Path, base: Path, private: bool, may_match: bool, trail: tuple[Path, ...]) -> None:
        real = file.resolve()
        if real in trail or len(trail) >= _MAX_DEPTH:
            return
        self._files += 1
        if self._files > _MOST_FILES:
            raise UsageError(f"{file}: the ssh_config includes more than {_MOST_FILES} files", "is an Include too wide?")
        active = may_match
        for line in read_lines(file, private):
            if line.keyword == "host":
                active = self._host(line) and may_match
            elif line.keyword == "match":
                active = may_match and self._match(line)
            elif line.keyword == "include":
                for found in included(line, base):
                    self._file(found, base, True, active, (*trail, real))
            elif option_name(line):
                self._option(line, active)

    def _host(self, line: Line) -> bool:
        words = line.words()
        if not words or "" in words:
            raise line.wrong("names no pattern")
        host = self.host() if self._final_host else self.typed
        found = False
        for word in words:
            if fits(host, word.removeprefix("!")):
                if word.startswith("!"):
                    return False
                found = True
        return found

    def _match(self, line: Line) -> bool:
        final = self._final_host is not None
        judged = judge(line, Subject(self.typed, self.host(), self._user, self.values.get("tag", ""), final, self.tokens()))
        self.wants_final = self.wants_final or judged.wants_final
        return judged.holds

    def _option(self, line: Line, active: bool) -> None:
        value, name = read_value(line), option_name(line)
        if not active or value is None:  # to OpenSSH a time of `none` is one that is not set
            return
        if name in ADDED_UP:
            before = self.values.setdefault(name, [])
            if value in before:
                return
            before.append(value)
        elif name in self.values or (name in _PROXIES and self._proxied):
            return
        else:
            self.values[name] = value
        self.applied.append(Applied(line.place, line.keyword, line.rest))


def included(line: Line, base: Path) -> Iterator[Path]:
    """The files that an `Include` names. A relative name starts at `base`, the folder of the first file, however deep it stands."""
    words = line.words()
    if not words or "" in words:
        raise line.wrong("names no file")
    for word in words:
        path = Path(word).expanduser()
        found = islice(iglob(str(path if path.is_absolute() else base / path)), _MOST_FILES)  # noqa: PTH207 - pathlib's `**` would walk all disks
        yield from (Path(name) for name in sorted(found) if Path(name).is_file())


def canonical(host: str) -> str:
    """Names in lower case, addresses in their shortest form."""
    try:
        found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM, flags=socket.AI_NUMERICHOST)
        return socket.getnameinfo(found[0][4], socket.NI_NUMERICHOST | socket.NI_NUMERICSERV)[0]
    except (OSError, UnicodeError, IndexError):
        return host.lower()
