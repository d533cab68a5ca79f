"""How large a remote file is, asked in the one way that every shell knows: `ls -ln`."""

from __future__ import annotations

import re
import shlex

_ROW = re.compile(rb"[-a-zA-Z.+@]{10,13}\s+\d+\s+\d+\s+\d+\s+(\d{1,18})\s")


def quoted(path: str) -> str:
    """`path` for a shell, never to be read as an option."""
    return shlex.quote(f"./{path}" if path.startswith("-") else path)


def size_command(path: str) -> str:
    return f"ls -lnL {quoted(path)}"


def size_of(listing: bytes) -> int | None:
    """Bytes, of what `size_command` printed; None where that names no file."""
    row = _ROW.match(listing)
    return int(row[1]) if row else None
