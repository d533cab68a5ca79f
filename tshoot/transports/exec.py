"""Commands, processes and files on a target, whatever connection carries them: `exec` with a real exit status, streams apart.

Each command and each copy has a channel of its own on the one link, whose rules hold: nothing waits without a
bound, a cancelled call returns at once, and what makes the target unusable is remembered.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import BinaryIO, NoReturn

import paramiko

from tshoot.cancel import CancelToken
from tshoot.model.events import CommandRan
from tshoot.model.text import clean_line
from tshoot.transports.base import CommandTimeout, OnBytes, OnOutput
from tshoot.transports.bounded import Deadline
from tshoot.transports.link import Link, shown
from tshoot.transports.listing import size_command, size_of
from tshoot.transports.one_login import GONE
from tshoot.transports.process import TICK, RemoteProcess
from tshoot.transports.settings import SshSettings
from tshoot.transports.ssh.fetch import Copy, cat_command, check_cat


class ExecTransport(ABC):
    """A transport by the link that `_link` is; what starts a channel on it is the link's own."""

    def __init__(self, host: str, link: Link, settings: SshSettings) -> None:
        self.host, self.settings = host, settings
        self._link = link

    @abstractmethod
    def _start(self, command: str, cancel: CancelToken, on_output: OnOutput | None, *, keep: bool, limit: int, stdin: bool) -> RemoteProcess:
        """With `stdin` open it lasts until it is closed."""

    @abstractmethod
    def _fetch_by_sftp(self, remote: str, copy: Copy, cancel: CancelToken) -> None:
        """SSHException, EOFError or OSError where it cannot be had so."""

    def connect(self, cancel: CancelToken) -> None:
        self._link.connect(cancel)

    def close(self) -> None:
        """Also cuts short a login that is under way. The transport is not used again."""
        self._link.close()

    # --- commands ----------------------------------------------------------------------------------

    def run(self, command: str, *, timeout: float, cancel: CancelToken, on_output: OnOutput | None = None) -> CommandRan:
        process = self._start(command, cancel, on_output, keep=True, limit=self.settings.max_output, stdin=False)
        try:
            while not process.pump(TICK):
                cancel.check()
                if process.seconds > timeout:
                    self._timed_out(command, timeout, process)
        finally:
            process.terminate()
        ran = process.ran()
        if process.died:
            self._link.break_off("closed", f"{self.host}: the connection was lost during {shown(command)}{self._link.last_words}", ran)
        return ran

    def spawn(self, command: str, *, cancel: CancelToken) -> RemoteProcess:
        return self._start(command, cancel, None, keep=True, limit=self.settings.max_output, stdin=True)

    def _timed_out(self, command: str, timeout: float, process: RemoteProcess) -> NoReturn:
        process.terminate()
        message = f"{self.host}: {shown(command)} did not end within {timeout:g} s"
        if self._link.alive():
            raise CommandTimeout(
                "timeout",
                message,
                "give it more time in the playbook, or see what keeps the host busy; it was told to end, and may still run there",
                process.ran(),
            )
        self._link.break_off("unresponsive", f"{message}, and the host answers nothing any more", process.ran())

    # --- files -------------------------------------------------------------------------------------

    def fetch(self, remote: str, into: BinaryIO, *, cancel: CancelToken, on_bytes: OnBytes | None = None) -> int:
        copy = Copy(f"{self.host}: {clean_line(remote)[:200]}", into, self.settings.max_fetch, on_bytes, Deadline(self.settings.stall_timeout))
        try:
            self._fetch_by_sftp(remote, copy, cancel)
        except (paramiko.SSHException, EOFError, OSError):  # no SFTP there, or one that fails: `cat` needs none
            self._link.client(cancel)
            copy.rewind()
            self._fetch_by_cat(remote, copy, cancel)
        return copy.done

    def _fetch_by_cat(self, remote: str, copy: Copy, cancel: CancelToken) -> None:
        copy.expect(size_of(self.run(size_command(remote), timeout=self.settings.stall_timeout, cancel=cancel).stdout))
        copy.deadline.restart(self.settings.stall_timeout)
        process = self._start(cat_command(remote), cancel, copy.take, keep=False, limit=self.settings.max_fetch, stdin=False)
        try:
            while not process.pump(TICK):
                cancel.check()
                if copy.deadline.left() <= 0:
                    self._link.fail("timeout", f"{copy.name}: the copy stands still after {copy.done} of {copy.total} bytes", GONE)
        finally:
            process.terminate()
        if process.died:
            self._link.fail("closed", f"{copy.name}: the connection was lost after {copy.done} of {copy.total} bytes", GONE)
        check_cat(copy, process.exit_status)
