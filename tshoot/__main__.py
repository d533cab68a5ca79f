"""The way in and out: `tshoot --version` at once, everything else through the command line's parser; the end of the process."""

from __future__ import annotations

import atexit
import os
import sys
from contextlib import suppress


def main(arguments: list[str] | None = None) -> int:
    words = sys.argv[1:] if arguments is None else arguments
    if words in (["--version"], ["-V"]):
        from tshoot import __version__

        if sys.stdout is not None:  # None where tshoot was started with its output closed
            sys.stdout.write(f"tshoot {__version__}\n")
        return 0
    from tshoot.cli.main import run_words
    from tshoot.core_files import leave_none

    leave_none()
    return run_words(words)


def run() -> None:
    """The process: `main`, then its end."""
    ended: list[int] = []
    atexit.register(lambda: _leave(ended))  # before all others, which makes it the last
    ended.append(main())
    sys.exit(ended[0])


def _leave(ended: list[int]) -> None:
    """Past the interpreter's own end where a thread was given up: in the middle of compiled code it may not survive that.

    (`FATAL: exception not rethrown` is what glibc says then, and the exit status is that of an abort.)
    """
    threading = sys.modules.get("threading")
    if not ended or threading is None or threading.active_count() == 1:
        return
    with suppress(OSError, ValueError, AttributeError):
        sys.stdout.flush()
    os._exit(ended[0])


if __name__ == "__main__":
    run()
