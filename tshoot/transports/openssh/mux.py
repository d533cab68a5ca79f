"""What the master of OpenSSH's connection sharing is asked over its control socket (OpenSSH's PROTOCOL.mux, version 4).

One connection to the socket is one session; the ends of its streams are passed as file descriptors, so that no byte
of a command goes through anything but the master. Closing the connection ends the session. Everything here has a bound.
"""

from __future__ import annotations

import array
import socket
import struct
import time
from collections.abc import Sequence
from pathlib import Path

from tshoot.model.text import clean_line, decode
from tshoot.transports.openssh.ready import ready

_HELLO, _VERSION = 0x00000001, 4
_NEW_SESSION, _ALIVE_CHECK = 0x10000002, 0x10000004
_DENIED, _FAILURE, _EXIT, _ALIVE, _OPENED = 0x80000002, 0x80000003, 0x80000004, 0x80000005, 0x80000006
_NO_ESCAPE = 0xFFFFFFFF
_LONGEST = 256 * 1024  # a packet of the master: reasons are short


class MuxRefused(OSError):
    """The server opens no such session; the words are the master's."""


class MuxGone(OSError):
    """There is no master any more, or it does not speak this protocol."""


class MuxSession:
    """One session, asked for when it is made; `await_open` says when the server has agreed."""

    def __init__(self, path: Path, command: str, streams: Sequence[int], *, tty: bool = False, subsystem: bool = False) -> None:
        self.exit_status: int | None = None
        self.ended = False
        self._is_open = False
        self._bytes = b""
        self._socket = _connected(path)
        try:
            flags = (int(tty), 0, 0, int(subsystem), _NO_ESCAPE)
            words = _string(b"vt100" if tty else b"") + _string(command.encode())
            self._send(struct.pack(">II", _HELLO, _VERSION))
            self._send(struct.pack(">II", _NEW_SESSION, 1) + _string(b"") + struct.pack(">5I", *flags) + words)
            for descriptor in streams:
                rights = [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", [descriptor]))]
                self._socket.sendmsg([b"\0"], rights)
            self._socket.setblocking(False)
        except OSError as error:
            self._socket.close()
            raise MuxGone(str(error)) from error

    def fileno(self) -> int:
        return self._socket.fileno()

    def await_open(self, seconds: float) -> None:
        """Until the server has opened it; TimeoutError, MuxRefused, or MuxGone with the master's end."""
        end = time.monotonic() + seconds
        while not self._is_open:
            if self.ended:
                raise MuxGone("the connection ended")
            left = end - time.monotonic()
            if left <= 0:
                raise TimeoutError
            if ready([self._socket.fileno()], min(left, 0.5)):
                self.read()

    def read(self) -> None:
        """Take what the master has sent, without waiting; `ended` and `exit_status` change by it."""
        try:
            data = self._socket.recv(65536)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        self.ended = self.ended or not data
        self._bytes += data
        while len(self._bytes) >= 4:
            length = struct.unpack_from(">I", self._bytes)[0]
            if not 4 <= length <= _LONGEST:
                self.ended = True
                return
            if len(self._bytes) < 4 + length:
                return
            packet, self._bytes = self._bytes[4 : 4 + length], self._bytes[4 + length :]
            self._take(packet)

    def _take(self, packet: bytes) -> None:
        kind = struct.unpack_from(">I", packet)[0]
        if kind == _OPENED:
            self._is_open = True
        elif kind == _EXIT and len(packet) >= 12:
            self.exit_status = struct.unpack_from(">I", packet, 8)[0]
        elif kind in (_DENIED, _FAILURE):
            self.close()
            raise MuxRefused(clean_line(decode(packet[12:]))[:200])

    def close(self) -> None:
        self.ended = True
        self._socket.close()

    def _send(self, packet: bytes) -> None:
        self._socket.sendall(struct.pack(">I", len(packet)) + packet)


def answers(path: Path, seconds: float) -> bool:
    """Whether there is a master behind the socket that speaks."""
    try:
        with _connected(path, seconds) as link:
            link.sendall(struct.pack(">III", 8, _HELLO, _VERSION) + struct.pack(">III", 8, _ALIVE_CHECK, 1))
            said = b""
            while len(said) < 4096:
                data = link.recv(4096)
                said += data
                if struct.pack(">II", _ALIVE, 1) in said:
                    return True
                if not data:
                    return False
    except OSError:
        pass
    return False


def _connected(path: Path, seconds: float = 5.0) -> socket.socket:
    link = socket.socket(socket.AF_UNIX)
    try:
        link.settimeout(seconds)
        link.connect(str(path))
    except OSError as error:
        link.close()
        raise MuxGone(str(error)) from error
    return link


def _string(data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + data
