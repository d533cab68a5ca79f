"""The folders of this user that tshoot keeps files in."""

from __future__ import annotations

import os
from collections.abc import Mapping
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
