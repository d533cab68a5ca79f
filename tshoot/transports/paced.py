"""A transport that spares its device, whatever speaks below: few connections and commands at once, and patience where the device is busy.

Only a connection that ended before any authentication was begun (TargetBusy) is made again, after 1, 2, 4 … s, 30 s in all; each wait is told and can
be cancelled. A login is never tried twice, and a connection that was lost is not made again.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import BinaryIO, NamedTuple

from tshoot.cancel import CancelToken
from tshoot.errors import TargetError
from tshoot.model.events import CommandRan
from tshoot.platforms.loader import PaceRecipe
from tshoot.transports.base import OnBytes, OnOutput, Process, TargetBusy, Transport
from tshoot.transports.bounded import acquire
from tshoot.transports.one_login import closed_here, without_frames
from tshoot.transports.pace import Device
from tshoot.transports.places import Place

_LOST = ("closed", "unresponsive")


@dataclass(frozen=True)
class Approach:
    """`make` gives a fresh transport to `device`, not connected. `gate` is the first hop on the way there, which may be the device itself."""

    make: Callable[[], Transport]
    device: Device
    gate: Device


class _Standing(NamedTuple):
    transport: Transport
    approach: Approach
    place: Place


class Paced:
    """`approach` finds the way, which may take its time: an ssh_config may have commands run."""

    def __init__(self, host: str, approach: Callable[[CancelToken], Approach], limits: PaceRecipe, on_note: Callable[[str], object]) -> None:
        self.host = host
        self._approach, self._limits, self._on_note = approach, limits, on_note
        self._inner: Transport | None = None
        self._standing: _Standing | None = None
        self._closed = False
        self._failure: TargetError | None = None
        self._connecting = threading.Lock()
        self._woken = threading.Event()

    # --- connecting ----------------------------------------------------------------------------------

    def connect(self, cancel: CancelToken) -> None:
        cancel.check()
        if self._standing is None:
            self._stand(cancel)
        else:
            with self._watched(self._standing):
                self._standing.transport.connect(cancel)

    def _stand(self, cancel: CancelToken) -> _Standing:
        """The connection, made where there is none."""
        acquire(self._connecting, cancel)
        try:
            if self._standing is None:
                self._standing = self._establish(cancel)
                if self._closed:
                    self._standing.place.give_back()
            return self._standing
        finally:
            self._connecting.release()

    def _establish(self, cancel: CancelToken) -> _Standing:
        if self._failure is not None:
            raise self._failure
        approach = self._approach(cancel)
        place = self._place_at(approach.device, cancel)
        try:
            return _Standing(self._as_soon_as_it_is_not_busy(approach, cancel), approach, place)
        except BaseException as error:
            place.give_back()
            if not isinstance(error, TargetError):
                raise
            self._failure = without_frames(error)
            raise self._failure from None

    def _place_at(self, device: Device, cancel: CancelToken) -> Place:
        most, told = self._limits.connections, threading.Event()
        full = f"tshoot has {most} connection{'s' * (most != 1)} to it already, as many as it makes to such a device"

        def waits() -> None:
            self._check_open()
            if not told.is_set():
                told.set()
                self._tell(f"waiting: {full}")

        place = device.place(most, cancel, waits)
        if place is None:
            raise TargetError("refused", f"{self.host}: {full}", "end another run or session of tshoot there first")
        return place

    def _as_soon_as_it_is_not_busy(self, approach: Approach, cancel: CancelToken) -> Transport:
        waited, attempts, gate = 0.0, 0, approach.gate
        while True:
            waited += self._leave_alone(gate.pause(), cancel)
            attempts += 1
            inner = self._inner = approach.make()
            self._check_open()
            try:
                with approach.device.logging_in(cancel):
                    inner.connect(cancel)
                gate.well()
                return inner
            except TargetBusy as busy:
                self._check_open()
                pause = gate.busy()
                if waited + pause > gate.patience:
                    raise _given_up(busy, attempts, waited) from busy
                self._tell(
                    f"is busy{f' (it says `{busy.said[:80]}`)' if busy.said else ''}; trying again in {pause:.0f} s, nothing was tried to log in"
                )
                with suppress(Exception):
                    inner.close()

    def _leave_alone(self, seconds: float, cancel: CancelToken) -> float:
        if seconds > 0:
            with cancel.on_cancel(self._woken.set):
                self._woken.wait(seconds)
            cancel.check()
        self._check_open()
        return seconds

    def _check_open(self) -> None:
        if self._closed:
            raise closed_here(self.host)

    def _tell(self, said: str) -> None:
        self._on_note(f"{self.host}: {said}")

    # --- what goes over it ---------------------------------------------------------------------------

    def run(self, command: str, *, timeout: float, cancel: CancelToken, on_output: OnOutput | None = None) -> CommandRan:
        with self._turn(cancel) as inner:
            return inner.run(command, timeout=timeout, cancel=cancel, on_output=on_output)

    def spawn(self, command: str, *, cancel: CancelToken) -> Process:
        with self._turn(cancel) as inner:
            return inner.spawn(command, cancel=cancel)

    def fetch(self, remote: str, into: BinaryIO, *, cancel: CancelToken, on_bytes: OnBytes | None = None) -> int:
        with self._turn(cancel) as inner:
            return inner.fetch(remote, into, cancel=cancel, on_bytes=on_bytes)

    @contextmanager
    def _turn(self, cancel: CancelToken) -> Iterator[Transport]:
        standing = self._standing or self._stand(cancel)
        standing.approach.device.turn(self._limits.commands_per_second, cancel)
        with self._watched(standing):
            yield standing.transport

    @contextmanager
    def _watched(self, standing: _Standing) -> Iterator[None]:
        try:
            yield
        except TargetError as error:
            if error.kind in _LOST and not self._closed:
                standing.approach.gate.dropped()
            raise

    def close(self) -> None:
        """Also ends a wait for a busy device, and cuts short a login that is under way."""
        self._closed = True
        self._woken.set()
        try:
            if self._inner is not None:
                self._inner.close()
        finally:
            if self._standing is not None:
                self._standing.place.give_back()


def _given_up(busy: TargetBusy, attempts: int, waited: float) -> TargetError:
    times = "tried once" if attempts == 1 else f"tried {attempts} times within {waited:.0f} s"
    return TargetError("closed", f"{busy.message}; {times}, never as far as a login", busy.hint)
