"""Which platform the targets of a run are, where neither the operator nor the inventory says it: asked once of the device, and remembered.

Before the run begins, so that its log has the platform that it was judged by. A device that does not tell is taken for the first platform of
its role, which is noted; one that cannot be logged in to fails as the run's own first command would, without another login.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from tshoot.errors import TshootError, UsageError
from tshoot.inventory.fitting import fitting
from tshoot.inventory.inventory import Inventory
from tshoot.inventory.memory import Memory, Remembered, default_memory
from tshoot.model.events import TargetSpec
from tshoot.performers.recognition import Recognised
from tshoot.performers.world import World


def settle(world: World, targets: dict[str, TargetSpec], guessed: Mapping[str, Sequence[str]], inventory: Inventory, state: Path) -> Sequence[str]:
    """Ask every device whose platform is `guessed` (role -> those that it can be), and set `targets` right; what is to be noted of it.

    UsageError where one is something that its role cannot be; Cancelled.
    """
    notes: list[str] = []
    for role, allowed in guessed.items():
        target, found = targets[role], world.recognise(role)
        platform = fitting(found.platforms, allowed)
        if found.platforms and not platform:
            raise UsageError(f"{found.told}, and `{role}` can be {', '.join(allowed)}", f"name another target, or overrule it: --platform {role}=…")
        if platform:
            targets[role] = replace(target, platform=platform)
            try:
                remember(default_memory(state), inventory, target.host, found)
            except TshootError as error:
                notes.append(error.message)
        if not found.kind:
            notes.append(found.told if platform else f"{found.told}; taken for {target.platform}: --platform {role}=… says what it is")
    return notes


def remember(memory: Memory, inventory: Inventory, typed: str, found: Recognised) -> None:
    """Keep what the device said it is, instead of what was kept of it."""
    known = inventory.typed(typed)
    memory.remember(Remembered(known.name, found.platforms, found.command, found.said, time.time()), known.place, inventory.way(typed))
