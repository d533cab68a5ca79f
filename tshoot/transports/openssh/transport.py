"""Commands, processes and files over the system's own `ssh`: what paramiko's transport does, on another connection.

For what paramiko lacks: SHA-1-only servers, GSSAPI, security keys, host certificates, exotic ssh_config. One `ssh`
logs in and stays; each command and each copy is a session of its own over its control socket.
"""

from __future__ import annotations

import os
import socket
from collections.abc import Callable
from typing import TYPE_CHECKING, cast

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

if TYPE_CHECKING:
    import paramiko


class _SftpEnd:
    """What paramiko's side of SFTP uses of a channel. No socket itself: paramiko calls `select` on those, which takes none beyond 1023."""

    def __init__(self, near: socket.socket) -> None:
        self.send, self.recv, self.close = near.send, near.recv, near.close

    def get_name(self) -> str:
        return "ssh"


class OpenSshTransport(ExecTransport):
    """`on_note` is told of weak algorithms, and when a security key waits to be touched."""

    _link: OpenSshLink

    def __init__(
        self, host: str, *, prompter: Prompter, settings: SshSettings | None = None, on_note: Callable[[str], None] = lambda text: None
    ) -> None:
        settings = settings or SshSettings()
        super().__init__(host, OpenSshLink(host, prompter, settings, on_note), settings)

    def _start(self, command: str, cancel: CancelToken, on_output: OnOutput | None, *, keep: bool, limit: int, stdin: bool) -> OpenSshProcess:
        self._link.connect(cancel)
        pipes, link = Pipes(stdin), self._link
        try:
            session = link.open(command, pipes.theirs, shown(command), cancel, lasting=stdin)
        except BaseException:
            pipes.close()
            raise
        process = OpenSshProcess(
            session, pipes, limit=limit, on_output=on_output, keep=keep, release=lambda: link.release(stdin), connected=lambda: link.running
        )
        link.closes_with_it(process)
        return process

    def _fetch_by_sftp(self, remote: str, copy: Copy, cancel: CancelToken) -> None:
        near, theirs = socket.socketpair()
        with near:
            streams = (theirs.fileno(), os.dup(theirs.fileno()), os.open(os.devnull, os.O_WRONLY))
            theirs.detach()  # the link closes it
            try:
                session = self._link.open("sftp", streams, "SFTP", cancel, subsystem=True)
            except TargetError as error:
                if error.kind in TARGET_FAILURES:
                    raise
                raise OSError(error.message) from error
            try:
                end = cast("paramiko.Channel", _SftpEnd(near))
                bounded(lambda: copy_by_sftp(end, remote, copy), copy.deadline, cancel, lambda: near.shutdown(socket.SHUT_RDWR))
            finally:
                session.close()
                self._link.release()
