"""The one connection by paramiko that a transport has to its target, whatever it speaks over it: login and channels.

The rules are those of every connection (`one_login`). Nothing waits without a bound; a cancelled call returns at once.
"""

from __future__ import annotations

from collections.abc import Callable

import paramiko

from tshoot.cancel import CancelToken
from tshoot.transports import hints
from tshoot.transports.base import Prompter
from tshoot.transports.bounded import Deadline, bounded
from tshoot.transports.cli.terminal import Terminal, ask_for_shell
from tshoot.transports.config.host_settings import HostSettings
from tshoot.transports.config.way import find_way
from tshoot.transports.one_login import GONE, OneLogin
from tshoot.transports.settings import SshSettings
from tshoot.transports.ssh.channel import open_channel
from tshoot.transports.ssh.client import HopClient
from tshoot.transports.ssh.connect import Connection
from tshoot.transports.ssh.login import BROKEN

_LINE = 5.0  # seconds that a line waits while keys are exchanged anew; a copy may wait longer (paramiko's 30), what is on its way comes first


class SshLink(OneLogin[Connection]):
    """`host` is what the operator typed: alias of ssh_config, name, user@host, user@host:port, [v6]:port. `way`: what leads there, where known."""

    def __init__(
        self,
        host: str,
        prompter: Prompter,
        settings: SshSettings,
        on_note: Callable[[str], None] = lambda text: None,
        way: tuple[HostSettings, ...] = (),
    ) -> None:
        super().__init__(host, settings)
        self._way, self.prompter, self._on_note = way, prompter, on_note

    # --- the connection ----------------------------------------------------------------------------

    def _establish(self, cancel: CancelToken) -> Connection:
        deadline = Deadline(self.settings.connect_timeout)
        way = self._way or find_way(self.host, self.settings, cancel)
        self._attempt = connection = Connection(way, self.settings, self.prompter, deadline, self._on_note)
        if self._closed:  # while the way was looked for
            connection.close()
        try:
            bounded(connection.establish, deadline, cancel, connection.close)
        except TimeoutError:
            raise connection.late(GONE) from None
        return connection

    def client(self, cancel: CancelToken) -> HopClient:
        """The connection, made where there is none yet; TargetError "closed" where it was lost."""
        self.connect(cancel)
        client = self._current
        if client is None or not client.is_active():
            self.fail("closed", f"{self.host}: the connection was lost{self.last_words}", GONE)
        return client

    @property
    def _current(self) -> HopClient | None:
        return self._made.client if self._made is not None else None

    @property
    def last_words(self) -> str:
        """`: <why>` where the server said why it disconnected, else nothing."""
        client = self._current
        return f": {client.disconnect_reason}" if client is not None and client.disconnect_reason else ""

    def alive(self) -> bool:
        """Whether the server still answers the request for a channel, be it with a refusal."""
        client = self._current
        if client is None:
            return False
        try:
            open_channel(client, Deadline(self.settings.liveness_timeout), CancelToken(), patient=False).close()
        except paramiko.ChannelException:
            return True
        except BROKEN:  # also TimeoutError
            return False
        return True

    # --- channels --------------------------------------------------------------------------------------

    def open(self, request: Callable[[paramiko.Channel], None], purpose: str, cancel: CancelToken, lasting: bool = False) -> paramiko.Channel:
        """A channel of its own with `request` made on it; holds one of the few places until `release` is called."""
        client = self.client(cancel)
        self.take(cancel, lasting)
        channel: paramiko.Channel | None = None
        try:
            channel = open_channel(client, Deadline(self.settings.channel_timeout), cancel)
            request(channel)
            return channel
        except BaseException as error:
            self.release(lasting)
            if channel is not None:
                channel.close()
            self._explain(error, client, purpose)
            raise

    def open_terminal(self, cancel: CancelToken) -> Terminal:
        """An interactive shell on a terminal, for a command line."""
        self.client(cancel).clear_to_send_timeout = _LINE
        return Terminal(self.open(ask_for_shell, "a terminal", cancel))

    def _explain(self, error: BaseException, client: HopClient, purpose: str) -> None:
        """Raise what a failed start of a channel means; return where it is no failure of the target."""
        if not isinstance(error, BROKEN):
            return
        if not client.is_active():
            self.fail("closed", f"{self.host}: the connection was lost before {purpose}{self.last_words}", GONE)
        if isinstance(error, TimeoutError) or "timed out" in str(error):  # the second: paramiko's, where keys are being exchanged anew
            self.fail("unresponsive", f"{self.host}: no longer answers (tried {purpose})", GONE)
        if isinstance(error, paramiko.ChannelException):
            hint = hints.FEW_SESSIONS
            self.fail("permission-denied", f"{self.host}: refused another session for {purpose}: {error.text}", hint)
        self.fail(
            "permission-denied", f"{self.host}: does not let this user run {purpose}", "check the account's shell and the server's restrictions"
        )
