"""The shipped scenarios, read once a process: by id, and the one that the story is told by."""

from __future__ import annotations

from tshoot.simulator.scenario import scenarios

SCENARIOS = {scenario.id: scenario for scenario in scenarios()}
STORY = SCENARIOS["nfs-mount/export-policy"]
