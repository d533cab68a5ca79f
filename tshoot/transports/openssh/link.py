"""The one connection that the OpenSSH transport has to its target: a master `ssh`, and sessions over its control socket.

The rules are those of every connection (`one_login`). Nothing waits without a bound.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from typing import Protocol

from tshoot.cancel import CancelToken
from tshoot.errors import TargetError
from tshoot.transports import hints
from tshoot.transports.base import Prompter
from tshoot.transports.bounded import Deadline, bounded
from tshoot.transports.one_login import GONE, Closeable, OneLogin
from tshoot.transports.openssh.failures import gone
from tshoot.transports.openssh.master import Master
from tshoot.transports.openssh.mux import MuxGone, MuxRefused, MuxSession
from tshoot.transports.openssh.opening import Opening
from tshoot.transports.openssh.terminal import PipedTerminal, terminal_on
from tshoot.transports.settings import SshSettings

_SILENT = "accepts the connection and says nothing"
_PROBE = "tshoot-alive"  # a subsystem that no server has


class Held(Closeable, Protocol):
    @property
    def closed(self) -> bool: ...


class OpenSshLink(OneLogin[Master]):
    """`host` is what the operator typed. `on_note` is told of weak algorithms."""

    def __init__(self, host: str, prompter: Prompter, settings: SshSettings, on_note: Callable[[str], None]) -> None:
        super().__init__(host, settings)
        self.prompter, self._on_note = prompter, on_note
        self._open: set[Held] = set()

    # --- the connection ----------------------------------------------------------------------------

    def _establish(self, cancel: CancelToken) -> Master:
        deadline = Deadline(self.settings.connect_timeout)
        self._attempt = master = Master(self.host, self.settings, self.prompter, deadline, self._on_note)
        try:
            bounded(master.start, deadline, cancel, master.close)
        except TimeoutError:
            raise self._too_late(master, deadline) from None
        return master

    def _too_late(self, master: Master, deadline: Deadline) -> TargetError:
        place, phase = master.host.place, deadline.phase
        if phase == "connecting":
            hint = hints.ROUTE
            return TargetError("unreachable", f"{place}: cannot be reached: no answer", hint)
        if phase == "waiting for its greeting" and not master.host.proxied and not master.log.greetings:
            return TargetError("unresponsive", f"{place}: {_SILENT}", hints.HANGS)
        if phase == "waiting for its greeting" and master.log.greetings:
            return TargetError("unreachable", f"{place}: answers, but not with SSH; it says `{master.log.greetings[0][:80]}`", "check the port")
        kind = "name-unknown" if phase == "looking up its name" else "unresponsive"
        return TargetError(kind, f"{place}: no answer within {deadline.seconds:g} s while {phase}", GONE)

    def client(self, cancel: CancelToken) -> Master:
        """The connection, made where there is none yet; TargetError "closed" where it was lost."""
        self.connect(cancel)
        master = self._made
        if master is None or not master.running:
            self.fail("closed", f"{self.host}: the connection was lost{self.last_words}", GONE)
        return master

    @property
    def last_words(self) -> str:
        """`: <why>` where it is known why the connection ended, else nothing."""
        return gone(self._made.log) if self._made is not None else ""

    @property
    def running(self) -> bool:
        return self._made is not None and self._made.running

    def alive(self) -> bool:
        """Whether the server still answers the request for a channel, be it with a refusal."""
        if self._made is None:
            return False
        with open(os.devnull, "r+b") as nothing:  # noqa: PTH123 - a descriptor is wanted
            try:
                session = MuxSession(self._made.control, _PROBE, [nothing.fileno()] * 3, subsystem=True)
            except OSError:
                return False
            try:
                session.await_open(self.settings.liveness_timeout)
            except MuxRefused:
                return True
            except OSError:  # also TimeoutError
                return False
            finally:
                session.close()
        return True

    def close(self) -> None:
        super().close()
        for one in tuple(self._open):
            one.close()

    def closes_with_it(self, one: Held) -> None:
        """What holds descriptors of this connection and may be forgotten by who uses it."""
        self._open = {*(other for other in self._open if not other.closed), one}

    # --- sessions --------------------------------------------------------------------------------------

    def open(
        self,
        command: str,
        streams: Sequence[int],
        purpose: str,
        cancel: CancelToken,
        *,
        tty: bool = False,
        subsystem: bool = False,
        lasting: bool = False,
    ) -> MuxSession:
        """A session whose stdin, stdout and stderr are `streams` (closed here in any case); holds one of the few places until `release`."""
        opening = Opening(command, streams, self.settings.channel_timeout, tty=tty, subsystem=subsystem)
        try:
            master = self.client(cancel)
            self.take(cancel, lasting)
        except BaseException:
            opening.close_streams()
            raise
        try:
            return bounded(lambda: opening.work(master.control), Deadline(self.settings.channel_timeout), cancel, opening.cut)
        except BaseException as error:
            self.release(lasting)
            opening.cut()
            self._explain(error, purpose)
            raise

    def open_terminal(self, cancel: CancelToken) -> PipedTerminal:
        """An interactive shell on a terminal, for a command line."""
        terminal = terminal_on(lambda streams: self.open("", streams, "a terminal", cancel, tty=True))
        self.closes_with_it(terminal)
        return terminal

    def _explain(self, error: BaseException, purpose: str) -> None:
        """Raise what a failed start of a session means; return where it is no failure of the target."""
        if isinstance(error, MuxRefused):
            hint = hints.FEW_SESSIONS
            self.fail("permission-denied", f"{self.host}: refused another session for {purpose}: {error}", hint)
        if isinstance(error, MuxGone):
            self.fail("closed", f"{self.host}: the connection was lost before {purpose}{self.last_words}", GONE)
        if isinstance(error, TimeoutError):
            self.fail("unresponsive", f"{self.host}: no longer answers (tried {purpose})", GONE)
