"""Every shipped playbook: without a problem, every branch reached by a scenario, every scenario at the verdict that it expects.

One more playbook or scenario is tested here by lying in its folder.
"""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from tests.shipped_scenarios import SCENARIOS as SHIPPED
from tshoot.__main__ import main
from tshoot.knowledge import ShippedKnowledge
from tshoot.model.effects import RunCommand
from tshoot.model.events import EffectRequested
from tshoot.platforms.loader import load_platform
from tshoot.playbook.causes import all_causes
from tshoot.playbook.check import check_playbook
from tshoot.playbook.loader import load_playbook, shipped_playbooks
from tshoot.playbook.tree import Playbook
from tshoot.rehearsal import Rehearsal, coverage, rehearse
from tshoot.simulator.scenario import Scenario

PLAYBOOKS = [load_playbook(path) for path in shipped_playbooks()]
SCENARIOS = tuple(SHIPPED.values())
CASE_1 = [
    "nfs.mount-denied",
    "nfs.export-not-found",
    "nfs.program-not-registered",
    "nfs.version-unsupported",
    "nfs.rpc-auth-rejected",
    "nfs.portmapper-unreachable",
    "nfs.mountd-blocked",
    "nfs.nfsd-blocked",
    "nfs.access-denied",
    "nfs.stale-handle",
    "path.mtu-mismatch",
    "host.wrong-vmkernel",
    "path.unreachable",
]
each_playbook = pytest.mark.parametrize("playbook", PLAYBOOKS, ids=lambda playbook: playbook.id)


_REHEARSED: dict[str, Rehearsal] = {}


def rehearsed(scenario: Scenario) -> Rehearsal:
    """Each scenario is played once a process."""
    if scenario.id not in _REHEARSED:
        _REHEARSED[scenario.id] = rehearse(scenario)
    return _REHEARSED[scenario.id]


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario.id)
def test_a_scenario_reaches_the_verdict_that_it_expects(scenario: Scenario) -> None:
    assert rehearsed(scenario).problems == ()


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario.id)
def test_every_command_of_a_scenario_passes_the_gate_with_its_values(scenario: Scenario) -> None:
    requested = [event.effect for event in rehearsed(scenario).events if isinstance(event, EffectRequested)]
    commands = {(effect.target, effect.command) for effect in requested if isinstance(effect, RunCommand)}
    refused = [command for role, command in sorted(commands) if load_platform(scenario.devices[role].platform).rule_for(command) is None]
    assert refused == []


@each_playbook
def test_a_playbook_has_no_problem(playbook: Playbook) -> None:
    assert check_playbook(playbook, ShippedKnowledge()) == ()


@each_playbook
def test_every_branch_is_taken_by_a_scenario(playbook: Playbook) -> None:
    found = coverage(playbook, [rehearsed(scenario) for scenario in SCENARIOS if scenario.playbook == playbook.id])
    assert [(node, branch.text, branch.outcome) for node, branch in found.missing] == []
    assert found.branches > 0


@each_playbook
def test_every_cause_that_a_playbook_can_conclude_is_reached_by_a_scenario(playbook: Playbook) -> None:
    concluded = {branch.leads_to for node in playbook.nodes.values() for branch in node.decide if branch.kind == "conclude"}
    assert concluded == {scenario.expect.cause for scenario in SCENARIOS if scenario.playbook == playbook.id} - {""}


@each_playbook
def test_a_playbook_is_named_as_its_file_and_meets_a_person(playbook: Playbook) -> None:
    assert Path(playbook.file).stem == playbook.id
    assert playbook.symptoms
    assert playbook.description
    assert all(role.help for role in playbook.roles.values())
    assert all(spec.help for spec in playbook.inputs.values())
    assert all(node.why for node in playbook.nodes.values())


def test_every_scenario_belongs_to_a_playbook_and_tells_its_story() -> None:
    assert {scenario.playbook for scenario in SCENARIOS} == {playbook.id for playbook in PLAYBOOKS}
    assert all(scenario.title and scenario.story for scenario in SCENARIOS)


def test_the_mount_playbook_finds_every_cause_of_its_case() -> None:
    playbook = next(playbook for playbook in PLAYBOOKS if playbook.id == "nfs-mount")
    concluded = {branch.leads_to for node in playbook.nodes.values() for branch in node.decide if branch.kind == "conclude"}
    assert set(CASE_1) <= concluded
    assert set(CASE_1) <= {scenario.expect.cause for scenario in SCENARIOS if scenario.playbook == "nfs-mount"}


@pytest.mark.parametrize("cause", sorted({*CASE_1, *all_causes()}))
def test_every_cause_can_be_explained(cause: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["explain", cause]) == 0
    text = capsys.readouterr().out
    assert text.startswith(f"{cause}: ")
    assert all(heading in text for heading in ("On the wire", "Who owns the fix", "Fix", "Verify"))
    assert not re.search(r"\{\w+\}", text)


def test_a_cause_that_there_is_not_is_answered_with_those_near_it(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["explain", "nfs.mount-denyed"]) == 2
    error = capsys.readouterr().err
    assert "there is no cause `nfs.mount-denyed`" in error
    assert "nfs.mount-denied" in error


@each_playbook
def test_the_graph_names_every_node_and_every_end(playbook: Playbook, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["playbooks", "graph", playbook.id]) == 0
    tree = capsys.readouterr().out
    assert main(["playbooks", "graph", "--mermaid", playbook.id]) == 0
    chart = capsys.readouterr().out.splitlines()
    for node in playbook.nodes.values():
        assert f"{node.id}  " in tree
        assert sum(line.startswith(f'  {node.id}["') for line in chart) == 1
        assert sum(line.startswith(f"  {node.id} -->") for line in chart) == len(node.decide)
    causes = {branch.leads_to for node in playbook.nodes.values() for branch in node.decide if branch.kind == "conclude"}
    assert all(cause in tree for cause in causes)
    assert chart[0] == "flowchart TD"
    assert all(re.fullmatch(r'  \w+(\["[^"]*"\]| -->\|"[^"|]*"\| (\w+|end\d+\(\["[^"]*"\]\)))', line) for line in chart[1:])


def test_the_list_as_json_names_every_playbook(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["playbooks", "list", "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert document["schema"] == 1
    assert [row["id"] for row in document["playbooks"]] == [playbook.id for playbook in PLAYBOOKS]
    assert all(row["title"] and row["symptoms"] and row["targets"] for row in document["playbooks"])


@each_playbook
def test_what_a_playbook_asks_for_and_may_run_is_shown(playbook: Playbook, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["playbooks", "show", playbook.id]) == 0
    shown = capsys.readouterr().out
    assert all(name in shown for name in (*playbook.roles, *playbook.inputs, *playbook.symptoms))
    assert f"tshoot run {playbook.id} --target" in shown


def test_test_and_coverage_say_the_same_on_the_command_line(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tshoot.rehearsal.rehearse", lambda scenario, playbook: rehearsed(scenario))  # once is enough
    assert main(["playbooks", "test"]) == 0
    assert capsys.readouterr().out.endswith(" scenarios, 0 failed\n")
    assert main(["playbooks", "coverage"]) == 0
    assert capsys.readouterr().out.splitlines()[-1] == "100 %"


def test_the_schema_accepts_every_playbook(capsys: pytest.CaptureFixture[str]) -> None:
    jsonschema = pytest.importorskip("jsonschema")
    from tshoot.yamltext import load_yaml_file

    assert main(["playbooks", "schema"]) == 0
    schema = json.loads(capsys.readouterr().out)
    jsonschema.Draft202012Validator.check_schema(schema)
    validator = jsonschema.Draft202012Validator(schema)
    for path in shipped_playbooks():
        assert [error.message for error in validator.iter_errors(load_yaml_file(path))] == []


WRONG = [
    (
        "nfs-mount/export-policy",
        "when: trace.found('nfs.mount-denied')",
        "when: not trace.found('nfs.mount-denied')",
        "expected fault nfs.mount-denied",
    ),
    (
        "bgp-walker-flap/connected-link",
        "- when: route.series.source.changes >= 2\n        conclude",
        "- when: route.found\n        conclude",
        "expected healthy",
    ),
    ("ndp-source-mac/wired", "when: trace.found('ndp.no-router')", "when: trace.packets > 0", "expected healthy"),
]


@pytest.mark.parametrize(("scenario_id", "right", "wrong", "problem"), WRONG, ids=[row[0] for row in WRONG])
def test_a_playbook_that_concludes_too_much_is_caught_by_its_scenarios(scenario_id: str, right: str, wrong: str, problem: str) -> None:
    """The rehearsal can fail: a scenario through its playbook with one branch turned round."""
    from tshoot.playbook.loader import find_playbook, playbook_from_text

    scenario = next(scenario for scenario in SCENARIOS if scenario.id == scenario_id)
    text = find_playbook(scenario.playbook).read_text(encoding="utf-8")
    assert right in text
    mistaken = playbook_from_text(text.replace(right, wrong), "wrong.yaml")
    assert any(problem in text for text in rehearse(scenario, mistaken).problems)
