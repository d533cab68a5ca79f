"""Waiting for descriptors by poll(2): `select` takes none beyond 1023, and a fleet has more than that open."""

from __future__ import annotations

import math
import select
from collections.abc import Iterable


def ready(descriptors: Iterable[int], seconds: float, events: int = select.POLLIN) -> int:
    """The events of those that have some, together; 0 after `seconds` without one. Also POLLHUP (hung up) and POLLNVAL (closed here)."""
    poll = select.poll()
    for descriptor in descriptors:
        if descriptor < 0:  # of a socket that was closed just now
            return select.POLLNVAL
        poll.register(descriptor, events)
    said = 0
    for _, found in poll.poll(math.ceil(max(seconds, 0.0) * 1000)):
        said |= found
    return said
