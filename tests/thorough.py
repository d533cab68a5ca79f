"""What costs most of the suite's time, as a sample or in full: `make thorough` and .ci/run take all of it, `make test` a part."""

from __future__ import annotations

import os
from collections.abc import Iterable
from typing import TypeVar

T = TypeVar("T")
THOROUGH = bool(os.environ.get("THOROUGH"))


def sample(items: Iterable[T], every: int) -> list[T]:
    """All of `items` where it is thorough, else the first of each `every`."""
    return list(items) if THOROUGH else list(items)[::every]
