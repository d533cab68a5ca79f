"""The one connection of a transport to its target, whoever made it: what commands and command lines need of it.

The rules are those of `one_login`; nothing waits without a bound; a cancelled call returns at once.
"""

from __future__ import annotations

from typing import NoReturn, Protocol

from tshoot.cancel import CancelToken
from tshoot.model.events import CommandRan
from tshoot.model.text import clean_line
from tshoot.transports.login.credentials import Account


class LineTerminal(Protocol):
    """An interactive shell. EOFError from `read` and `write` where the device has ended the session."""

    @property
    def closed(self) -> bool: ...

    def read(self, seconds: float) -> bytes:
        """What has arrived, waiting up to `seconds` for something; empty when nothing came."""
        ...

    def put_back(self, data: bytes) -> None:
        """To be read first by whoever reads next."""
        ...

    def write(self, data: bytes) -> None: ...

    def close(self) -> None: ...


class Link(Protocol):
    def connect(self, cancel: CancelToken) -> None: ...

    def client(self, cancel: CancelToken) -> object:
        """What holds the connection, made where there is none yet; TargetError "closed" where it was lost."""
        ...

    @property
    def account(self) -> Account:
        """Who is logged in; what was typed where nobody is yet."""
        ...

    @property
    def last_words(self) -> str:
        """`: <why>` where it is known why the connection ended, else nothing."""
        ...

    def alive(self) -> bool:
        """Whether the server still answers the request for a channel, be it with a refusal."""
        ...

    def open_terminal(self, cancel: CancelToken) -> LineTerminal:
        """An interactive shell on a terminal; holds one of the few places until `release` is called."""
        ...

    def release(self) -> None: ...

    def fail(self, kind: str, message: str, hint: str) -> NoReturn:
        """Raise; what concerns the whole target is remembered for later calls."""
        ...

    def break_off(self, kind: str, message: str, partial: CommandRan) -> NoReturn:
        """A command's end that is the target's: remembered, and raised with what was printed so far."""
        ...

    def close(self) -> None: ...


def shown(command: str) -> str:
    """A command as it stands in messages: one line, not too long."""
    line = clean_line(command)
    return f"`{line[:80]} …`" if len(line) > 80 else f"`{line}`"
