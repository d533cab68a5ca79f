"""Commands, processes and files over one SSH connection of paramiko's (`link`)."""

from __future__ import annotations

from collections.abc import Callable

import paramiko

from tshoot.cancel import CancelToken
from tshoot.errors import TargetError
from tshoot.model.events import TARGET_FAILURES
from tshoot.transports.base import OnOutput, Prompter
from tshoot.transports.bounded import bounded
from tshoot.transports.exec import ExecTransport
from tshoot.transports.link import shown
from tshoot.transports.settings import SshSettings
from tshoot.transports.ssh.fetch import Copy, copy_by_sftp
from tshoot.transports.ssh.link import SshLink
from tshoot.transports.ssh.process import SshProcess


class SshTransport(ExecTransport):
    """`host` is what the operator typed: alias of ssh_config, name, user@host, user@host:port, [v6]:port."""

    def __init__(
        self,
        host: str,
        *,
        prompter: Prompter,
        settings: SshSettings | None = None,
        on_note: Callable[[str], None] = lambda text: None,
        link: SshLink | None = None,
    ) -> None:
        settings = settings or SshSettings()
        self._ssh = link or SshLink(host, prompter, settings, on_note)
        super().__init__(host, self._ssh, settings)

    def _start(self, command: str, cancel: CancelToken, on_output: OnOutput | None, *, keep: bool, limit: int, stdin: bool) -> SshProcess:
        def request(channel: paramiko.Channel) -> None:
            channel.exec_command(command)
            if not stdin:
                channel.shutdown_write()

        channel = self._ssh.open(request, shown(command), cancel, lasting=stdin)
        return SshProcess(channel, limit=limit, on_output=on_output, keep=keep, release=lambda: self._ssh.release(stdin))

    def _fetch_by_sftp(self, remote: str, copy: Copy, cancel: CancelToken) -> None:
        try:
            channel = self._ssh.open(lambda channel: channel.invoke_subsystem("sftp"), "SFTP", cancel)
        except TargetError as error:
            if error.kind in TARGET_FAILURES:
                raise
            raise OSError(error.message) from error
        try:
            bounded(lambda: copy_by_sftp(channel, remote, copy), copy.deadline, cancel, channel.close)
        finally:
            channel.close()
            self._ssh.release()
