"""The SSH server of one simulated device, on 127.0.0.1 and a port of its own.

It is an exec server for this user: whoever logs in runs shell commands as the user that started it (a device with a
command line of its own runs none: its answers come from the scenario). So it listens on loopback only, takes one
random password and one key of this run, and ends with its `close`: no thread, process, socket or file is left.
"""

from __future__ import annotations

import logging
import socket
import threading
from collections.abc import Callable
from contextlib import suppress

import paramiko

from tshoot.simulator.cli_session import CliSession
from tshoot.simulator.clock import ServedClock
from tshoot.simulator.execution import execute
from tshoot.simulator.files import DeviceFiles
from tshoot.simulator.granting import GrantingTransport, after_reply
from tshoot.simulator.login import Credentials, DeviceLogin
from tshoot.simulator.simulated_device import SimulatedDevice

LOOPBACK = "127.0.0.1"
_LOG = "tshoot.simulator"  # of what paramiko says about clients that go away: it would end on the terminal
logging.getLogger(_LOG).addHandler(logging.NullHandler())


class DeviceServer:
    """Listens once it is made (a closed port is held but refuses); `close` ends all of it, the device too."""

    def __init__(self, device: SimulatedDevice, host_key: paramiko.PKey, credentials: Credentials, clock: ServedClock) -> None:
        self._device, self._host_key, self._credentials, self._clock = device, host_key, credentials, clock
        self.has_terminal = device.device.cli is not None
        self._logins: list[DeviceLogin] = []
        self._transports: list[GrantingTransport] = []
        self._threads: list[threading.Thread] = []
        self._closing = threading.Event()
        self._listening = socket.create_server((LOOPBACK, 0)) if not device.device.port_closed else _refusing()
        self.port: int = self._listening.getsockname()[1]
        self._device.on_cut = self.drop
        if not device.device.port_closed:
            self._start(self._accept)

    @property
    def failed_logins(self) -> int:
        """How many login attempts were turned down so far."""
        return sum(login.failures for login in self._logins)

    def drop(self) -> None:
        """Cut all connections; processes live on, as after a real cut."""
        for transport in list(self._transports):
            transport.close()

    def close(self) -> None:
        self._closing.set()
        with suppress(OSError):
            self._listening.shutdown(socket.SHUT_RDWR)
        self._listening.close()
        self._device.close()
        self.drop()
        for thread in self._threads:
            thread.join(10)
        for transport in self._transports:
            transport.join(10)

    def _start(self, target: Callable[..., None], *arguments: object) -> None:
        thread = threading.Thread(target=target, args=arguments, name=f"simulator {target.__name__}", daemon=True)
        self._threads.append(thread)
        thread.start()

    def _accept(self) -> None:
        while not self._closing.is_set():
            try:
                connection, _ = self._listening.accept()
            except OSError:
                return
            login = DeviceLogin(self._credentials, self._device.device.refused_logins, self)
            transport = GrantingTransport(connection)
            transport.set_log_channel(_LOG)
            transport.add_server_key(self._host_key)
            self._logins.append(login)
            self._transports.append(transport)
            with suppress(paramiko.SSHException):
                transport.start_server(event=threading.Event(), server=login)
            if self._closing.is_set():
                transport.close()

    # --- what logins lead to (login.Sessions) ---

    def ready(self) -> bool:
        if self._device.device.hangs:
            self._closing.wait()
        return not self._closing.is_set()

    def logged_in(self) -> None:
        self._clock.start()

    def shell(self, channel: paramiko.Channel) -> bool:
        if self.has_terminal:
            after_reply(channel, lambda: self._start(self._cli(channel).interact))
        return self.has_terminal

    def execute(self, channel: paramiko.Channel, command: bytes) -> bool:
        if self.has_terminal:
            after_reply(channel, lambda: self._start(self._cli(channel).run_once, command.decode("utf-8", errors="replace")))
            return True
        entry = self._device.entry(command)
        if entry and entry.fails == "permission-denied":
            return False
        after_reply(channel, lambda: self._start(execute, channel, self._device, command))
        return True

    def sftp(self, channel: paramiko.Channel, login: paramiko.ServerInterface) -> bool:
        if not self._device.device.sftp:
            return False
        handler = paramiko.SFTPServer(channel, "sftp", login, DeviceFiles, self._device.root)
        self._threads.append(handler)
        after_reply(channel, handler.start)
        return True

    def _cli(self, channel: paramiko.Channel) -> CliSession:
        return CliSession(channel, self._device.device, self._clock, self.drop)


def _refusing() -> socket.socket:
    """A port that is taken but not listened on: connections to it are refused."""
    held = socket.socket()
    held.bind((LOOPBACK, 0))
    return held
