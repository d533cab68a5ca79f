"""tshoot credentials: what tshoot may read from the system's keyring. Names are shown, secrets never; none is taken from an argument."""

from __future__ import annotations

import sys
from argparse import Namespace

from tshoot.cancel import CancelToken
from tshoot.cli import diagnostics
from tshoot.cli.output import emit_json, say
from tshoot.errors import UsageError
from tshoot.model.text import clean_line
from tshoot.transports.address import parse_address
from tshoot.transports.login.keyring import SystemKeyring

_LONGEST = 1024


def run(arguments: Namespace) -> int:
    keyring = SystemKeyring()
    if arguments.action == "list":
        return _list(keyring, arguments.json)
    name = kept_name(arguments.name)
    if arguments.action == "forget":
        found = keyring.forget(name)
        say(f"{name}: {'forgotten' if found else 'the keyring has none'}")
        return 0 if found else 1
    keyring.names()  # says at once where no keyring runs
    keyring.keep(name, _given(name))
    say(f"{name}: kept in the keyring; `tshoot credentials forget {name}` removes it")
    return 0


def _list(keyring: SystemKeyring, as_json: bool) -> int:
    names = keyring.names()
    if as_json:
        emit_json({"credentials": list(names)})
    else:
        say(*(names or ("none is kept",)))
    return 0


def kept_name(text: str) -> str:
    """`USER@HOST`, `USER@HOST:PORT` or `USER@@GROUP` as the keyring has it; UsageError for anything else."""
    user, group, name = text.strip().partition("@@")
    address = parse_address(f"{user}@{name}" if group else text)
    if address.user is None or "@@" in address.user or (group and (address.user != user or address.port)):
        raise UsageError(f"`{clean_line(text)[:200]}` names no user of a target or group", "write USER@HOST, USER@HOST:PORT or USER@@GROUP")
    if group:
        return f"{address.user}@@{address.host}"
    return f"{address.user}@{address.host}" + ("" if address.port in (None, 22) else f":{address.port}")


def _given(name: str) -> str:
    """Typed twice, unseen; the first line of standard input where that is no terminal."""
    from tshoot.cli.terminal import TerminalPrompter, can_ask

    if not can_ask():
        line = sys.stdin.readline(_LONGEST + 2).rstrip("\r\n") if sys.stdin is not None else ""
        if not line:
            raise UsageError("nobody can be asked, and standard input holds no password", "run it in a terminal, or pipe the password into it")
        return line
    prompter = TerminalPrompter(CancelToken())
    first = prompter.secret("Password to keep:", name, False)
    if not first:
        raise UsageError("no password was given", "nothing was kept")
    if prompter.secret("Once more:", name, False) != first:
        diagnostics.note("the two differ")
        raise UsageError("the same has to be typed twice", "nothing was kept: try again")
    return first
