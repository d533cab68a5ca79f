"""A recorded session played for the run screen: in the place of a bridge, with a thread of its own that tells events when they are due.

Keys only say what is wished (play, another speed, another place); the thread does it, and tells the screen at most PER_SECOND times a second, no
more than the screen has taken in. Pauses of the record are shortened as on the command line.
"""

from __future__ import annotations

import threading
import time
from bisect import bisect_right
from collections.abc import Callable
from pathlib import Path

from textual.message import Message

from tshoot.errors import Cancelled, TshootError
from tshoot.session.indexing import read_positions
from tshoot.session.positions import Positions
from tshoot.tui.bridge import PER_SECOND, Bridge, joined
from tshoot.tui.messages import RunClosed, RunMoved, RunOpened
from tshoot.tui.widgets.timeline.retelling import Retelling

SPEEDS = (0.25, 0.5, 1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, float("inf"))  # the last: no pauses
_NORMAL = SPEEDS.index(1.0)
_BATCH = 0.05  # seconds of telling at once, without pauses


class Indexed(Message):
    """The log was looked through: `positions` says what there is. `read` of it so far where it was not yet."""

    def __init__(self, positions: Positions | None, read: int = 0) -> None:
        super().__init__()
        self.positions, self.read = positions, read


class Placed(Message):
    """The player stands elsewhere, or plays otherwise."""


class Rewound(Message):
    """The whole picture anew, in place of what is shown."""

    def __init__(self, moved: RunMoved) -> None:
        super().__init__()
        self.moved = moved


class Player(Bridge):
    """`at` of the events are told. `begin` starts it; it lives until its `cancel` is set."""

    def __init__(self, folder: Path, *, playing: bool = True, clock: Callable[[], float] = time.monotonic) -> None:
        super().__init__(lambda bridge: None, clock, on_targets=False)
        self.folder = folder
        self.positions: Positions | None = None
        self.playing, self.at = playing, 0
        self._speed = _NORMAL
        self._wish: int | None = None
        self._retelling: Retelling | None = None
        self._changed = threading.Condition()
        self._anchor = (0.0, clock())  # a place in played seconds, and since when it is played on from there
        self._own_clock = clock
        self._send: Callable[[Message], object] = lambda message: None
        self._runner = threading.Thread(target=self._live, name="tshoot replay", daemon=True)

    def begin(self, post: Callable[[Message], object]) -> None:
        self._send = post
        self._runner.start()

    def wait(self, seconds: float) -> bool:
        if self._runner.ident is not None:
            self._runner.join(seconds)
        return not self._runner.is_alive()

    # --- what is wished: from the screen's thread ---

    @property
    def speed(self) -> float:
        return SPEEDS[self._speed]

    @property
    def wished(self) -> int:
        """Where it stands, or will in a moment."""
        return self._wish if self._wish is not None else self.at

    def toggle(self) -> None:
        """Play or pause; from the end, play again from the start."""
        if not self.playing and self.positions and self.at >= len(self.positions):
            self.seek(0, playing=True)
        else:
            self._now(playing=not self.playing)

    def change_speed(self, step: int) -> None:
        with self._changed:
            self._speed = min(max(self._speed + step, 0), len(SPEEDS) - 1)
            self._set_anchor()
            self._changed.notify()
        self._send(Placed())

    def step(self, count: int) -> None:
        """So many events on or back, and pause."""
        self.seek(self.wished + count)

    def seek(self, place: int, *, playing: bool = False) -> None:
        """Let `place` events be told."""
        if self.positions is not None:
            with self._changed:
                self._wish, self.playing = min(max(place, 0), len(self.positions)), playing
                self._changed.notify()

    def _now(self, *, playing: bool) -> None:
        with self._changed:
            self.playing = playing
            self._set_anchor()
            self._changed.notify()
        self._send(Placed())

    def recorded_time(self) -> float:
        """What the recorded clock shows; between events it goes on while the replay plays."""
        if self.positions is None or not len(self.positions):
            return 0.0
        last = self.positions.times[min(max(self.at, 1), len(self.positions)) - 1]
        following = self.positions.times[self.at] if self.at < len(self.positions) else last
        passed = (self._own_clock() - self._anchor[1]) * self.speed if self.playing and self.speed != SPEEDS[-1] else 0.0
        return last + min(max(passed, 0.0), max(following - last, 0.0))

    # --- the thread ---

    def _live(self) -> None:
        try:
            with self.cancel.on_cancel(self._wake):
                self._play()
        except Cancelled:
            pass
        except TshootError as error:
            self._end(RunClosed(None, error))
        except Exception as error:  # a defect of ours: said on the screen, where it can be reported
            self._end(
                RunClosed(None, TshootError(f"{type(error).__name__}: {error}", "this is a defect of tshoot: please report it with the session"))
            )

    def _show_first(self, positions: Positions) -> None:
        """Of a long log: what a replay begins with, while the rest of it is looked through."""
        self._send(RunOpened(self.folder.name, str(self.folder)))
        self._retelling = Retelling(positions, self.cancel)
        _, changes = self._retelling.go_to(1)
        self.at = 1
        self._send(RunMoved(joined(changes), self._retelling.under_way, self._retelling.verdict))
        self._reading(len(positions))

    def _reading(self, events: int) -> None:
        self._send(Indexed(None, events))

    def _wake(self) -> None:
        with self._changed:
            self._changed.notify()

    def _play(self) -> None:
        positions = read_positions(self.folder, self.cancel, self._reading, self._show_first)
        retelling = self._retelling or Retelling(positions, self.cancel)
        self.positions = positions
        if self._retelling is None:
            self._send(RunOpened(self.folder.name, str(self.folder)))
        self._send(Indexed(positions))
        self._set_anchor()
        if not len(positions):
            self._end(RunClosed(None, None))
        count = 1
        while not self.cancel.cancelled:
            place = self._next(positions, count)
            began, before = time.monotonic(), self.at
            told = self._show(positions, retelling, place)
            if place > before:
                count = max(1, min(2 * count, int((place - before) * _BATCH / max(told, 0.0001))))
            time.sleep(max(0.0, 1 / PER_SECOND - (time.monotonic() - began)))

    def _next(self, positions: Positions, count: int) -> int:
        """How many events are to be told now; waits for it. Cancelled where the screen has gone."""
        with self._changed:
            while not self.cancel.cancelled:
                if self._wish is not None:
                    place, self._wish = self._wish, None
                    return place
                left = None
                if self.playing and self.at < len(positions):
                    if self.speed == SPEEDS[-1]:
                        return min(self.at + count, len(positions))
                    played = self._anchor[0] + (self._own_clock() - self._anchor[1]) * self.speed
                    due = bisect_right(positions.played, played)
                    if due > self.at:
                        return due
                    left = min(max((positions.played[self.at] - played) / self.speed, 0.01), 0.5)
                self._changed.wait(left)
        raise Cancelled

    def _show(self, positions: Positions, retelling: Retelling, place: int) -> float:
        """Show the picture at `place`; the seconds that the telling took, without those of the screen."""
        began = time.monotonic()
        anew, changes = retelling.go_to(place)
        told = time.monotonic() - began
        jumped = anew or place < self.at
        self.at = place
        if jumped or not self.playing:
            self._set_anchor()
        moved = RunMoved(changes if anew else joined(changes), retelling.under_way, retelling.verdict)
        if anew:
            self.closed = None
            self._send(Rewound(moved))
        else:
            self._send(moved)
        moved.taken.wait(2.0)
        if place >= len(positions) and self.closed is None:
            self.playing = False
            self._end(RunClosed(retelling.verdict, None))
        self._send(Placed())
        return told

    def _end(self, closed: RunClosed) -> None:
        self.closed = closed
        self._send(closed)

    def _set_anchor(self) -> None:
        """Played on from where it stands, from now on."""
        if self.positions is not None and len(self.positions):
            self._anchor = (self.positions.played[min(max(self.at, 1), len(self.positions)) - 1], self._own_clock())
