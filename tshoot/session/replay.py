"""A session again, with its recorded timing, for the same views that a live run feeds."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from tshoot.cancel import CancelToken
from tshoot.model.events import Event
from tshoot.session.positions import LONGEST_GAP, Positions
from tshoot.session.read import read_events


def replay(
    folder: Path,
    view: Callable[[Event], None],
    *,
    speed: float | None = None,
    exact: bool = False,
    cancel: CancelToken,
    wait: Callable[[float], object] | None = None,
    stretch: tuple[Positions, int, int] | None = None,
) -> None:
    """Give every event to `view` in order. `speed` 2.0 is twice as fast as it happened, None at once.

    A pause of more than LONGEST_GAP (before it is sped up) is shortened to that unless `exact`. `wait` sleeps for so many seconds (default:
    `cancel.wait`). `stretch`: the events from the one number up to and without the other, of an index of this log. Raises Cancelled when
    the token is set, SessionError where the log is broken.
    """
    wait = wait or cancel.wait
    before: float | None = None
    for _, event in stretch[0].events(stretch[1], stretch[2]) if stretch else read_events(folder):
        cancel.check()
        gap = max(0.0, event.at - before) if before is not None and speed else 0.0
        gap = gap if exact else min(gap, LONGEST_GAP)
        if gap and speed:
            wait(gap / speed)
            cancel.check()
        before = event.at
        view(event)
