"""Who writes a session, for words: `writer.json` beside the log, from the moment it is locked until it is let go.

The lock is the `flock` on the log, and only that: it ends with its process. A file that a crash left behind says nothing where the log
can be locked, and is written anew by whoever does.
"""

from __future__ import annotations

import json
import os
import socket
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

from tshoot import __version__
from tshoot.errors import SessionError
from tshoot.model.text import clean_line
from tshoot.session.files import create_private, read_regular, write_all

WRITER = "writer.json"
_MOST = 4096  # bytes that are read of it


def sign(folder: Path) -> None:
    """Say that this process writes the session; its log must be locked. A disk that is full is no reason to stop: these are only words."""
    signed = {"pid": os.getpid(), "host": socket.gethostname(), "since": f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}", "tshoot": __version__}
    strike(folder)
    with suppress(OSError):
        descriptor = create_private(folder / WRITER)
        try:
            write_all(descriptor, json.dumps(signed).encode("ascii") + b"\n")
        finally:
            os.close(descriptor)


def strike(folder: Path) -> None:
    """Nobody writes the session any more."""
    with suppress(OSError):
        (folder / WRITER).unlink(missing_ok=True)


def told(folder: Path) -> str:
    """`: process 4242 on jump1, since 2026-11-21T07:41:39Z`, or "" where it is not known."""
    try:
        with read_regular(folder / WRITER) as file:
            signed = json.loads(file.read(_MOST))
        return f": process {int(signed['pid'])} on {clean_line(str(signed['host']))[:80]}, since {clean_line(str(signed['since']))[:40]}"
    except (SessionError, OSError, ValueError, LookupError, TypeError, RecursionError):
        return ""
