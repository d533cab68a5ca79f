"""Commands, processes and files over one SSH connection: `exec` with a real exit status, streams apart.

Each command and each copy has a channel of its own on the one link (`ssh_link`), whose rules hold: nothing waits
without a bound, a cancelled call returns at once, and what makes the target unusable is remembered.
"""

from __future__ import annotations

from typing import BinaryIO, NoReturn

import paramiko

from tshoot.cancel import CancelToken
from tshoot.errors import TargetError
from tshoot.model.events import TARGET_FAILURES, CommandRan
from tshoot.model.text import clean_line
from tshoot.transports.base import CommandTimeout, OnBytes, OnOutput, Prompter
from tshoot.transports.bounded import Deadline, bounded
from tshoot.transports.listing import size_command, size_of
from tshoot.transports.settings import SshSettings
from tshoot.transports.ssh_fetch import Copy, cat_command, check_cat, copy_by_sftp
from tshoot.transports.ssh_link import GONE, SshLink, shown
from tshoot.transports.ssh_process import SshProcess

_TICK = 0.1


class SshTransport:
    """`host` is what the operator typed: alias of ssh_config, name, user@host, user@host:port, [v6]:port."""

    def __init__(self, host: str, *, prompter: Prompter, settings: SshSettings | None = None) -> None:
        self.host = host
        self.settings = settings or SshSettings()
        self._link = SshLink(host, prompter, self.settings)

    def connect(self, cancel: CancelToken) -> None:
        self._link.connect(cancel)

    def close(self) -> None:
        """Also cuts short a login that is under way. The transport is not used again."""
        self._link.close()

    # --- commands ----------------------------------------------------------------------------------

    def run(self, command: str, *, timeout: float, cancel: CancelToken, on_output: OnOutput | None = None) -> CommandRan:
        process = self._start(command, cancel, on_output, keep=True, limit=self.settings.max_output, stdin=False)
        try:
            while not process.pump(_TICK):
                cancel.check()
                if process.seconds > timeout:
                    self._timed_out(command, timeout, process)
        finally:
            process.terminate()
        ran = process.ran()
        if process.died:
            self._link.break_off("closed", f"{self.host}: the connection was lost during {shown(command)}{self._link.last_words}", ran)
        return ran

    def spawn(self, command: str, *, cancel: CancelToken) -> SshProcess:
        return self._start(command, cancel, None, keep=True, limit=self.settings.max_output, stdin=True)

    def _start(self, command: str, cancel: CancelToken, on_output: OnOutput | None, *, keep: bool, limit: int, stdin: bool) -> SshProcess:
        def request(channel: paramiko.Channel) -> None:
            channel.exec_command(command)
            if not stdin:
                channel.shutdown_write()

        channel = self._link.open(request, shown(command), cancel)
        return SshProcess(channel, limit=limit, on_output=on_output, keep=keep, release=self._link.release)

    def _timed_out(self, command: str, timeout: float, process: SshProcess) -> NoReturn:
        process.terminate()
        message = f"{self.host}: {shown(command)} did not end within {timeout:g} s"
        if self._link.alive():
            raise CommandTimeout("timeout", message, "give it more time in the playbook, or see what keeps the host busy", process.ran())
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

    def _fetch_by_sftp(self, remote: str, copy: Copy, cancel: CancelToken) -> None:
        try:
            channel = self._link.open(lambda channel: channel.invoke_subsystem("sftp"), "SFTP", cancel)
        except TargetError as error:
            if error.kind in TARGET_FAILURES:
                raise
            raise OSError(error.message) from error
        try:
            bounded(lambda: copy_by_sftp(channel, remote, copy), copy.deadline, cancel, channel.close)
        finally:
            channel.close()
            self._link.release()

    def _fetch_by_cat(self, remote: str, copy: Copy, cancel: CancelToken) -> None:
        copy.expect(size_of(self.run(size_command(remote), timeout=self.settings.stall_timeout, cancel=cancel).stdout))
        copy.deadline.restart(self.settings.stall_timeout)
        process = self._start(cat_command(remote), cancel, copy.take, keep=False, limit=self.settings.max_fetch, stdin=False)
        try:
            while not process.pump(_TICK):
                cancel.check()
                if copy.deadline.left() <= 0:
                    self._link.fail("timeout", f"{copy.name}: the copy stands still after {copy.done} of {copy.total} bytes", GONE)
        finally:
            process.terminate()
        if process.died:
            self._link.fail("closed", f"{copy.name}: the connection was lost after {copy.done} of {copy.total} bytes", GONE)
        check_cat(copy, process.exit_status)
