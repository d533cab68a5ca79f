"""The folders of this user that tshoot keeps files in, and how a small file of its own is written there."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path


def config_folder(environment: Mapping[str, str] = os.environ) -> Path:
    """`tshoot` under XDG_CONFIG_HOME, else where the system keeps a user's settings."""
    if Path(home := environment.get("XDG_CONFIG_HOME", "")).is_absolute():
        return Path(home) / "tshoot"
    from platformdirs import user_config_path

    return user_config_path("tshoot", appauthor=False)


def data_folder(environment: Mapping[str, str] = os.environ) -> Path:
    """`tshoot` under XDG_DATA_HOME, else where the system keeps a user's data."""
    if Path(home := environment.get("XDG_DATA_HOME", "")).is_absolute():
        return Path(home) / "tshoot"
    from platformdirs import user_data_path

    return user_data_path("tshoot", appauthor=False)


def replace_file(file: Path, content: str) -> None:
    """Write `file` whole or not at all, durably, for its owner alone; OSError where that cannot be done."""
    file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    descriptor, made = tempfile.mkstemp(dir=file.parent, prefix=f".{file.name}.")  # made with 0600
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as opened:
            opened.write(content)
            opened.flush()
            os.fsync(opened.fileno())
        Path(made).replace(file)
    except OSError:
        with suppress(OSError):
            Path(made).unlink()
        raise
