"""Wait: let time pass, telling how much is left; a cancel ends it at once."""

from __future__ import annotations

import time
from collections.abc import Callable

from tshoot.cancel import CancelToken
from tshoot.model.effects import Wait
from tshoot.model.events import Progress, Waited


def wait(effect: Wait, cancel: CancelToken, show: Callable[[Progress], None]) -> Waited:
    started = time.monotonic()
    while (passed := time.monotonic() - started) < effect.seconds:
        show(Progress(effect.key, effect.why or "waiting", passed, effect.seconds))
        if cancel.wait(min(0.5, effect.seconds - passed)):
            cancel.check()
    return Waited(time.monotonic() - started)
