"""Which case `tshoot demo NAME` means, and that no other is read for it."""

from __future__ import annotations

from pathlib import Path

import pytest

from tshoot.cli.demo import DEFAULT_CASE, chosen
from tshoot.errors import UsageError
from tshoot.simulator import scenario


@pytest.fixture
def read(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The ids of the scenarios that are read, as they are."""
    ids: list[str] = []
    load = scenario.load_scenario

    def told(folder: Path) -> scenario.Scenario:
        ids.append(f"{folder.parent.name}/{folder.name}")
        return load(folder)

    monkeypatch.setattr(scenario, "load_scenario", told)
    return ids


@pytest.mark.parametrize(
    ("name", "case"),
    [
        ("", DEFAULT_CASE),
        ("nfs-mount/no-such-vmkernel", "nfs-mount/no-such-vmkernel"),
        ("no-such-vmkernel", "nfs-mount/no-such-vmkernel"),
        ("wired", "ndp-source-mac/wired"),
    ],
)
def test_a_case_by_its_id_or_its_last_part_is_the_only_one_that_is_read(name: str, case: str, read: list[str]) -> None:
    assert chosen(name).id == case
    assert read == [case]


def test_a_cause_means_the_first_case_that_ends_in_it(read: list[str]) -> None:
    assert chosen("nfs.mount-denied").expect.cause == "nfs.mount-denied"
    assert len(read) == len(scenario.scenario_folders())


@pytest.mark.parametrize("name", ["nosuch", "nfs-mount", "nfs-mount/", "/wired", "../nfs-mount/export-policy", "*/wired", "\x1b[2J"])
def test_a_name_of_nothing_is_refused(name: str) -> None:
    with pytest.raises(UsageError) as refused:
        chosen(name)
    assert "demo --list" in refused.value.hint
