"""What the interface remembers of its user: the theme. A small file, readable by its owner alone, written whole or not at all.

A file that is damaged, too large or no file at all is not used, which is said; it is overwritten by the next choice.
"""

from __future__ import annotations

import json
import os
import stat
from pathlib import Path

from tshoot.errors import TshootError
from tshoot.user_folders import config_folder
from tshoot.whole_file import put_whole

_MOST = 4096  # bytes


def preferences_file() -> Path:
    return config_folder() / "interface.json"


def remembered(file: Path) -> dict[str, str]:
    """What `file` holds; nothing where it is not there. TshootError where it cannot be used."""
    try:
        descriptor = os.open(file, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)  # a pipe in its place must not hang the start
    except FileNotFoundError:
        return {}
    except OSError as error:
        raise _unusable(file, error.strerror or "it cannot be read") from error
    with os.fdopen(descriptor, "rb") as opened:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise _unusable(file, "it is no file")
        try:
            held = json.loads(opened.read(_MOST + 1)[:_MOST])
        except (ValueError, OSError, RecursionError) as error:
            raise _unusable(file, "it is damaged") from error
    if not isinstance(held, dict) or not all(isinstance(value, str) for value in held.values()):
        raise _unusable(file, "it is damaged")
    return held


def remember(file: Path, held: dict[str, str]) -> None:
    """Write `file` whole, for its owner alone; TshootError where that cannot be done."""
    try:
        file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        put_whole(file, json.dumps(held).encode() + b"\n")
    except OSError as error:
        raise TshootError(f"{file}: the choice is not remembered: {error.strerror}", "it holds until tshoot is left") from error


def _unusable(file: Path, why: str) -> TshootError:
    return TshootError(f"{file}: {why}; not used", "choose the theme again, or remove the file")
