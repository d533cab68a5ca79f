"""What every transport does, whatever it speaks. One contract suite (tests/contract) holds them all to it.

A transport belongs to one target and may be used from several threads. It never retries a login. Every
failure is a `TargetError` whose `kind` is a FailureKind and whose message names host and command.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import BinaryIO, Protocol

from tshoot.cancel import CancelToken
from tshoot.errors import TargetError
from tshoot.model.events import CommandRan

OnOutput = Callable[[str, bytes], None]  # stream ("stdout"/"stderr"), bytes as they arrive
OnBytes = Callable[[int, int], None]  # bytes done, bytes in all


class CommandTimeout(TargetError):
    """A command that did not come to its end. `kind` is "timeout", "unresponsive" (the target answers nothing at all) or "closed"."""

    def __init__(self, kind: str, message: str, hint: str, partial: CommandRan) -> None:
        super().__init__(kind, message, hint)
        self.partial = partial


class NeedsOpenSsh(TargetError):
    """The way to this target is beyond the SSH library, not beyond the system's `ssh`; `reason` says what is, in words.

    Raised before any login was tried, so that the choosing transport may offer the other one.
    """

    def __init__(self, kind: str, message: str, hint: str, reason: str) -> None:
        super().__init__(kind, message, hint)
        self.reason = reason


class TargetBusy(TargetError):
    """The target takes no connection now: it said so, or closed it, before any authentication was begun, so it may be tried again later.

    `said` is what it said, "" where it closed without a word. Kind "closed".
    """

    def __init__(self, message: str, hint: str, said: str = "") -> None:
        super().__init__("closed", message, hint)
        self.said = said


@dataclass(frozen=True, slots=True)
class HostKey:
    """An unknown host key, as shown to the operator. `fingerprint` is OpenSSH's `SHA256:…`."""

    host: str
    port: int
    key_type: str
    fingerprint: str


class Prompter(Protocol):
    """Who is asked about logins. Without a terminal all refuse (False, None) and nothing waits."""

    def accept_host_key(self, key: HostKey) -> bool: ...

    def secret(self, prompt: str, host: str, echo: bool) -> str | None:
        """One prompt of a login (password, code, passphrase); None when it cannot be answered."""
        ...

    def agree(self, question: str, why: str) -> bool:
        """A question of yes or no about the way to a target; False where nobody can be asked."""
        ...


class Nobody:
    """The prompter where there is nobody to ask: refuses all."""

    def accept_host_key(self, key: HostKey) -> bool:
        return False

    def secret(self, prompt: str, host: str, echo: bool) -> str | None:
        return None

    def agree(self, question: str, why: str) -> bool:
        return False


class Process(Protocol):
    """A long-running command on a target, such as a capture."""

    def read_line(self, timeout: float) -> str | None:
        """The next line of stdout, None at the end or when `timeout` seconds have passed."""
        ...

    @property
    def exit_status(self) -> int | None:
        """None while it runs or when the connection died."""
        ...

    def output(self) -> tuple[bytes, bytes]:
        """All stdout and stderr so far."""
        ...

    def wait(self, timeout: float) -> bool:
        """True when it has ended within `timeout` seconds."""
        ...

    def close(self) -> None:
        """Close its channel (and so its standard input). The remote watchdog ends the process."""
        ...


class Transport(Protocol):
    host: str

    def connect(self, cancel: CancelToken) -> None:
        """Log in once; does nothing when connected."""
        ...

    def run(self, command: str, *, timeout: float, cancel: CancelToken, on_output: OnOutput | None = None) -> CommandRan:
        """Run to its end. Raises CommandTimeout with what was printed so far in `.partial`."""
        ...

    def spawn(self, command: str, *, cancel: CancelToken) -> Process: ...

    def fetch(self, remote: str, into: BinaryIO, *, cancel: CancelToken, on_bytes: OnBytes | None = None) -> int:
        """Copy a remote file (SFTP, else `cat`); returns the bytes written."""
        ...

    def close(self) -> None: ...
