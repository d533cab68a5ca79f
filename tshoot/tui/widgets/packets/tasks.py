"""Work in threads for a screen: of each kind one at a time, a new one cancels the one before; none outlives `close` for long.

What a task tells comes back as a message to the screen, on its own thread, and is dropped once the task is no longer the one of its kind.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from functools import partial
from typing import TypeVar

from textual.message import Message
from textual.screen import Screen

from tshoot.cancel import CancelToken
from tshoot.errors import Cancelled, TshootError
from tshoot.model.text import clean_line

T = TypeVar("T")
Tell = Callable[[Callable[[], object]], None]  # do this on the screen's thread


class TaskTold(Message):
    """`show` is to be called by the screen."""

    def __init__(self, show: Callable[[], object]) -> None:
        super().__init__()
        self.show = show


class Tasks:
    def __init__(self, screen: Screen[None]) -> None:
        self._screen = screen
        self._tokens: dict[str, CancelToken] = {}
        self._threads: set[threading.Thread] = set()

    def start(self, kind: str, work: Callable[[CancelToken, Tell], T], done: Callable[[T], object], failed: Callable[[TshootError], object]) -> None:
        """Run `work`; then `done` with its result, or `failed`; neither where it was cancelled."""
        self.cancel(kind)
        token = self._tokens[kind] = CancelToken()

        def tell(show: Callable[[], object]) -> None:
            if not token.cancelled:
                self._screen.post_message(TaskTold(lambda: None if token.cancelled else show()))

        def end(then: Callable[[], object]) -> None:
            def ended() -> None:
                if self._tokens.get(kind) is token:
                    del self._tokens[kind]
                then()

            tell(ended)

        def run() -> None:
            try:
                result = work(token, tell)
                end(lambda: done(result))
            except Cancelled:  # it cancelled itself, or the screen closes
                pass
            except TshootError as error:
                end(partial(failed, error))
            except Exception as error:  # a defect is told where it happened; the screen lives on
                end(partial(failed, TshootError(f"{kind}: {clean_line(repr(error))[:200]}", "set TSHOOT_DEBUG=1 and try again")))
            finally:
                self._threads.discard(threading.current_thread())

        thread = threading.Thread(target=run, name=f"packets {kind}", daemon=True)
        self._threads.add(thread)
        thread.start()

    def running(self, kind: str) -> bool:
        return kind in self._tokens

    def cancel(self, kind: str) -> None:
        if token := self._tokens.pop(kind, None):
            token.cancel()

    def close(self, seconds: float = 1.0) -> None:
        """Cancel everything; wait a little, so that what they hold (temporary files) is given back."""
        for kind in list(self._tokens):
            self.cancel(kind)
        for thread in list(self._threads):
            thread.join(seconds)
