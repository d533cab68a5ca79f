"""`python -m tshoot.tui`: the interface alone, for a page that `tshoot serve` serves. It ends with the process that started it."""

from __future__ import annotations

import os
import signal
import sys
import threading
import time

from tshoot.core_files import leave_none
from tshoot.opening import Opening, Settings

_LOOK = 0.5  # seconds


def end_with_parent(parent: int) -> None:
    """SIGTERM to ourselves once `parent` has gone: its end may be one that it could tell nobody."""

    def look() -> None:
        while os.getppid() == parent:
            time.sleep(_LOOK)
        os.kill(os.getpid(), signal.SIGTERM)

    threading.Thread(target=look, name="tshoot parent", daemon=True).start()


if __name__ == "__main__":
    leave_none()
    end_with_parent(os.getppid())
    from tshoot.tui.app import run_tui

    sys.exit(run_tui(Opening(settings=Settings(inventory=()))))
