"""Which platform the targets of a run are, where neither the operator nor the inventory says it: asked once of the device, and remembered.

Before the run begins, so that its log has the platform that it was judged by. A device that does not tell is taken for the first platform of
its role, which is noted; one that cannot be logged in to fails as the run's own first command would, without another login.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, MutableMapping, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import TypeVar

from tshoot.errors import TshootError, UsageError
from tshoot.inventory.fitting import fitting
from tshoot.inventory.inventory import Inventory
from tshoot.inventory.memory import Memory, Remembered, default_memory
from tshoot.model.effects import Effect
from tshoot.model.events import Outcome, TargetSpec
from tshoot.performers.recognition import Recognised
from tshoot.performers.world import Show, World
from tshoot.transports.address import Address

Begun = TypeVar("Begun")


class Settling:
    """`targets` is changed in place, by `settled`, before anything else reads it."""

    def __init__(
        self, world: World, targets: Mapping[str, TargetSpec], guessed: Mapping[str, Sequence[str]], inventory: Inventory | None, state: Path
    ) -> None:
        self._world, self._targets, self._state = world, targets, state
        self._guessed = guessed if inventory is not None and isinstance(targets, MutableMapping) else {}
        self._inventory = inventory
        self._notes: list[str] = []

    def settled(self, begun: Callable[[], Begun]) -> Begun:
        """What `begun` gives, once every platform is known as far as it can be."""
        self._settle()
        return begun()

    def _settle(self) -> None:
        """Ask every device whose platform is guessed. UsageError where one is something that its role cannot be; Cancelled."""
        for role, allowed in self._guessed.items():
            target, found = self._targets[role], self._world.recognise(role)
            platform = fitting(found.platforms, allowed)
            if found.platforms and not platform:
                raise UsageError(
                    f"{found.told}, and `{role}` can be {', '.join(allowed)}", f"name another target, or overrule it: --platform {role}=…"
                )
            if platform and isinstance(self._targets, MutableMapping):
                self._targets[role] = replace(target, platform=platform)
                self._remember(target.host, found)
            if not found.kind:
                self._notes.append(found.told if platform else f"{found.told}; taken for {target.platform}: --platform {role}=… says what it is")

    def perform(self, effect: Effect, show: Show) -> Outcome:
        """The world's, with what was found noted first: before that there is no log to note it in."""
        while self._notes:
            with suppress(IndexError):  # effects come side by side
                self._world.on_note(self._notes.pop(0))
        return self._world.perform(effect, show)

    def _remember(self, host: str, found: Recognised) -> None:
        if self._inventory is not None:
            target = self._inventory.typed(host)
            try:
                remember(default_memory(self._state), target.name, target.place, found)
            except TshootError as error:
                self._notes.append(error.message)


def remember(memory: Memory, name: str, place: Address, found: Recognised) -> Remembered:
    """Keep what the device said it is, instead of what was kept of it."""
    seen = Remembered(name, found.platforms, found.command, found.said, time.time())
    memory.remember(seen, place)
    return seen
