"""The terminal of an interactive shell over the system's `ssh`: typed into a pseudo-terminal, read from a pipe.

`ssh` takes the size and the modes of the far terminal from the near one; ours is as wide as netmiko asks for, and
is switched to raw once `ssh` has read it, so that every byte goes through as it is.
"""

from __future__ import annotations

import fcntl
import os
import pty
import select
import struct
import termios
import threading
import time
import tty
from collections.abc import Callable, Sequence

from tshoot.transports.cli.terminal import HEIGHT, WIDTH
from tshoot.transports.openssh.mux import MuxSession
from tshoot.transports.openssh.ready import ready

_WRITE = 5.0  # seconds in which a device takes one line
_CHUNK = 64 * 1024


class PipedTerminal:
    """A `LineTerminal` of `transports.link`."""

    def __init__(self, session: MuxSession, typing: int, printed: int) -> None:
        self._session, self._typing, self._printed = session, typing, printed
        self._back = b""
        self._reading, self._writing, self._closing = threading.Lock(), threading.Lock(), threading.Lock()
        self._closed = self._ended = False

    @property
    def closed(self) -> bool:
        return self._closed or self._ended

    def read(self, seconds: float) -> bytes:
        """What has arrived, waiting up to `seconds` for something; empty when nothing came."""
        if self._back:
            data, self._back = self._back, b""
            return data
        with self._reading:
            if self.closed:
                raise EOFError
            if not ready([self._printed], max(seconds, 0.001)):
                return b""
            data = os.read(self._printed, _CHUNK)
        if not data:
            self._ended = True
            raise EOFError
        return data

    def put_back(self, data: bytes) -> None:
        """To be read first by whoever reads next."""
        self._back = data + self._back

    def write(self, data: bytes) -> None:
        end = time.monotonic() + _WRITE
        with self._writing:
            while data and (left := end - time.monotonic()) > 0:  # beyond that it takes nothing: whoever waits for an answer will say so
                try:
                    if self.closed:
                        raise EOFError
                    said = ready([self._typing], left, select.POLLOUT)
                    if said & select.POLLOUT:
                        data = data[os.write(self._typing, data[:1024]) :]
                    elif said:  # hung up: nobody reads it any more
                        raise EOFError
                except BlockingIOError:
                    continue
                except OSError as error:
                    raise EOFError from error

    def close(self) -> None:
        with self._closing:
            if self._closed:
                return
            self._closed = True
        self._session.close()
        with self._reading, self._writing:
            os.close(self._typing)
            os.close(self._printed)


def terminal_on(open_session: Callable[[Sequence[int]], MuxSession]) -> PipedTerminal:
    """`open_session` is given the ends of stdin, stdout and stderr, which it closes."""
    typing, near = pty.openpty()
    printed, printing = os.pipe()
    kept = os.dup(near)
    try:
        fcntl.ioctl(near, termios.TIOCSWINSZ, struct.pack("HHHH", HEIGHT, WIDTH, 0, 0))
        session = open_session((near, printing, os.dup(printing)))
        tty.setraw(kept)
        os.set_blocking(typing, False)
    except BaseException:
        os.close(typing)
        os.close(printed)
        raise
    finally:
        os.close(kept)
    return PipedTerminal(session, typing, printed)
