"""What a command on a target has printed so far: its streams apart, bounded, read only when someone asks.

`pump` is the transport's: it reads what has arrived and says whether the command has ended.
"""

from __future__ import annotations

import threading
import time
from abc import ABC, abstractmethod

from tshoot.model.events import CommandRan
from tshoot.transports.base import OnOutput

TICK = 0.1


class RemoteProcess(ABC):
    """`limit` bytes a stream are kept and passed on, the rest is read and dropped. With `keep` False they are only passed on."""

    def __init__(self, *, limit: int, on_output: OnOutput | None, keep: bool) -> None:
        self._limit, self._on_output, self._keep = limit, on_output, keep
        self._kept = {"stdout": bytearray(), "stderr": bytearray()}
        self._seen = {"stdout": 0, "stderr": 0}
        self._line_start = 0
        self._ended = False
        self._started = self._quiet_since = time.monotonic()
        self._lock = threading.RLock()

    @abstractmethod
    def pump(self, seconds: float) -> bool:
        """Wait up to `seconds` for something, read what is there; True when the command has ended."""

    @property
    @abstractmethod
    def exit_status(self) -> int | None: ...

    @property
    @abstractmethod
    def died(self) -> bool:
        """It ended because the connection did."""

    @abstractmethod
    def terminate(self) -> None:
        """Close it, and end what still runs there as far as the transport can."""

    @abstractmethod
    def close(self) -> None: ...

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
            self.pump(min(TICK, max(0.0, end - time.monotonic())))

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
        while not self.pump(min(TICK, max(0.0, end - time.monotonic()))):
            if time.monotonic() >= end:
                return False
        return True
