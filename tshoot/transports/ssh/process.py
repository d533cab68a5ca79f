"""One command on one channel: its streams apart, read only when someone asks, never waiting without an end.

`pump` reads what has arrived. The command has ended when the server closed the channel, or sent the exit status
and the end of the output; a server that sends the status and then neither is given a short grace.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from contextlib import suppress

import paramiko

from tshoot.transports.base import OnOutput
from tshoot.transports.process import RemoteProcess

_GRACE = 1.0  # after the exit status, for output of children that hold the channel open
_CHUNK = 64 * 1024
_CHANNEL_REQUEST = bytes([98])  # SSH_MSG_CHANNEL_REQUEST


class _Wake(threading.Event):
    """paramiko clears the event of a buffer that was emptied, also when the other stream still holds data: we clear it ourselves."""

    def clear(self) -> None: ...

    def rearm(self) -> None:
        super().clear()


class SshProcess(RemoteProcess):
    """On a channel of paramiko. `release` gives its place back."""

    def __init__(self, channel: paramiko.Channel, *, limit: int, on_output: OnOutput | None, keep: bool, release: Callable[[], None]) -> None:
        super().__init__(limit=limit, on_output=on_output, keep=keep)
        self._channel, self._release = channel, release
        self._closed = False
        self._wake = _Wake()
        channel.in_buffer.set_event(self._wake)
        channel.in_stderr_buffer.set_event(self._wake)

    def pump(self, seconds: float) -> bool:
        """Wait up to `seconds` for something, read what is there; True when the command has ended."""
        if not self._ended and seconds > 0:
            self._wake.wait(seconds)
        with self._lock:
            if self._ended:
                return True
            self._wake.rearm()
            channel = self._channel
            over = channel.closed or (channel.exit_status_ready() and channel.eof_received)
            status = channel.exit_status_ready()
            if self._drain():
                self._quiet_since = time.monotonic()
            rest = channel.recv_ready() or channel.recv_stderr_ready()
            self._ended = not rest and bool(over or (status and time.monotonic() - self._quiet_since > _GRACE))
            return self._ended

    def _drain(self) -> bool:
        got = False
        channel = self._channel
        if self._held_up and not channel.closed:
            return False  # what reads may have to tell the server that it may go on
        for stream, ready, receive in (
            ("stdout", channel.recv_ready, channel.recv),
            ("stderr", channel.recv_stderr_ready, channel.recv_stderr),
        ):
            left = 64  # at most 4 MB at a time, so that whoever pumps can look at clock and operator
            while left and ready():
                self._take(stream, receive(_CHUNK))
                got, left = True, left - 1
            if not left:
                self._wake.set()
        return got

    @property
    def died(self) -> bool:
        """It ended because the connection did."""
        return self._ended and self._channel.exit_status == -1 and not self._channel.get_transport().is_active()

    @property
    def exit_status(self) -> int | None:
        self.pump(0)
        return None if not self._channel.exit_status_ready() or self._channel.exit_status == -1 else self._channel.exit_status

    def terminate(self) -> None:
        """Close it, and ask the server to end what still runs (RFC 4254, 6.9), which otherwise goes on and holds one of its few sessions."""
        self._on_output = None  # whom it failed is not called again
        try:
            if not self.pump(0) and not self._closed and not self._held_up:
                self._ask_to_end()
        finally:
            self.close()

    def _ask_to_end(self) -> None:
        request = paramiko.Message()
        request.add_byte(_CHANNEL_REQUEST)
        request.add_int(self._channel.remote_chanid)
        request.add_string("signal")
        request.add_boolean(False)
        request.add_string("TERM")
        with suppress(paramiko.SSHException, OSError, EOFError):
            self._channel.get_transport()._send_user_message(request)  # type: ignore[attr-defined]  # paramiko has no call for it

    @property
    def _held_up(self) -> bool:
        """Keys are being exchanged anew (RFC 4253, 9): until that is over, if it ever is, whatever sends is blocked."""
        return not self._channel.get_transport().clear_to_send.is_set()

    def close(self) -> None:
        with self._lock:
            if self._closed:
                return
            self._closed = True
        try:
            self._drain_safely()
            self._channel.close()
        finally:
            self._release()

    def _drain_safely(self) -> None:
        with self._lock:
            if not self._ended:
                self._on_output = None
                self._drain()
