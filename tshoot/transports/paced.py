"""A transport that spares its device, whatever speaks below: few connections and commands at once, and patience where the device is busy.

Only a connection that ended before any authentication was begun (TargetBusy) is made again, after 1, 2, 4 … s, 30 s in all; each wait is told and can
be cancelled. A login is never tried twice, and a connection that was lost is not made again.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import BinaryIO

from tshoot.cancel import CancelToken
from tshoot.errors import TargetError
from tshoot.model.events import CommandRan
from tshoot.platforms.loader import PaceRecipe
from tshoot.transports.base import OnBytes, OnOutput, Process, TargetBusy, Transport
from tshoot.transports.bounded import acquire
from tshoot.transports.config.places import Place
from tshoot.transports.pace import Device

_LOST = ("closed", "unresponsive")


class Paced:
    """`make` gives a fresh transport, not connected. `gate` is the first hop on the way there, which may be the device itself."""

    def __init__(
        self, make: Callable[[], Transport], host: str, device: Device, gate: Device, limits: PaceRecipe, on_note: Callable[[str], object]
    ) -> None:
        self.host = host
        self._make, self._device, self._gate, self._limits, self._on_note = make, device, gate, limits, on_note
        self._inner = make()
        self._place: Place | None = None
        self._connected, self._closed = False, False
        self._failure: TargetError | None = None
        self._connecting = threading.Lock()
        self._woken = threading.Event()

    # --- connecting ----------------------------------------------------------------------------------

    def connect(self, cancel: CancelToken) -> None:
        cancel.check()
        if not self._connected:
            acquire(self._connecting, cancel)
            try:
                if not self._connected:
                    self._establish(cancel)
                    return
            finally:
                self._connecting.release()
        with self._watched():
            self._inner.connect(cancel)

    def _establish(self, cancel: CancelToken) -> None:
        if self._failure is not None:
            raise self._failure
        place = self._device.place(self._limits.connections, cancel, self._tell)
        try:
            self._try_until_it_is_not_busy(cancel)
            self._place, self._connected = place, True
        except TargetError as error:
            self._failure = error
            raise
        finally:
            if not self._connected or self._closed:
                place.give_back()

    def _try_until_it_is_not_busy(self, cancel: CancelToken) -> None:
        waited, attempts = 0.0, 0
        while True:
            waited += self._leave_alone(self._gate.pause(), cancel)
            attempts += 1
            try:
                with self._device.logging_in(cancel):
                    self._inner.connect(cancel)
                self._gate.well()
                return
            except TargetBusy as busy:
                self._check_open()
                pause = self._gate.busy()
                if waited + pause > self._gate.patience:
                    raise _given_up(busy, attempts, waited) from busy
                self._tell(
                    f"is busy{f' (it says `{busy.said[:80]}`)' if busy.said else ''}; trying again in {pause:.0f} s, nothing was tried to log in"
                )
                self._renew()

    def _renew(self) -> None:
        with suppress(Exception):
            self._inner.close()
        self._inner = self._make()

    def _leave_alone(self, seconds: float, cancel: CancelToken) -> float:
        if seconds > 0:
            with cancel.on_cancel(self._woken.set):
                self._woken.wait(seconds)
            cancel.check()
        self._check_open()
        return seconds

    def _check_open(self) -> None:
        if self._closed:
            raise TargetError("closed", f"{self.host}: the connection was closed here", "connect again")

    def _tell(self, said: str) -> None:
        self._on_note(f"{self.host}: {said}")

    # --- what goes over it ---------------------------------------------------------------------------

    def run(self, command: str, *, timeout: float, cancel: CancelToken, on_output: OnOutput | None = None) -> CommandRan:
        with self._turn(cancel):
            return self._inner.run(command, timeout=timeout, cancel=cancel, on_output=on_output)

    def spawn(self, command: str, *, cancel: CancelToken) -> Process:
        with self._turn(cancel):
            return self._inner.spawn(command, cancel=cancel)

    def fetch(self, remote: str, into: BinaryIO, *, cancel: CancelToken, on_bytes: OnBytes | None = None) -> int:
        with self._turn(cancel):
            return self._inner.fetch(remote, into, cancel=cancel, on_bytes=on_bytes)

    @contextmanager
    def _turn(self, cancel: CancelToken) -> Iterator[None]:
        if not self._connected:
            self.connect(cancel)
        self._device.turn(self._limits.commands_per_second, cancel)
        with self._watched():
            yield

    @contextmanager
    def _watched(self) -> Iterator[None]:
        try:
            yield
        except TargetError as error:
            if error.kind in _LOST and not self._closed:
                self._gate.dropped()
            raise

    def close(self) -> None:
        """Also ends a wait for a busy device, and cuts short a login that is under way."""
        self._closed = True
        self._woken.set()
        try:
            self._inner.close()
        finally:
            if self._place is not None:
                self._place.give_back()


def _given_up(busy: TargetBusy, attempts: int, waited: float) -> TargetError:
    times = "tried once" if attempts == 1 else f"tried {attempts} times within {waited:.0f} s"
    return TargetError("closed", f"{busy.message}; {times}, never as far as a login", busy.hint)
