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

from tshoot.model.events import CommandRan
from tshoot.transports.base import OnOutput

_GRACE = 1.0  # after the exit status, for output of children that hold the channel open
_TICK = 0.1
_CHUNK = 64 * 1024
_CHANNEL_REQUEST = bytes([98])  # SSH_MSG_CHANNEL_REQUEST


class _Wake(threading.Event):
    """paramiko clears the event of a buffer that was emptied, also when the other stream still holds data: we clear it ourselves."""

    def clear(self) -> None: ...

    def rearm(self) -> None:
        super().clear()


class SshProcess:
    """`limit` bytes a stream are kept and passed on, the rest is read and dropped. With `keep` False they are only passed on."""

    def __init__(self, channel: paramiko.Channel, *, limit: int, on_output: OnOutput | None, keep: bool, release: Callable[[], None]) -> None:
        self._channel, self._limit, self._on_output, self._keep, self._release = channel, limit, on_output, keep, release
        self._kept = {"stdout": bytearray(), "stderr": bytearray()}
        self._seen = {"stdout": 0, "stderr": 0}
        self._line_start = 0
        self._ended = False
        self._closed = False
        self._started = self._quiet_since = time.monotonic()
        self._lock = threading.RLock()
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

    def _take(self, stream: str, data: bytes) -> None:
        room = self._limit - self._seen[stream]
        self._seen[stream] += len(data)
        data = data[: max(0, room)]
        if self._keep:
            self._kept[stream] += data
        if data and self._on_output is not None:
            self._on_output(stream, data)

    @property
    def seconds(self) -> float:
        """Since it was started."""
        return time.monotonic() - self._started

    def ran(self) -> CommandRan:
        """What there is of it so far."""
        stdout, stderr = self.output()
        return CommandRan(self.exit_status, stdout, stderr, self.seconds, any(seen > self._limit for seen in self._seen.values()))

    @property
    def died(self) -> bool:
        """It ended because the connection did."""
        return self._ended and self._channel.exit_status == -1 and not self._channel.get_transport().is_active()

    @property
    def exit_status(self) -> int | None:
        self.pump(0)
        return None if not self._channel.exit_status_ready() or self._channel.exit_status == -1 else self._channel.exit_status

    def output(self) -> tuple[bytes, bytes]:
        self.pump(0)
        with self._lock:
            return bytes(self._kept["stdout"]), bytes(self._kept["stderr"])

    def read_line(self, timeout: float) -> str | None:
        end = time.monotonic() + timeout
        while True:
            ended = self.pump(0)
            line = self._next_line(ended)
            if line is not None or ended or time.monotonic() >= end:
                return line
            self.pump(min(_TICK, max(0.0, end - time.monotonic())))

    def _next_line(self, ended: bool) -> str | None:
        with self._lock:
            kept = self._kept["stdout"]
            stop = kept.find(b"\n", self._line_start)
            if stop < 0:
                if not ended or self._line_start >= len(kept):
                    return None
                stop = len(kept)
            line = bytes(kept[self._line_start : stop])
            self._line_start = stop + 1
            return line.decode("utf-8", errors="replace").rstrip("\r")

    def wait(self, timeout: float) -> bool:
        end = time.monotonic() + timeout
        while not self.pump(min(_TICK, max(0.0, end - time.monotonic()))):
            if time.monotonic() >= end:
                return False
        return True

    def terminate(self) -> None:
        """Close it, and ask the server to end what still runs (RFC 4254, 6.9), which otherwise goes on and holds one of its few sessions."""
        if not self.pump(0) and not self._closed:
            request = paramiko.Message()
            request.add_byte(_CHANNEL_REQUEST)
            request.add_int(self._channel.remote_chanid)
            request.add_string("signal")
            request.add_boolean(False)
            request.add_string("TERM")
            with suppress(paramiko.SSHException, OSError, EOFError):
                self._channel.get_transport()._send_user_message(request)  # type: ignore[attr-defined]  # paramiko has no call for it
        self.close()

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


def open_session(client: paramiko.Transport, seconds: float) -> paramiko.Channel:
    """A new channel. A server that has its full number refuses; one of them may be ending just now."""
    end = time.monotonic() + seconds / 2
    while True:
        try:
            return client.open_session(timeout=seconds)
        except paramiko.ChannelException:
            if time.monotonic() > end:
                raise
            time.sleep(_TICK)
