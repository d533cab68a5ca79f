"""One session being asked for: again while the server has its full number, until it is open, refused for good, or nobody wants it any more.

The streams are closed by whoever passes them on, when that is over: a number closed before would be another file's when it is passed.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from tshoot.transports.openssh.mux import MuxGone, MuxRefused, MuxSession

_TICK = 0.1


class Opening:
    """`streams`: stdin, stdout and stderr. `seconds`: for the server's answer, and half of it for trying again."""

    def __init__(self, command: str, streams: Sequence[int], seconds: float, *, tty: bool, subsystem: bool) -> None:
        self._command, self._streams, self._seconds, self._tty, self._subsystem = command, streams, seconds, tty, subsystem
        self._over = threading.Event()
        self._made: list[MuxSession] = []

    def work(self, control: Path) -> MuxSession:
        """The open session over that socket of the master; MuxRefused, MuxGone, TimeoutError. The streams are closed afterwards."""
        end = time.monotonic() + self._seconds / 2
        try:
            while not self._over.is_set():
                self._made.append(MuxSession(control, self._command, self._streams, tty=self._tty, subsystem=self._subsystem))
                if self._over.is_set():
                    self._made[-1].close()
                try:
                    self._made[-1].await_open(self._seconds)
                    return self._made[-1]
                except MuxRefused:  # one of the others may be ending just now
                    if time.monotonic() > end:
                        raise
                    self._over.wait(_TICK)
            raise MuxGone("it is not wanted any more")
        finally:
            self.close_streams()

    def cut(self) -> None:
        """From any thread: nothing is asked for any more, and what was opened is closed."""
        self._over.set()
        for one in self._made:
            one.close()

    def close_streams(self) -> None:
        """For who does not come to call `work`."""
        for descriptor in set(self._streams):
            with suppress(OSError):
                os.close(descriptor)
