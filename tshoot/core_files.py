"""No core file of this process: its memory may hold a password.

The limit is inherited by what is started from here (tshark, ssh). Where there is PR_SET_DUMPABLE (Linux) the process is also marked as not
dumpable: then core_pattern programs get nothing, and other processes of the same user cannot read its memory or environment (ptrace, /proc/PID/mem).
A debugger or py-spy needs root then, or TSHOOT_DEBUG. What is started from here is dumpable again.
"""

from __future__ import annotations

import os
import sys
from contextlib import suppress

_PR_SET_DUMPABLE = 4  # linux/prctl.h


def leave_none() -> None:
    """As far as this system can; never raises."""
    with suppress(ImportError, ValueError, OSError):
        import resource

        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if sys.platform == "linux" and not os.environ.get("TSHOOT_DEBUG"):
        with suppress(Exception):
            import ctypes

            ctypes.CDLL(None).prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0)
