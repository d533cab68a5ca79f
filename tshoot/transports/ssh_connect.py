"""From a name to an encrypted, verified and logged-in connection, each step with its own failure.

A `Connection` can be cut from another thread at any step: `close` closes what there is, and what comes later is
closed as soon as it is there.
"""

from __future__ import annotations

import logging
import socket
import sys
import threading
import time

import paramiko

from tshoot.errors import TargetError
from tshoot.model.text import clean_line
from tshoot.transports.base import Prompter
from tshoot.transports.bounded import Deadline
from tshoot.transports.settings import SshSettings
from tshoot.transports.ssh_config import HostSettings
from tshoot.transports.ssh_host_key import HostKeyCheck
from tshoot.transports.ssh_login import Login, SshClient

logging.getLogger("paramiko").addHandler(logging.NullHandler())  # else its errors reach the terminal through logging's last resort
_OPERATOR_TIME = 24 * 3600.0  # paramiko's own clocks run on while the operator types; ours (Deadline) do not
_GREETING = 16 * 1024


class Connection:
    """One attempt at one host. `establish` runs in a bounded thread; `client` is there when it returned."""

    def __init__(self, host: HostSettings, settings: SshSettings, prompter: Prompter, deadline: Deadline) -> None:
        self.host, self._settings, self._prompter, self._deadline = host, settings, prompter, deadline
        self.client: SshClient | None = None
        self._socket: socket.socket | None = None
        self._closed = False
        self._lock = threading.Lock()

    def establish(self) -> SshClient:
        try:
            sock = self._reach()
            self._deadline.restart(self._patience + 1, "waiting for its greeting")  # the step has a better message of its own
            self._await_greeting(sock)
            client = self._negotiate(sock)
            HostKeyCheck(self.host, self._settings, self._prompter, self._deadline).check(client)
            self._deadline.restart(self._settings.login_timeout, "logging in")
            Login(client, self.host, self._settings, self._prompter, self._deadline).log_in()
            client.set_keepalive(max(1, round(self._settings.keepalive)))
            return client
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        with self._lock:
            self._closed = True
            client, sock = self.client, self._socket
        if client is not None:
            client.close()
            client.packetizer.complete_handshake()  # ends paramiko's timer thread of an unfinished handshake
            if client.is_alive() and client is not threading.current_thread():
                client.join(1.0)
        if sock is not None:
            sock.close()

    @property
    def _patience(self) -> float:
        return self.host.connect_timeout or self._settings.connect_timeout

    def _reach(self) -> socket.socket:
        self._deadline.restart(self._patience, "looking up its name")
        try:
            found = socket.getaddrinfo(self.host.host, self.host.port, type=socket.SOCK_STREAM)
        except (socket.gaierror, UnicodeError) as error:
            hint = "check the spelling and the name service, or use its address"
            raise TargetError("name-unknown", f"{self.host.typed}: the name `{self.host.host}` cannot be resolved", hint) from error
        self._deadline.restart(self._patience, "connecting")
        errors: list[OSError] = []
        for family, kind, protocol, _, address in found:
            try:
                return self._open(socket.socket(family, kind, protocol), address, len(found))
            except OSError as error:
                errors.append(error)
        raise self._unreached(errors)

    def _open(self, sock: socket.socket, address: object, choices: int) -> socket.socket:
        with self._lock:
            if self._closed:
                sock.close()
                raise OSError("cancelled")
            self._socket = sock
        try:
            sock.settimeout(max(0.05, self._deadline.left() / choices * 0.95))
            sock.connect(address)  # type: ignore[arg-type]  # as getaddrinfo gave it
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)  # a command is several small messages in a row
            _notice_death(sock, self._settings.keepalive)
        except OSError:
            sock.close()
            raise
        return sock

    def _unreached(self, errors: list[OSError]) -> TargetError:
        if any(isinstance(error, ConnectionRefusedError) for error in errors):
            hint = "is the SSH service started there, and on that port? On ESXi it is off until someone starts it"
            return TargetError("refused", f"{self.host.place}: the connection was refused", hint)
        why = "no answer" if any(isinstance(e, TimeoutError) for e in errors) else (errors[-1].strerror if errors else "") or "no address"
        hint = "check address, route and firewall; `ping` and a traceroute from here tell how far it gets"
        return TargetError("unreachable", f"{self.host.place}: cannot be reached: {why}", hint)

    def _await_greeting(self, sock: socket.socket) -> None:
        """Look at what the server says first without taking it: paramiko reads without bound and tells silence from an end badly."""
        end = time.monotonic() + self._patience
        while (left := end - time.monotonic()) > 0:
            sock.settimeout(left)
            try:
                said = sock.recv(_GREETING, socket.MSG_PEEK)
            except TimeoutError:
                break
            except OSError as error:
                raise self._closed_early() from error
            if not said:
                raise self._closed_early()
            if any(line.startswith(b"SSH-") for line in said.split(b"\n")[:-1]):
                return
            if len(said) >= _GREETING or said.startswith((b"HTTP/", b"220 ", b"+OK")):
                shown = clean_line(said[:80].decode("utf-8", "replace"))
                raise TargetError("unreachable", f"{self.host.place}: answers, but not with SSH; it says `{shown}`", "check the port")
            time.sleep(0.01)
        raise TargetError(
            "unresponsive", f"{self.host.place}: accepts the connection and says nothing", "the host or its SSH service hangs: look at its console"
        )

    def _closed_early(self) -> TargetError:
        hint = "too many sessions, a deny list or a firewall do this: look at the host's authentication log"
        return TargetError("closed", f"{self.host.place}: closed the connection before the login", hint)

    def _negotiate(self, sock: socket.socket) -> SshClient:
        self._deadline.restart(self._patience, "exchanging keys")
        client = SshClient(sock)
        client.daemon = True
        client.banner_timeout = client.handshake_timeout = self._patience
        client.auth_timeout = _OPERATOR_TIME
        HostKeyCheck(self.host, self._settings, self._prompter, self._deadline).prefer_known(client)
        with self._lock:
            self.client = client
            if self._closed:
                raise self._closed_early()
        try:
            client.start_client()
        except paramiko.ssh_exception.IncompatiblePeer as error:
            raise self._incompatible(str(error)) from error
        except (paramiko.SSHException, EOFError, OSError) as error:
            said = client.disconnect_reason or clean_line(str(error))[:200]
            if isinstance(error, EOFError | ConnectionError) or not said:
                raise self._closed_early() from error
            hint = "try `ssh -v` to it: the server's side of the SSH protocol is broken or cut short"
            raise TargetError("closed", f"{self.host.place}: the key exchange failed: {said}", hint) from error
        return client

    def _incompatible(self, error: str) -> TargetError:
        why = clean_line(error)[:200]
        hint = (
            "an old device that knows only SHA-1 or DSA, which the SSH library here has dropped: update its SSH server, "
            "or log in with the OpenSSH client (`ssh -oKexAlgorithms=+diffie-hellman-group14-sha1 -oHostKeyAlgorithms=+ssh-rsa`) "
            "and let `tshoot analyze` read the transcript"
        )
        return TargetError("no-common-algorithm", f"{self.host.place}: no common SSH algorithm: {why}", hint)


def _notice_death(sock: socket.socket, keepalive: float) -> None:
    """Unanswered keepalives end the connection (RFC 5482), so that a cut cable is noticed while a capture is quiet."""
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    if sys.platform == "linux":
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, int(keepalive * 3000))
