"""Commands, processes and files over one SSH connection: `exec` with a real exit status, streams apart.

Rules: one login for the life of the object. What makes the target as a whole unusable is remembered, and every
later call fails at once with the same words. Nothing waits without a bound; a cancelled call returns at once.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import BinaryIO, NoReturn

import paramiko

from tshoot.cancel import CancelToken
from tshoot.errors import TargetError
from tshoot.model.events import TARGET_FAILURES, CommandRan
from tshoot.model.text import clean_line
from tshoot.transports.address import parse_address
from tshoot.transports.base import CommandTimeout, OnBytes, OnOutput, Prompter
from tshoot.transports.bounded import Deadline, acquire, bounded
from tshoot.transports.listing import size_command, size_of
from tshoot.transports.settings import SshSettings
from tshoot.transports.ssh_config import resolve
from tshoot.transports.ssh_connect import Connection
from tshoot.transports.ssh_fetch import Copy, cat_command, check_cat, copy_by_sftp
from tshoot.transports.ssh_login import SshClient
from tshoot.transports.ssh_process import SshProcess, open_session

_TICK = 0.1
_GONE = "connect again when the host answers; what was found so far is kept"


class SshTransport:
    """`host` is what the operator typed: alias of ssh_config, name, user@host, user@host:port, [v6]:port."""

    def __init__(self, host: str, *, prompter: Prompter, settings: SshSettings | None = None) -> None:
        self.host = host
        self.settings = settings or SshSettings()
        self._prompter = prompter
        self._attempt: Connection | None = None
        self._connection: Connection | None = None
        self._failure: TargetError | None = None
        self._connecting = threading.Lock()
        self._channels = threading.Semaphore(self.settings.max_channels)

    # --- the connection ----------------------------------------------------------------------------

    def connect(self, cancel: CancelToken) -> None:
        cancel.check()
        acquire(self._connecting, cancel)
        try:
            if self._failure is not None:
                raise self._failure
            if self._connection is None:
                self._connection = self._establish(cancel)
        finally:
            self._connecting.release()

    def _establish(self, cancel: CancelToken) -> Connection:
        deadline = Deadline(self.settings.connect_timeout)
        try:
            self._attempt = connection = Connection(
                resolve(parse_address(self.host), self.settings.config_file), self.settings, self._prompter, deadline
            )
            try:
                bounded(connection.establish, deadline, cancel, connection.close)
            except TimeoutError:
                kind = {"looking up its name": "name-unknown", "connecting": "unreachable"}.get(deadline.phase, "unresponsive")
                raise TargetError(kind, f"{connection.host.place}: no answer within {deadline.seconds:g} s while {deadline.phase}", _GONE) from None
        except TargetError as error:
            self._failure = error
            raise
        return connection

    def _client(self, cancel: CancelToken) -> SshClient:
        self.connect(cancel)
        client = self._current
        if client is None or not client.is_active():
            self._fail("closed", f"{self.host}: the connection was lost{_said(client)}", _GONE)
        return client

    @property
    def _current(self) -> SshClient | None:
        connection = self._connection
        return connection.client if connection is not None else None

    def _fail(self, kind: str, message: str, hint: str) -> NoReturn:
        """Raise; what concerns the whole target is remembered for later calls."""
        error = TargetError(kind, message, hint)
        if kind in TARGET_FAILURES:
            self._failure = self._failure or error
        raise error

    def close(self) -> None:
        """Also cuts short a login that is under way. The transport is not used again."""
        self._failure = self._failure or TargetError("closed", f"{self.host}: the connection was closed here", "connect again")
        if self._attempt is not None:
            self._attempt.close()

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
            self._break("closed", f"{self.host}: the connection was lost during {shown(command)}{_said(self._current)}", ran)
        return ran

    def spawn(self, command: str, *, cancel: CancelToken) -> SshProcess:
        return self._start(command, cancel, None, keep=True, limit=self.settings.max_output, stdin=True)

    def _start(self, command: str, cancel: CancelToken, on_output: OnOutput | None, *, keep: bool, limit: int, stdin: bool) -> SshProcess:
        def request(channel: paramiko.Channel) -> None:
            channel.exec_command(command)
            if not stdin:
                channel.shutdown_write()

        channel = self._open(request, shown(command), cancel)
        return SshProcess(channel, limit=limit, on_output=on_output, keep=keep, release=self._channels.release)

    def _open(self, request: Callable[[paramiko.Channel], None], purpose: str, cancel: CancelToken) -> paramiko.Channel:
        """A channel of its own with `request` made on it; holds one of the few places until it is released."""
        client = self._client(cancel)
        acquire(self._channels, cancel)
        opened: list[paramiko.Channel] = []

        def work() -> paramiko.Channel:
            opened.append(open_session(client, self.settings.channel_timeout))
            request(opened[0])
            return opened[0]

        try:
            return bounded(work, Deadline(self.settings.channel_timeout), cancel, lambda: _close(opened))
        except BaseException as error:
            self._channels.release()
            _close(opened)
            self._explain(error, client, purpose)
            raise

    def _explain(self, error: BaseException, client: SshClient, purpose: str) -> None:
        """Raise what a failed start of a channel means; return where it is no failure of the target."""
        if not isinstance(error, paramiko.SSHException | EOFError | OSError):
            return
        if not client.is_active():
            self._fail("closed", f"{self.host}: the connection was lost before {purpose}{_said(client)}", _GONE)
        if isinstance(error, TimeoutError) or "Timeout" in str(error):
            self._fail("unresponsive", f"{self.host}: no longer answers (tried {purpose})", _GONE)
        if isinstance(error, paramiko.ChannelException):
            hint = "the server allows few sessions at once (MaxSessions), or none: end another one"
            self._fail("permission-denied", f"{self.host}: refused another session for {purpose}: {clean_line(error.text)[:200]}", hint)
        self._fail(
            "permission-denied", f"{self.host}: does not let this user run {purpose}", "check the account's shell and the server's restrictions"
        )

    def _timed_out(self, command: str, timeout: float, process: SshProcess) -> NoReturn:
        process.terminate()
        message = f"{self.host}: {shown(command)} did not end within {timeout:g} s"
        if self._alive():
            raise CommandTimeout("timeout", message, "give it more time in the playbook, or see what keeps the host busy", process.ran())
        self._break("unresponsive", f"{message}, and the host answers nothing any more", process.ran())

    def _break(self, kind: str, message: str, partial: CommandRan) -> NoReturn:
        self._failure = self._failure or TargetError(kind, message, _GONE)
        raise CommandTimeout(kind, message, _GONE, partial)

    def _alive(self) -> bool:
        """Whether the server still answers the request for a channel, be it with a refusal."""
        client = self._current
        if client is None:
            return False
        patience = self.settings.liveness_timeout
        try:
            bounded(lambda: client.open_session(timeout=patience).close(), Deadline(patience), CancelToken(), lambda: None)
        except paramiko.ChannelException:
            return True
        except (paramiko.SSHException, EOFError, OSError):
            return False
        return True

    # --- files -------------------------------------------------------------------------------------

    def fetch(self, remote: str, into: BinaryIO, *, cancel: CancelToken, on_bytes: OnBytes | None = None) -> int:
        copy = Copy(f"{self.host}: {clean_line(remote)[:200]}", into, self.settings.max_fetch, on_bytes, Deadline(self.settings.stall_timeout))
        try:
            self._fetch_by_sftp(remote, copy, cancel)
        except (paramiko.SSHException, EOFError, OSError):  # no SFTP there, or one that fails: `cat` needs none
            self._client(cancel)
            copy.rewind()
            self._fetch_by_cat(remote, copy, cancel)
        return copy.done

    def _fetch_by_sftp(self, remote: str, copy: Copy, cancel: CancelToken) -> None:
        try:
            channel = self._open(lambda channel: channel.invoke_subsystem("sftp"), "SFTP", cancel)
        except TargetError as error:
            if error.kind in TARGET_FAILURES:
                raise
            raise OSError(error.message) from error
        try:
            bounded(lambda: copy_by_sftp(channel, remote, copy), copy.deadline, cancel, channel.close)
        finally:
            channel.close()
            self._channels.release()

    def _fetch_by_cat(self, remote: str, copy: Copy, cancel: CancelToken) -> None:
        copy.expect(size_of(self.run(size_command(remote), timeout=self.settings.stall_timeout, cancel=cancel).stdout))
        copy.deadline.restart(self.settings.stall_timeout)
        process = self._start(cat_command(remote), cancel, copy.take, keep=False, limit=self.settings.max_fetch, stdin=False)
        try:
            while not process.pump(_TICK):
                cancel.check()
                if copy.deadline.left() <= 0:
                    self._fail("timeout", f"{copy.name}: the copy stands still after {copy.done} of {copy.total} bytes", _GONE)
        finally:
            process.terminate()
        if process.died:
            self._fail("closed", f"{copy.name}: the connection was lost after {copy.done} of {copy.total} bytes", _GONE)
        check_cat(copy, process.exit_status)


def _close(channels: list[paramiko.Channel]) -> None:
    for channel in channels:
        channel.close()


def shown(command: str) -> str:
    """A command as it stands in messages: one line, not too long."""
    line = clean_line(command)
    return f"`{line[:80]} …`" if len(line) > 80 else f"`{line}`"


def _said(client: SshClient | None) -> str:
    return f": {client.disconnect_reason}" if client is not None and client.disconnect_reason else ""
