"""Work in a thread of its own while the main thread listens for Ctrl-C, SIGTERM and SIGHUP.

The first signal cancels cleanly (captures are stopped and removed), a second one gives up waiting.
"""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable
from typing import Any, TypeVar

from tshoot.cancel import CancelToken
from tshoot.cli import diagnostics

T = TypeVar("T")
_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def cancellable(work: Callable[[CancelToken], T]) -> T:
    """The result of `work(token)`; its exceptions are raised here. KeyboardInterrupt on a second signal."""
    token = CancelToken()
    done = threading.Event()
    results: list[T] = []
    errors: list[BaseException] = []
    signals: list[int] = []

    def run() -> None:
        try:
            results.append(work(token))
        except BaseException as error:
            errors.append(error)
        finally:
            done.set()

    before: dict[int, Any] = {number: signal.signal(number, lambda got, _frame: signals.append(got)) for number in _SIGNALS}
    try:
        threading.Thread(target=run, name="tshoot work", daemon=True).start()
        while not done.wait(0.1):
            if signals and not token.cancelled:
                diagnostics.note("stopping cleanly; once more to give up waiting")
                token.cancel()
            if len(signals) > 1:
                raise KeyboardInterrupt
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
    if errors:
        raise errors[0]
    return results[0]
