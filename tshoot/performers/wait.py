"""Wait: let time pass, telling how much is left; a cancel ends it at once, and so does the operator where he ends it early."""

from __future__ import annotations

import time
from collections.abc import Callable

from tshoot.cancel import CancelToken
from tshoot.model.effects import Wait
from tshoot.model.events import Progress, Waited


def wait(effect: Wait, cancel: CancelToken, over: CancelToken, show: Callable[[Progress], None]) -> Waited:
    """`over` is set with `cancel`, and where the wait is to end early: then it has lasted as long as it did."""
    started = time.monotonic()
    while (passed := time.monotonic() - started) < effect.seconds:
        show(Progress(effect.key, effect.why or "waiting", passed, effect.seconds))
        if over.wait(min(0.5, effect.seconds - passed)):
            cancel.check()
            break
    return Waited(time.monotonic() - started)
