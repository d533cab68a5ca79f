"""The terminal of an interactive shell: one channel with a pty, read and written without waiting for ever.

It is as wide as netmiko asks for, so that a device wraps no line and no echo.
"""

from __future__ import annotations

import threading

import paramiko

WIDTH, HEIGHT = 511, 1000
_WRITE = 5.0  # seconds in which a device takes one line
_CHUNK = 64 * 1024
INTERRUPT = b"\x03"
ESCAPE = b"\x1e"  # control-^, by which older IOS ends ping and traceroute


def ask_for_shell(channel: paramiko.Channel) -> None:
    """What makes a new channel a terminal."""
    channel.get_pty("vt100", WIDTH, HEIGHT)
    channel.invoke_shell()


class Terminal:
    """EOFError where the device has ended the session."""

    def __init__(self, channel: paramiko.Channel) -> None:
        self._channel = channel
        self._back = b""
        self._writing = threading.Lock()

    @property
    def closed(self) -> bool:
        return bool(self._channel.closed or self._channel.eof_received) and not self._channel.recv_ready()

    def read(self, seconds: float) -> bytes:
        """What has arrived, waiting up to `seconds` for something; empty when nothing came."""
        if self._back:
            data, self._back = self._back, b""
            return data
        self._channel.settimeout(max(seconds, 0.001))
        try:
            data = self._channel.recv(_CHUNK)
        except TimeoutError:
            return b""
        if not data:
            raise EOFError
        return data

    def put_back(self, data: bytes) -> None:
        """To be read first by whoever reads next."""
        self._back = data + self._back

    def write(self, data: bytes) -> None:
        with self._writing:
            self._channel.settimeout(_WRITE)
            try:
                self._channel.sendall(data)
            except TimeoutError:
                return  # it takes nothing: whoever waits for an answer will say so
            except (OSError, paramiko.SSHException) as error:
                raise EOFError from error

    def close(self) -> None:
        self._channel.close()
