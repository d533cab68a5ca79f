"""The scenarios that ship: each names its playbook and roles, and its capture shows served what it shows offline."""

from __future__ import annotations

import shutil
import struct
import subprocess

import pytest

from tests.shipped_scenarios import SCENARIOS
from tests.thorough import sample
from tshoot.model.effects import Effect, StartCapture
from tshoot.model.events import Outcome
from tshoot.playbook.loader import find_playbook, load_playbook
from tshoot.rehearsal import rehearse
from tshoot.simulator.scenario import Scenario

SHIPPED = tuple(SCENARIOS.values())


class Watched:
    """A scenario that remembers the captures that were asked for."""

    def __init__(self, scenario: Scenario) -> None:
        self._scenario = scenario
        self.captures: list[StartCapture] = []

    def __getattr__(self, name: str) -> object:
        return getattr(self._scenario, name)

    def outcome(self, effect: Effect, at: float) -> Outcome:
        if isinstance(effect, StartCapture):
            self.captures.append(effect)
        return self._scenario.outcome(effect, at)


@pytest.mark.parametrize("scenario", SHIPPED, ids=lambda scenario: scenario.id)
def test_it_fits_its_playbook(scenario):
    playbook = load_playbook(find_playbook(scenario.playbook))
    assert scenario.folder.parent.name == scenario.playbook
    assert set(scenario.devices) <= set(playbook.roles)
    assert {name for name, role in playbook.roles.items() if not role.optional} <= set(scenario.devices)
    assert [role for role, device in scenario.devices.items() if device.platform not in playbook.roles[role].platforms] == []
    assert set(scenario.inputs) <= set(playbook.inputs)


@pytest.mark.skipif(shutil.which("tcpdump") is None or shutil.which("tshark") is None, reason="needs tcpdump and tshark")
@pytest.mark.parametrize(
    "scenario",
    sample({(one.playbook, one.expect.cause, one.expect.frame): one for one in SHIPPED if one.expect.frame}.values(), 2),
    ids=lambda scenario: scenario.id,
)
def test_the_playbooks_own_filter_keeps_the_frames_up_to_the_proof(scenario):
    """Served, the capture filter is applied; so what decides must pass it, and keep its number."""
    watched = Watched(scenario)
    rehearse(watched)  # type: ignore[arg-type]
    asked = watched.captures[-1]
    recorded = scenario.capture_path(asked.target).read_bytes()
    taken = subprocess.run(["tcpdump", "-n", "-r", "-", "-w", "-", asked.filter], input=recorded, capture_output=True, check=True).stdout
    until = 24
    for _ in range(scenario.expect.frame):
        until += 16 + struct.unpack_from("<I", recorded, until + 8)[0]
    assert taken[24:until] == recorded[24:until]
