"""One command in one session of the master `ssh`: its streams are pipes of ours, its exit status comes over the control socket.

It has ended when the master closed the session and the pipes are empty; a server that tells the exit status and
then neither closes nor prints is given a short grace. Closing it closes its standard input and the channel.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable

from tshoot.transports.base import OnOutput
from tshoot.transports.openssh.mux import MuxRefused, MuxSession
from tshoot.transports.openssh.ready import ready
from tshoot.transports.process import RemoteProcess

_GRACE = 1.0  # after the exit status, for output of children that hold the channel open
_CHUNK = 64 * 1024
_AT_ONCE = 64  # chunks, so that whoever pumps can look at clock and operator


class Pipes:
    """Our ends, made with those that the master gets (`theirs`). `writing` is None where standard input is at its end."""

    def __init__(self, stdin: bool) -> None:
        self.stdout, printing = os.pipe()
        self.stderr, failing = os.pipe()
        self.writing: int | None = None
        if stdin:
            reading, self.writing = os.pipe()
        else:
            reading = os.open(os.devnull, os.O_RDONLY)
        self.theirs = (reading, printing, failing)
        os.set_blocking(self.stdout, False)
        os.set_blocking(self.stderr, False)

    def close(self) -> None:
        """Ours; those of the master were closed when it had them."""
        for descriptor in (self.stdout, self.stderr, self.writing):
            if descriptor is not None:
                os.close(descriptor)


class OpenSshProcess(RemoteProcess):
    """`release` gives its place back; `connected` tells whether the connection still stands."""

    def __init__(
        self,
        session: MuxSession,
        pipes: Pipes,
        *,
        limit: int,
        on_output: OnOutput | None,
        keep: bool,
        release: Callable[[], None],
        connected: Callable[[], bool],
    ) -> None:
        super().__init__(limit=limit, on_output=on_output, keep=keep)
        self._session, self._pipes, self._release, self._connected = session, pipes, release, connected
        self._open = {"stdout": pipes.stdout, "stderr": pipes.stderr}
        self._closed = False
        self._over_since: float | None = None

    def pump(self, seconds: float) -> bool:
        if not self._ended and seconds > 0:
            self._wait(seconds)
        with self._lock:
            if self._ended or self._closed:
                return self._ended
            if not self._session.ended:
                self._read_session()
            got, now = self._drain(), time.monotonic()
            if got:
                self._quiet_since = now
            over = self._session.ended or (self._session.exit_status is not None and not self._open)
            graceful = (self._session.ended or self._session.exit_status is not None) and now - max(self._quiet_since, self._told_at(now)) > _GRACE
            self._ended = not got and bool((over and not self._open) or graceful)
            return self._ended

    def _wait(self, seconds: float) -> None:
        """For output, or for the end. Not under the lock, so that it may be closed meanwhile."""
        watched: list[int] = [] if self._closed else [*self._open.values()]
        if not (self._session.ended or self._closed):
            watched.append(self._session.fileno())
        ready(watched, seconds)

    def _told_at(self, now: float) -> float:
        """When it was first seen that the command is over."""
        if self._over_since is None:
            self._over_since = now
        return self._over_since

    def _read_session(self) -> None:
        try:
            self._session.read()
        except MuxRefused:  # which it may say but once
            self._session.close()

    def _drain(self) -> bool:
        got = False
        for stream, descriptor in tuple(self._open.items()):
            for _ in range(_AT_ONCE):
                try:
                    data = os.read(descriptor, _CHUNK)
                except BlockingIOError:
                    break
                if not data:
                    del self._open[stream]
                    break
                self._take(stream, data)
                got = True
        return got

    @property
    def closed(self) -> bool:
        return self._closed

    @property
    def died(self) -> bool:
        return self._ended and self._session.exit_status is None and not self._connected()

    @property
    def exit_status(self) -> int | None:
        self.pump(0)
        return self._session.exit_status

    def terminate(self) -> None:
        """`ssh` has no way to send a signal; the server ends what notices that its terminal, input or output is gone."""
        self.close()

    def close(self) -> None:
        with self._lock:
            if self._closed:
                return
            if not self._ended:
                self._on_output = None
                self._drain()
            self._closed = self._ended = True
            self._session.close()
            self._pipes.close()
        self._release()
