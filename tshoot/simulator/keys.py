"""What a client types into a session, byte by byte, as seen while a device is printing, too.

Bytes that arrive while a command runs wait for the next prompt, as in a terminal; a bounded number of them: beyond it
the client has to wait. Nothing here sleeps past the end of the connection.
"""

from __future__ import annotations

import time
from collections import deque
from contextlib import suppress

import paramiko

_INTERRUPT = 0x03
_MOST_WAITING = 65536
_SLICE = 0.05  # seconds between looks at the connection, where the client has ended its input


class Left(Exception):
    """The client is gone, or has typed all that it will type."""


class Keys:
    def __init__(self, channel: paramiko.Channel) -> None:
        self._channel = channel
        self._waiting: deque[int] = deque()
        self._ended = False

    @property
    def waiting(self) -> bool:
        """Whether something was typed that nobody has taken yet."""
        return bool(self._waiting)

    def next(self) -> int:
        """The next byte typed; waits for it. Left where none can come."""
        while not self._waiting:
            if self._ended:
                raise Left
            self._read(None)
        return self._waiting.popleft()

    def interrupted(self, seconds: float | None) -> bool:
        """Let `seconds` pass (None: no end); True as soon as ^C is typed, which also throws away what was typed before it."""
        end = None if seconds is None else time.monotonic() + seconds
        while True:
            if _INTERRUPT in self._waiting:
                while self._waiting.popleft() != _INTERRUPT:
                    pass
                return True
            left = _SLICE if end is None else end - time.monotonic()
            if left <= 0:
                return False
            if self._channel.closed:
                raise Left
            if self._ended or len(self._waiting) >= _MOST_WAITING:
                time.sleep(min(left, _SLICE))
            else:
                self._read(left)

    def _read(self, timeout: float | None) -> None:
        self._channel.settimeout(timeout)
        with suppress(TimeoutError):
            typed = self._channel.recv(4096)
            self._ended = not typed
            self._waiting.extend(typed)
        self._channel.settimeout(None)
