"""The command line of a router or switch: one interactive session on the same link that every SSH transport uses.

A command line has no exit status, no second stream, no files and no processes; what the device thinks of a command
stands in its output. Commands run one after the other. A command that is left early is interrupted, so that the
session can be used again; where the prompt does not come back, a new session is opened on the same login.
"""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from typing import BinaryIO, NoReturn

from tshoot.cancel import CancelToken
from tshoot.errors import TargetError
from tshoot.model.events import CommandRan
from tshoot.platforms.loader import CliRecipe
from tshoot.transports.base import CommandTimeout, OnBytes, OnOutput, Process, Prompter
from tshoot.transports.bounded import Deadline, acquire, bounded
from tshoot.transports.cli.session import CliSession, Ended, TimedOut
from tshoot.transports.link import Link, shown
from tshoot.transports.login.credentials import Account, Credentials
from tshoot.transports.settings import SshSettings
from tshoot.transports.ssh.link import SshLink

_TYPED = re.compile(r"[ -~]{1,480}", re.ASCII)
_BANNER = 3  # times the patience in which even a device that prints without end has shown its prompt
_SLOW = "give it more time in the playbook, or see what keeps the device busy"


class CliTransport:
    """`recipe` is the platform's, `link` paramiko's if none is given. `on_note` is told what goes on without success: a refused `enable`."""

    def __init__(
        self,
        host: str,
        *,
        recipe: CliRecipe,
        prompter: Prompter,
        settings: SshSettings | None = None,
        on_note: Callable[[str], None] = lambda text: None,
        link: Link | None = None,
    ) -> None:
        self.host = host
        self.settings = settings or SshSettings()
        self._recipe, self._prompter, self._on_note = recipe, prompter, on_note
        self._link: Link = link or SshLink(host, prompter, self.settings, on_note)
        self._session: CliSession | None = None
        self._busy = threading.Lock()
        self._credentials = self.settings.credentials or Credentials()
        self._account = Account("", host)  # who was asked the secret for
        self._secret: str | None = None
        self._secret_asked = False

    # --- the session -------------------------------------------------------------------------------

    def connect(self, cancel: CancelToken) -> None:
        """Log in and prepare the session; a session that was interrupted is brought back, or replaced."""
        cancel.check()
        acquire(self._busy, cancel)
        try:
            self._ready(cancel)
        finally:
            self._busy.release()

    def _ready(self, cancel: CancelToken) -> CliSession:
        self._link.client(cancel)
        session = self._session
        if session is not None and not session.closed and (not session.unsettled or session.settle(self.settings.liveness_timeout, cancel)):
            return session
        return self._open(cancel, self.settings.login_timeout)

    def _open(self, cancel: CancelToken, patience: float) -> CliSession:
        self._leave_session()
        session = self._session = CliSession(self._link.open_terminal(cancel), self._recipe, self.host)
        deadline, latest = Deadline(patience), time.monotonic() + _BANNER * patience

        def heard() -> None:  # a long banner on a slow line is no silence
            deadline.restart(max(0.0, min(patience, latest - time.monotonic())))

        try:
            bounded(lambda: session.prepare(lambda: self._enable_secret(deadline), heard), deadline, cancel, session.close)
            self._tell_of_the_secret(session)
        except TimeoutError:
            self._leave_session()
            last = f"; the last line it printed is `{session.last_line[:80]}`" if session.last_line else ""
            hint = "log in by hand and see what it asks or prints before its prompt"
            self._link.fail("unresponsive", f"{self.host}: its command line shows no prompt within {patience:g} s{last}", hint)
        except EOFError:
            self._leave_session()
            last = f"; the last line it printed is `{session.last_line[:80]}`" if session.last_line else ""
            hint = "too many sessions, or an account without a command line: log in by hand"
            self._link.fail("closed", f"{self.host}: ended the session before its prompt{last}{self._link.last_words}", hint)
        except TargetError as error:
            self._leave_session()
            self._link.fail(error.kind, error.message, error.hint)
        except BaseException:
            self._leave_session()
            raise
        finally:
            self._credentials.left(self._account)
        if session.unprivileged:
            self._recipe = replace(self._recipe, enable=False)  # a rejected secret is not sent again
            self._secret = None
            self._on_note(f"{self.host}: {session.unprivileged}; commands run without privileges, some may be refused")
        return session

    def _leave_session(self) -> None:
        if self._session is not None:
            self._session.close()
            self._session = None
            self._link.release()

    def _enable_secret(self, deadline: Deadline) -> str | None:
        """Asked once in the life of the transport, kept for a further session."""
        if not self._secret_asked:
            self._secret_asked = True
            with deadline.paused():
                self._account = self._link.account
                self._secret = self._credentials.enable_secret("Enable secret: ", self._account, self._prompter, self._in_session)
        return self._secret

    def _in_session(self) -> bool:
        return self._session is not None and not self._session.closed

    def _tell_of_the_secret(self, session: CliSession) -> None:
        if session.unprivileged:
            self._credentials.rejected(self._account)
        else:
            self._credentials.accepted(self._account)

    def close(self) -> None:
        """Also cuts short a login that is under way. The transport is not used again."""
        self._link.close()
        self._secret = None

    # --- commands ----------------------------------------------------------------------------------

    def run(self, command: str, *, timeout: float, cancel: CancelToken, on_output: OnOutput | None = None) -> CommandRan:
        if not _TYPED.fullmatch(command) or "?" in command or not command.strip():
            why = "a command line takes one line of at most 480 printable ASCII characters without `?`"
            raise TargetError("declined", f"{self.host}: not sent: {shown(command)}", why)
        cancel.check()
        acquire(self._busy, cancel)
        try:
            session = self._ready(cancel)
            return session.run(command, timeout=timeout, limit=self.settings.max_output, cancel=cancel, on_output=on_output)
        except Ended as end:
            message = f"{self.host}: the session was closed during {shown(command)}{self._link.last_words}"
            self._link.break_off("closed", message, end.ran)
        except TimedOut as late:
            self._timed_out(command, timeout, late.ran, cancel)
        finally:
            self._busy.release()

    def _timed_out(self, command: str, timeout: float, ran: CommandRan, cancel: CancelToken) -> NoReturn:
        """Interrupted already; "timeout" where the device answers then, be it in a new session, else "unresponsive"."""
        message = f"{self.host}: {shown(command)} did not end within {timeout:g} s"
        session, patience = self._session, self.settings.liveness_timeout
        if session is not None and session.settle(patience, cancel):
            raise CommandTimeout("timeout", message, _SLOW, ran)
        silent = f"{message}, and the device answers nothing any more"
        try:
            if self._link.alive():
                self._open(cancel, 2 * patience)
                raise CommandTimeout("timeout", message, _SLOW, ran)
        except CommandTimeout:
            raise
        except TargetError as error:
            silent = f"{silent} ({error.message})"
        self._link.break_off("unresponsive", silent, ran)

    # --- what a command line has not ---------------------------------------------------------------

    def spawn(self, command: str, *, cancel: CancelToken) -> Process:
        raise TargetError(
            "declined", f"{self.host}: not started: {shown(command)}: a command line runs one command after the other", "capture on another target"
        )

    def fetch(self, remote: str, into: BinaryIO, *, cancel: CancelToken, on_bytes: OnBytes | None = None) -> int:
        raise TargetError(
            "unreadable", f"{self.host}: {shown(remote)} cannot be copied: a command line has no files", "copy it with the device's own means"
        )
