"""tshoot sessions replay: the run again as plain lines, all of it or from one place to another, in its own time or step by step."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Iterator

from tshoot.cancel import CancelToken
from tshoot.cli import diagnostics
from tshoot.cli.interrupt import cancellable
from tshoot.cli.output import say
from tshoot.cli.terminal import can_ask, read_line
from tshoot.errors import Cancelled, UsageError
from tshoot.model.events import Event
from tshoot.session.indexing import read_positions
from tshoot.session.places import place_of
from tshoot.session.positions import REQUEST, Positions
from tshoot.session.replay import replay
from tshoot.session.store import Session
from tshoot.session.transcript import Transcript

_MOST_BEFORE = 2000  # events that are read, unseen, so that an answer knows its request
_HINT = "1 is as it was, 10 ten times as fast; without it everything comes at once"


def run(session: Session, arguments: Namespace) -> int:
    if arguments.speed is not None and not 0 < arguments.speed <= 1000:
        raise UsageError("--speed takes a number from 0 to 1000", _HINT)

    def work(cancel: CancelToken) -> int:
        view = _Lines(arguments.step and can_ask(), cancel)
        try:
            stretch = _stretch(session, arguments, view, cancel) if arguments.start or arguments.stop else None
            replay(session.folder, view, speed=arguments.speed, exact=arguments.exact, cancel=cancel, stretch=stretch)
        except Cancelled:
            return diagnostics.HEALTHY if view.left else diagnostics.INTERRUPTED
        return diagnostics.HEALTHY

    return cancellable(work)


class _Lines:
    """The transcript of what it is given; with `step` it waits for Enter before whatever has lines. `left`: somebody typed q."""

    def __init__(self, step: bool, cancel: CancelToken) -> None:
        self._step, self._cancel = step, cancel
        self._transcript = Transcript()
        self._waits = False
        self.left = False

    def __call__(self, event: Event) -> None:
        lines = self._transcript.lines(event)
        if lines and self._step and self._waits:
            self._ask()
        self._waits |= bool(lines)
        say(*lines)

    def know(self, event: Event) -> None:
        """Take it in without a word."""
        self._transcript.lines(event)

    def _ask(self) -> None:
        diagnostics.ask("[enter: next, q: leave] ")
        answer = read_line(self._cancel)
        if answer is None or answer.lower() in ("q", "quit"):
            self.left = not self._cancel.cancelled
            self._cancel.cancel()
        self._cancel.check()


def _stretch(session: Session, arguments: Namespace, view: _Lines, cancel: CancelToken) -> tuple[Positions, int, int]:
    """The events to show. What the run was begun with is shown in any case, and how much is left out before the first."""
    positions = read_positions(session.folder, cancel, lambda events: diagnostics.status(f"reading the log: {events:,} events"))
    diagnostics.clear_status()
    first = place_of(positions, arguments.start) if arguments.start else 0
    last = place_of(positions, arguments.stop) + 1 if arguments.stop else len(positions)
    if first >= last:
        raise UsageError(f"--from {arguments.start} comes after --to {arguments.stop}", "give them in the order of the session")
    shown_first = first - 1 if 0 < first < last and positions.kinds[first - 1] == REQUEST else first  # an answer is not shown without its request
    for number, event in _before(positions, shown_first):
        if number == 0:
            view(event)
        else:
            view.know(event)
    if shown_first > 1:
        say(f"    … {shown_first - 1:,} event{'' if shown_first == 2 else 's'} before")
    return positions, shown_first, last


def _before(positions: Positions, first: int) -> Iterator[tuple[int, Event]]:
    yield from positions.events(0, min(1, first))
    yield from positions.events(max(1, first - _MOST_BEFORE), first)
