"""What one source says, before sources are put together: its targets, and what of it could not be used."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from tshoot.errors import InventoryError

MOST_TARGETS = 100_000
_MOST_TOLD = 50


@dataclass(frozen=True, slots=True)
class Entry:
    """A target as one source names it. `where` is `file:line`, or what tells as much in a file without lines.

    `host`, `user`, `port`, `platform` and `transport` are "" or None where the source says nothing. `told` is the source's own word
    for the platform, also where it is none of ours. `aliases` mean this target unless another one has that name.
    """

    name: str
    where: str
    host: str = ""
    user: str | None = None
    port: int | None = None
    platform: str = ""
    told: str = ""
    transport: str = ""
    groups: tuple[str, ...] = ()
    aliases: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class Contents:
    """The targets of a source in its order, and in words what was left out. Read once, it is the same."""

    entries: tuple[Entry, ...]
    remarks: tuple[str, ...] = ()


def unusable(origin: str, problems: Sequence[str], hint: str) -> InventoryError:
    """The error of a file with `problems`, of which at most 50 are told."""
    told = tuple(problems[:_MOST_TOLD])
    if len(problems) > _MOST_TOLD:
        told = (*told, f"{origin}: … and {len(problems) - _MOST_TOLD} more")
    return InventoryError(told[0] if len(problems) == 1 else f"{origin}: {len(problems)} problems", hint, told)


class Remarks:
    """What is left out of a source, in words: the first fifty, and how many more."""

    def __init__(self, origin: str) -> None:
        self._origin, self._texts, self._more = origin, list[str](), 0

    def add(self, where: str, text: str) -> None:
        if len(self._texts) < _MOST_TOLD:
            self._texts.append(f"{where}: {text}")
        else:
            self._more += 1

    def told(self) -> tuple[str, ...]:
        return (*self._texts, *([f"{self._origin}: … and {self._more} more like these"] if self._more else []))
