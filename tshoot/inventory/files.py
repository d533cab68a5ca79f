"""The text of an inventory file: a regular file of at most 16 MB of UTF-8. A pipe or a device in its place does not hang the start."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from tshoot.errors import InventoryError
from tshoot.inventory.entries import unusable

MOST_BYTES = 16 * 1024 * 1024


def read_text(path: Path) -> str:
    """The text without a byte order mark; InventoryError where it cannot be had."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        with os.fdopen(descriptor, "rb") as opened:
            if not stat.S_ISREG(os.fstat(descriptor).st_mode):
                raise InventoryError(f"{path}: is no file", "name a file")
            raw = opened.read(MOST_BYTES + 1)
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or str(error)
        raise InventoryError(f"{path}: cannot be read: {why}", "check the path and its permissions") from error
    if len(raw) > MOST_BYTES:
        raise InventoryError(f"{path}: is larger than {MOST_BYTES // 1024 // 1024} MB", "name a smaller inventory: what is needed of it")
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        raise unusable(str(path), [f"{path}:{line}:1: no UTF-8 text (byte {error.start})"], "save the file as UTF-8") from error
