"""Commands, processes and files over the system's own `ssh`: what paramiko's transport does, on another connection.

For what paramiko lacks: SHA-1-only servers, GSSAPI, security keys, host certificates, exotic ssh_config. One `ssh`
logs in and stays; each command and each copy is a session of its own over its control socket.
"""

from __future__ import annotations

import os
import socket
from collections.abc import Callable

from tshoot.cancel import CancelToken
from tshoot.errors import TargetError
from tshoot.model.events import TARGET_FAILURES
from tshoot.transports.base import OnOutput, Prompter
from tshoot.transports.bounded import bounded
from tshoot.transports.exec import ExecTransport
from tshoot.transports.link import shown
from tshoot.transports.openssh.link import OpenSshLink
from tshoot.transports.openssh.process import OpenSshProcess, Pipes
from tshoot.transports.settings import SshSettings
from tshoot.transports.ssh.fetch import Copy, copy_by_sftp


class _SftpEnd(socket.socket):
    """Where paramiko's side of SFTP expects a channel, which has a name for its log."""

    def get_name(self) -> str:
        return "ssh"


class OpenSshTransport(ExecTransport):
    """`on_note` is told of weak algorithms, and when a security key waits to be touched."""

    def __init__(
        self, host: str, *, prompter: Prompter, settings: SshSettings | None = None, on_note: Callable[[str], None] = lambda text: None
    ) -> None:
        settings = settings or SshSettings()
        self._master = OpenSshLink(host, prompter, settings, on_note)
        super().__init__(host, self._master, settings)

    def _start(self, command: str, cancel: CancelToken, on_output: OnOutput | None, *, keep: bool, limit: int, stdin: bool) -> OpenSshProcess:
        self._master.connect(cancel)
        pipes, link = Pipes(stdin), self._master
        try:
            session = link.open(command, pipes.theirs, shown(command), cancel)
        except BaseException:
            pipes.close()
            raise
        process = OpenSshProcess(session, pipes, limit=limit, on_output=on_output, keep=keep, release=link.release, connected=lambda: link.running)
        link.closes_with_it(process)
        return process

    def _fetch_by_sftp(self, remote: str, copy: Copy, cancel: CancelToken) -> None:
        near, theirs = socket.socketpair()
        with _SftpEnd(fileno=near.detach()) as ours:
            streams = (theirs.fileno(), os.dup(theirs.fileno()), os.open(os.devnull, os.O_WRONLY))
            theirs.detach()  # the link closes it
            try:
                session = self._master.open("sftp", streams, "SFTP", cancel, subsystem=True)
            except TargetError as error:
                if error.kind in TARGET_FAILURES:
                    raise
                raise OSError(error.message) from error
            try:
                bounded(lambda: copy_by_sftp(ours, remote, copy), copy.deadline, cancel, lambda: ours.shutdown(socket.SHUT_RDWR))
            finally:
                session.close()
                self._master.release()
