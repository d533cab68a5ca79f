"""paramiko's transport first, the system's `ssh` where that library cannot get there: offered to the operator with the exact reason.

The switch happens before any login was tried, so it is no second attempt. Nobody there to ask: the error says which
option chooses it. What was decided holds for the life of the transport.
"""

from __future__ import annotations

import shutil
import threading
from collections.abc import Callable
from typing import BinaryIO

from tshoot.cancel import CancelToken
from tshoot.errors import TargetError
from tshoot.model.events import CommandRan
from tshoot.transports.base import NeedsOpenSsh, OnBytes, OnOutput, Process, Prompter, Transport
from tshoot.transports.bounded import acquire
from tshoot.transports.one_login import without_frames

_QUESTION = "Connect with this system's own ssh instead?"
_WHY = "The library that tshoot logs in with is at its end there; no login was tried"


class Choosing:
    """`first` is paramiko's, not connected; `second` makes the one by `ssh`."""

    def __init__(self, host: str, first: Transport, second: Callable[[], Transport], prompter: Prompter, on_note: Callable[[str], object]) -> None:
        self.host = host
        self._inner, self._second, self._prompter, self._on_note = first, second, prompter, on_note
        self._settled = self._closed = False
        self._failure: TargetError | None = None
        self._connecting = threading.Lock()

    def connect(self, cancel: CancelToken) -> None:
        cancel.check()
        if self._settled:
            self._inner.connect(cancel)
            return
        acquire(self._connecting, cancel)
        try:
            if self._failure is not None:
                raise self._failure
            if not self._settled:
                self._settle(cancel)
        finally:
            self._connecting.release()

    def _settle(self, cancel: CancelToken) -> None:
        try:
            self._inner.connect(cancel)
        except TargetError as error:
            reason = beyond_paramiko(error)
            if not reason:
                raise
            self._offer(error, reason)
            self._inner.connect(cancel)
        self._settled = True

    def _offer(self, error: TargetError, reason: str) -> None:
        """Take the other transport where the operator agrees; else raise what failed, now and from now on."""
        if shutil.which("ssh") is None:
            hint = "the system's own ssh can: install it (Debian, Ubuntu: `apt-get install openssh-client`), then `--transport openssh`"
            self._failure = TargetError(error.kind, error.message, hint)
        elif self._closed or not self._prompter.agree(_QUESTION, f"{reason}. {_WHY}"):
            self._failure = without_frames(error)
        if self._failure is not None:
            raise self._failure
        self._inner.close()
        self._inner = self._second()
        if self._closed:
            self._inner.close()
        self._on_note(f"{self.host}: connecting with the system's own ssh, as agreed: {reason}")

    def run(self, command: str, *, timeout: float, cancel: CancelToken, on_output: OnOutput | None = None) -> CommandRan:
        self.connect(cancel)
        return self._inner.run(command, timeout=timeout, cancel=cancel, on_output=on_output)

    def spawn(self, command: str, *, cancel: CancelToken) -> Process:
        self.connect(cancel)
        return self._inner.spawn(command, cancel=cancel)

    def fetch(self, remote: str, into: BinaryIO, *, cancel: CancelToken, on_bytes: OnBytes | None = None) -> int:
        self.connect(cancel)
        return self._inner.fetch(remote, into, cancel=cancel, on_bytes=on_bytes)

    def close(self) -> None:
        """Also cuts short a login that is under way."""
        self._closed = True
        self._inner.close()


def beyond_paramiko(error: TargetError) -> str:
    """Why the system's `ssh` may get there where this failed, "" where it would not either."""
    if isinstance(error, NeedsOpenSsh):
        return f"{error.message}" if error.reason in error.message else f"{error.message}: {error.reason}"
    if error.kind == "no-common-algorithm" and "ncompatible version" not in error.message:
        return error.message
    return ""
