"""Keys take turns: of those that come in one burst, as a slow line bundles them, each waits until the one before has done all that it does.

Textual gives a key at once to whoever has the keys at that moment; what it is bound to is done only when it has risen to the app. Of `/hop` in one
burst `hop` would go to the region before its search is open, of `a` and a note all but the `a` would be lost. Here the next key waits until the one
before has risen, has opened its field or dialog, and that has the keys. No key waits longer than `_LONGEST`.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Sequence
from contextlib import suppress

from textual.app import App, ScreenStackError
from textual.dom import DOMNode
from textual.events import Event, Key

_LONGEST = 1.0  # seconds

Way = list[DOMNode]


class Turns:
    """`app` asks `admits` before it takes a key or a paste, and tells by `taken` that it has taken it."""

    def __init__(self, app: App[int]) -> None:
        self._app = app
        self._waiting: deque[Event] = deque()
        self._now: Event | None = None
        self._limit: asyncio.TimerHandle | None = None

    def admits(self, event: Event) -> bool:
        """Whether it is the turn of `event`; if not it is posted again when it is."""
        if self._now is None:
            self._now = event
        elif event is not self._now:
            self._waiting.append(event)
            return False
        return True

    def way(self) -> Way:
        """From who has the keys up to the app."""
        with suppress(ScreenStackError):
            return list((self._app.focused or self._app.screen).ancestors_with_self)
        return [self._app]

    def taken(self, event: Event, way: Way) -> None:
        """`event` rises on `way`."""
        if isinstance(event, Key) and way[0].check_consume_key(event.key, event.character):
            self._next(event)  # it goes into a field and no further: those that follow come behind it in any case
        else:
            self._limit = asyncio.get_running_loop().call_later(_LONGEST, self._next, event)
            self._follow(event, way, [])

    def _follow(self, event: Event, way: Sequence[DOMNode], risen: Way) -> None:
        """Through the queue of each of `way`, behind `event` and what it caused; again where the keys belong to another by then."""
        if event is not self._now:
            return
        for at, node in enumerate(way, 1):
            if node.call_later(self._follow, event, way[at:], risen):
                return
        now = self.way()
        if now == risen:
            self._next(event)
        else:
            self._follow(event, now, now)

    def _next(self, event: Event) -> None:
        if event is not self._now:
            return
        if self._limit:
            self._limit.cancel()
            self._limit = None
        self._now = self._waiting.popleft() if self._waiting else None
        if self._now is not None:
            self._app.post_message(self._now)
