"""From a name to an encrypted, verified and logged-in connection, hop by hop, each step with its own failure.

Every hop is a login of its own: its own settings, host key, credentials. The next one's bytes go through a channel of it. A
`Connection` can be cut from another thread at any step: `close` closes what there is, last things first, and what comes later is
closed as soon as it is there. The failure of a jump host names it and its place on the way.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import paramiko

from tshoot.errors import TargetError
from tshoot.model.text import clean_line
from tshoot.transports import hints
from tshoot.transports.base import NeedsOpenSsh, Prompter, TargetBusy
from tshoot.transports.bounded import Deadline
from tshoot.transports.config.host_settings import HostSettings, needs_openssh
from tshoot.transports.login.credentials import Account
from tshoot.transports.one_login import closed_here
from tshoot.transports.settings import SshSettings
from tshoot.transports.ssh.client import HopClient
from tshoot.transports.ssh.greeting import await_greeting
from tshoot.transports.ssh.host_key import HostKeyCheck
from tshoot.transports.ssh.keys import would_try
from tshoot.transports.ssh.login import BROKEN, Login
from tshoot.transports.ssh.negotiation import client_for, negotiate
from tshoot.transports.ssh.proxy_command import ProxyCommand
from tshoot.transports.ssh.reach import by_tcp, through_hop
from tshoot.transports.steps import Step

logging.getLogger("paramiko").addHandler(logging.NullHandler())  # else its errors reach the terminal through logging's last resort


class Connection:
    """One attempt along one way, whose last hop is the target. `establish` runs in a bounded thread; `client` is there when it returned.

    `looking`: go as far as it goes without any login, so no further than the first hop, and ask nobody.
    """

    def __init__(
        self,
        way: tuple[HostSettings, ...],
        settings: SshSettings,
        prompter: Prompter,
        deadline: Deadline,
        on_note: Callable[[str], None] = lambda text: None,
        looking: bool = False,
    ) -> None:
        self.way, self.host = way, way[-1]
        self.client: HopClient | None = None
        self._accounts = tuple(Account(host.user, host.typed, host.port, jump=host is not self.host) for host in way)
        self.hop, self.step = 0, "ssh_config"
        self._settings, self._prompter, self._deadline, self._on_note, self._looking = settings, prompter, deadline, on_note, looking
        self._held: list[Any] = []
        self._checks: list[HostKeyCheck] = []
        self._proxy: ProxyCommand | None = None
        self._closed = False
        self._lock = threading.Lock()

    @property
    def account(self) -> Account:
        """The one of the login at the target."""
        return self._accounts[-1]

    def establish(self) -> HopClient:
        try:
            for hop, host in enumerate(self.way):
                self.hop = hop
                self._require_paramiko(host)
            self.hop = 0
            client = self._go(self.way[0], None)
            for hop, host in enumerate(() if self._looking else self.way[1:], 1):
                self.hop = hop
                client = self._go(host, client)
            self.client = client
            return client
        except TargetError as error:
            self.close()
            raise self.named(error) from error.__cause__
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        with self._lock:
            self._closed = True
            held, self._held = self._held[::-1], []
        for thing in held:
            with suppress(Exception):
                _end(thing)

    # --- its failures --------------------------------------------------------------------------------

    def named(self, error: TargetError) -> TargetError:
        """`error` of the hop that is under way, with its name where it is a jump host. What follows a login is never "busy": nobody logs in twice."""
        last = len(self.way) - 1
        if self.hop == last and (self.hop == 0 or not isinstance(error, TargetBusy)):
            return error
        jump = f"jump host {self.way[self.hop].typed} (hop {self.hop + 1} of {last + 1}): " if self.hop < last else ""
        if isinstance(error, NeedsOpenSsh):
            return NeedsOpenSsh(error.kind, jump + error.message, error.hint, f"{jump}{error.reason}")
        if isinstance(error, TargetBusy) and self.hop == 0:
            return TargetBusy(jump + error.message, error.hint, error.said)
        return TargetError(error.kind, jump + error.message, error.hint)

    def late(self, hint: str) -> TargetError:
        """The time for what is under way is over."""
        kind = {"looking up its name": "name-unknown", "connecting": "unreachable"}.get(self._deadline.phase, "unresponsive")
        host = self.way[self.hop]
        return self.named(TargetError(kind, f"{host.place}: no answer within {self._deadline.seconds:g} s while {self._deadline.phase}", hint))

    def _require_paramiko(self, host: HostSettings) -> None:
        if host.beyond_paramiko:
            raise needs_openssh(host.typed, "; ".join(host.beyond_paramiko))
        check = self._key_check(host)
        check.require_no_authority()
        self._checks.append(check)

    # --- one hop -------------------------------------------------------------------------------------

    def _go(self, host: HostSettings, before: HopClient | None) -> HopClient:
        patience = host.connect_timeout or self._settings.connect_timeout
        self.step = "name"
        sock = self._reach(host, before, patience)
        self.step = "greeting"
        self._deadline.restart(patience + 1, "waiting for its greeting")  # the step has a better message of its own
        self._tell("greeting", await_greeting(host, sock, patience, lambda said: self._closed_early(host, said)))
        self.step = "algorithms"
        self._deadline.restart(patience, "exchanging keys")
        check = self._checks[self.hop]
        client = client_for(sock, host, patience)
        self._keep(client)
        check.prefer_known(client)
        self._tell("algorithms", *negotiate(client, host, lambda said: self._closed_early(host, said)))
        self._verify(client, host, check)
        self._deadline.restart(self._settings.login_timeout, "logging in")
        if self._looking:
            self.step = "offers"
            methods = offered(client, host)
            self._tell("offers", ", ".join(methods), *would_try(host, self._settings, methods))
        else:
            self._log_in(client, host)
        return client

    def _verify(self, client: HopClient, host: HostSettings, check: HostKeyCheck) -> None:
        """Its host key. A server may hang up while the operator is asked about that (LoginGraceTime)."""
        self.step = "host-key"
        try:
            self._tell("host-key", check.check(client))
        except paramiko.SSHException as error:
            raise self._closed_early(host, client.disconnect_reason) from error
        if not client.is_active():
            raise self._closed_early(host, client.disconnect_reason)

    def _log_in(self, client: HopClient, host: HostSettings) -> None:
        self.step = "login"
        Login(client, host, self._settings, self._prompter, self._deadline, self._accounts[self.hop]).log_in()
        if host.server_alive_interval:
            client.watch(host.server_alive_interval, host.server_alive_count_max)
        else:
            client.set_keepalive(max(1, round(self._settings.keepalive)))
        self._tell("login", f"logged in as {host.user}")

    def _key_check(self, host: HostSettings) -> HostKeyCheck:
        return HostKeyCheck(host, self._settings, self._prompter, self._deadline, self._on_note, ask=not self._looking)

    def _reach(self, host: HostSettings, before: HopClient | None, patience: float) -> Any:
        if before is not None:
            sock: Any = through_hop(host, self.way[self.hop - 1], before, patience, self._deadline, self._tell)
        elif host.proxy_command:
            self._deadline.restart(patience, "connecting")
            self._proxy = ProxyCommand(host)
            self._keep(self._proxy)
            self._tell("connect", f"by its ProxyCommand: {clean_line(host.proxy_command)[:200]}")
            return self._proxy.socket
        else:
            return by_tcp(host, patience, self._settings.keepalive, self._deadline, self._keep, self._tell)
        self._keep(sock)
        return sock

    def _closed_early(self, host: HostSettings, said: str) -> TargetError:
        if self._proxy is not None and self.hop == 0:
            why = self._proxy.last_words()
            hint = "run its ProxyCommand by hand; it has no terminal here, so it can ask nobody"
            return TargetError("closed", f"{host.place}: closed the connection before the login{why}", hint)
        words = f": {said}" if said else ""
        return TargetBusy(f"{host.place}: closed the connection before the login{words}", hints.TURNED_AWAY, said)

    def _keep(self, thing: Any) -> None:
        """Close it with the connection; at once, and end, where that is closed already."""
        with self._lock:
            if not self._closed:
                self._held.append(thing)
                return
        _end(thing)
        raise closed_here(self.host.typed)

    def _tell(self, step: str, said: str, *notes: str) -> None:
        if step == "name":
            self.step = "connect"
        if self._settings.on_step is not None:
            self._settings.on_step(Step(self.hop, step, said, notes))


def offered(client: HopClient, host: HostSettings) -> tuple[str, ...]:
    """The logins that the server lists when it is asked without any credential (`none`, RFC 4252 section 5.2)."""
    try:
        client.auth_none(host.user)
    except paramiko.BadAuthenticationType as error:
        return tuple(clean_line(name)[:60] for name in error.allowed_types[:20])
    except BROKEN as error:
        raise TargetError("closed", f"{host.place}: does not tell which logins it offers", "try `ssh -v` to it") from error
    return ("none: it lets anybody in without a login",)


def _end(thing: Any) -> None:
    thing.close()
    if isinstance(thing, paramiko.Transport) and thing.is_alive() and thing is not threading.current_thread():
        thing.join(1.0)
