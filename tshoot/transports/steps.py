"""What a connection tells of its way while it goes it: for `tshoot doctor HOST`, whoever else listens, and nobody's log."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Step:
    """One step at one hop went well. `hop` counts from 0; `name`: name, connect, greeting, algorithms, host-key, offers, login.

    `said` is one line for a person; `notes` what he should know although it works.
    """

    hop: int
    name: str
    said: str
    notes: tuple[str, ...] = ()


OnStep = Callable[[Step], object]
