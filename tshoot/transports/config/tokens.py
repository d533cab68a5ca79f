"""The tokens of ssh_config(5) (`%h`, `%r`, …), environment variables and `~`, for the options that take them.

In what a shell will run (ProxyCommand, Match exec) a host or user name with a letter that a shell takes for its own is refused, as
OpenSSH does since 9.6: names come from inventories, too.
"""

from __future__ import annotations

import getpass
import hashlib
import os
import pwd
import re
import socket
from collections.abc import Mapping
from pathlib import Path

from tshoot.errors import UsageError
from tshoot.model.text import clean_line

_TOKEN = re.compile(r"%(.?)", re.DOTALL)
_VARIABLE = re.compile(r"\$\{([^}]*)\}")
_OF_A_SHELL = re.compile(r"^-|['`\"$;&<>|(){}\s\x00-\x1f\x7f]|\\\Z")
_NAMES = "hnrkj"  # tokens whose values are names from outside


def tokens(typed: str, host: str, port: int, user: str, alias: str = "", jump: str = "") -> dict[str, str]:
    """`typed` is the host as it was typed, `host` what HostName made of it, `jump` the last jump host."""
    here = socket.gethostname()
    digest = hashlib.sha1(f"{here}{host}{port}{user}{jump}".encode()).hexdigest()  # noqa: S324 - OpenSSH's %C, no protection
    return {
        "%": "%",
        "C": digest,
        "d": str(Path.home()),
        "h": host,
        "i": str(os.getuid()),
        "j": jump,
        "k": alias or typed,
        "L": here.partition(".")[0],
        "l": here,
        "n": typed,
        "p": str(port),
        "r": user,
        "u": local_user(),
    }


def local_user() -> str:
    """Who runs this, as ssh asks it: LOGNAME and USER may say otherwise, after `su` or in a container."""
    try:
        return pwd.getpwuid(os.getuid()).pw_name
    except KeyError:
        return getpass.getuser()


def percent(text: str, known: Mapping[str, str], what: str) -> str:
    """`text` with its tokens replaced. UsageError for one that there is not, naming `what` (`file:line: option`)."""

    def value(found: re.Match[str]) -> str:
        if found[1] not in known:
            raise UsageError(f"{what} has the unknown token `{clean_line(found[0])}`", "write %% for a percent sign")
        return known[found[1]]

    return _TOKEN.sub(value, text)


def percent_for_shell(text: str, known: Mapping[str, str], what: str) -> str:
    """`percent` for a line that a shell runs."""
    for token in {found[1] for found in _TOKEN.finditer(text)} & set(_NAMES):
        if _OF_A_SHELL.search(known.get(token, "")):
            shown = clean_line(known[token])[:100]
            raise UsageError(f"{what} would give `{shown}` to a shell as %{token}", "name the host and user without letters of a shell")
    return percent(text, known, what)


def environment(text: str, what: str) -> str:
    """`${NAME}` replaced. UsageError where it is not set, as OpenSSH ends there."""

    def value(found: re.Match[str]) -> str:
        if found[1] not in os.environ:
            raise UsageError(f"{what} names ${{{clean_line(found[1])[:60]}}}, which is not set", "set it, or write the path itself")
        return os.environ[found[1]]

    return _VARIABLE.sub(value, text)


def file_name(text: str, known: Mapping[str, str], what: str) -> Path:
    """A path with its tokens, variables and `~`."""
    return Path(environment(percent(text, known, what), what)).expanduser()
