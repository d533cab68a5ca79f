"""The laboratory's files against what they name, and the recorder's turns: no server is needed for that."""

from __future__ import annotations

import pytest

from tests.lab.access.case import FOLDER, is_access
from tests.lab.case import CASES, case_names, load_case
from tests.lab.record import turns_of
from tshoot.model.events import CommandRan
from tshoot.playbook.causes import all_causes
from tshoot.playbook.loader import find_playbook, load_playbook


@pytest.mark.parametrize("name", [name for name in case_names([]) if not is_access(name)])
def test_a_case_fits_its_playbook_and_its_world(name: str) -> None:
    case = load_case(name)
    playbook = load_playbook(find_playbook(case.playbook))
    assert name.startswith(f"{playbook.id}/")
    needed = {role for role, about in playbook.roles.items() if not about.optional}
    assert needed <= set(case.targets) <= set(playbook.roles)
    assert all(not target.platform or target.platform in playbook.roles[role].platforms for role, target in case.targets.items())
    assert set(case.inputs) <= set(playbook.inputs)
    assert not case.expect.decided_at or case.expect.decided_at in playbook.nodes
    assert (case.expect.verdict == "fault") == bool(case.expect.cause)
    assert not case.expect.cause or case.expect.cause in all_causes()
    addresses = {address.partition("/")[0] for interfaces in case.world.interfaces.values() for one in interfaces for address in one.address}
    assert {target.address for target in case.targets.values()} <= addresses
    hosts = set(case.world.interfaces)
    assert set(case.firewall) | set(case.stop) | set(case.ready) <= hosts
    assert {answer["on"] for answer in case.answers.values() if "on" in answer} <= hosts | addresses


def test_every_playbook_with_cases_has_a_healthy_one() -> None:
    for folder in CASES.iterdir():
        if folder.name == FOLDER:
            continue  # cases of the way to a device: of no playbook
        assert any(load_case(name).expect.verdict == "healthy" for name in case_names([folder.name])), folder.name


def ran(*outputs: str) -> list[tuple[float, CommandRan]]:
    return [(2.0 * number, CommandRan(0, output.encode(), b"", 0.1)) for number, output in enumerate(outputs)]


def test_a_turn_begins_midway_between_two_looks() -> None:
    assert turns_of(ran("bgp", "bgp", "ospf", "ospf", "bgp")) == [(0.0, b"bgp"), (3.0, b"ospf"), (7.0, b"bgp")]


def test_ages_alone_are_no_turn() -> None:
    assert turns_of(ran("up 00:00:02", "up 00:00:04")) == [(0.0, b"up 00:00:02")]
    assert len(turns_of(ran("metric 2", "metric 4"))) == 2
