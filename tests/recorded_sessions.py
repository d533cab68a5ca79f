"""One recorded session of every shipped scenario, written by the real log from its rehearsal, and every session of the fixtures.

Recorded once a test run, by whichever worker asks first, and shared by all: treat a folder as read-only, copy it to change it. Use the fixture
`recorded` (tests/conftest.py): `recorded("nfs-mount/export-policy")` is the folder of that session.
"""

from __future__ import annotations

import fcntl
import os
import shutil
from collections.abc import Callable
from functools import cache
from pathlib import Path
from unittest.mock import patch

from tests.shipped_scenarios import SCENARIOS
from tshoot.knowledge import ShippedKnowledge
from tshoot.model.events import CaptureTaken, EffectAnswered, Event, Ok
from tshoot.playbook.loader import find_playbook
from tshoot.rehearsal import STARTED, rehearse
from tshoot.session.log import SessionLog
from tshoot.session.read import LOG
from tshoot.shipped import shipped
from tshoot.simulator.scenario import Scenario

FIXTURES = {f"{path.parent.name}/{path.stem}": path.with_suffix("") for path in sorted(shipped("fixtures/sessions").glob("v*/*.json"))}
NAMES = [*SCENARIOS, *FIXTURES]  # what `recorded` takes: 'nfs-mount/export-policy', 'v1/nfs-mount-denied'
Recorded = Callable[[str], Path]


def recorder(shared: Path) -> Recorded:
    """`recorded`, whose folders lie below `shared`."""

    @cache
    def recorded(name: str) -> Path:
        if name in FIXTURES:
            return FIXTURES[name]
        place = shared / name.replace("/", "__")
        place.parent.mkdir(parents=True, exist_ok=True)
        with place.with_suffix(".lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not place.exists():
                making = place.with_suffix(".part")
                shutil.rmtree(making, ignore_errors=True)
                record(making, SCENARIOS[name])
                making.rename(place)
        return next(path for path in place.iterdir() if (path / LOG).exists())

    return recorded


def record(root: Path, scenario: Scenario) -> Path:
    """The folder, below `root`, of the session of a rehearsal of `scenario`."""
    text = find_playbook(scenario.playbook).read_text(encoding="utf-8")
    with patch.object(os, "fsync", lambda descriptor: None):  # nothing here has to outlive a power failure
        log = SessionLog.create(root, scenario.playbook, text, ShippedKnowledge().versions(), started=STARTED)
        with log:
            for event in rehearse(scenario).events:
                keep_capture(log, scenario, event)
                log.append(event)
    return log.folder


def keep_capture(log: SessionLog, scenario: Scenario, event: Event) -> None:
    """Put the capture that `event` tells of into evidence, as its performer does before the answer is logged."""
    if isinstance(event, EffectAnswered) and isinstance(event.outcome, Ok) and isinstance(event.outcome.answer, CaptureTaken):
        for role in scenario.devices:
            source = scenario.capture_path(role)
            if source is not None:
                copy = log.folder / "pulled-1.pcap"
                shutil.copy(source, copy)
                log.add_capture(copy)
