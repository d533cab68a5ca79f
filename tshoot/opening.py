"""What a front end opens with. Here and not in wiring, for the home screen is painted before an engine is loaded."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tshoot.transports.settings import SshSettings


@dataclass(frozen=True)
class Settings:
    """How to run: `record` is the folder of sessions, `state` the folder of capture journals (None: the user's own),
    `ssh` None means the user's set-up, `capture_directories` role -> folder on the target to capture into, instead of its platform's.
    `inventory` are the files that name targets, () those of TSHOOT_INVENTORY and the user's own, None: no inventory is looked at."""

    record: Path | None = None
    state: Path | None = None
    ssh: SshSettings | None = None
    capture_directories: Mapping[str, str] = field(default_factory=dict)
    inventory: tuple[str, ...] | None = None


@dataclass(frozen=True)
class Opening:
    """What a front end opens with: a playbook with what is known of its targets, their platforms and inputs, or nothing at all."""

    playbook: str = ""
    targets: Mapping[str, str] = field(default_factory=dict)
    inputs: Mapping[str, str] = field(default_factory=dict)
    settings: Settings = field(default_factory=Settings)
    remark: str = ""
    platforms: Mapping[str, str] = field(default_factory=dict)
