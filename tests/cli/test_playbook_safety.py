"""`tshoot playbooks safety`: what it prints is what the gate says; what cannot be proven is said, and is the exit status."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tshoot.cli.main import run_words
from tshoot.knowledge import ShippedKnowledge
from tshoot.playbook.check import check_playbook
from tshoot.playbook.loader import load_playbook, playbook_from_text, shipped_playbooks
from tshoot.playbook.safety import proofs

SMALL = """\
id: small
title: A small playbook
targets:
  host: {platform: [linux, cisco_ios]}
inputs:
  where: {type: choice, choices: [addr, link, netns], default: addr}
  peer: {type: ip, default: 192.0.2.1}
start: look
nodes:
  look:
    run: {linux: "ip {{ where }} show", cisco_ios: "show ip route {{ peer }}"}
    on: host
    decide:
      - otherwise: act
  act:
    run: {linux: "ip link set dev {{ look.names | first }} up", cisco_ios: "clear ip route {{ peer }}"}
    on: host
    changes: true
    decide:
      - otherwise: {healthy: done}
"""


@pytest.fixture
def small(tmp_path: Path) -> Path:
    file = tmp_path / "small.yaml"
    file.write_text(SMALL, encoding="utf-8")
    return file


def document(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, Any]:
    status = run_words(["playbooks", "safety", "--json", *words])
    return status, json.loads(capsys.readouterr().out)


def test_everything_that_ships_is_proven(capsys: pytest.CaptureFixture[str]) -> None:
    status, told = document(capsys)
    assert status == 0 and told["safe"]
    assert [one["id"] for one in told["playbooks"]] == [load_playbook(path).id for path in shipped_playbooks()]
    commands = [command for one in told["playbooks"] for command in one["commands"]]
    assert len(commands) > 50
    for command in commands:
        assert command["only_reads"] and not command["changes"] and command["rules"]
        for rule in command["rules"]:
            file, line = rule["place"].split(":")
            text = Path("tshoot/platforms", file).read_text(encoding="utf-8").splitlines()
            assert rule["pattern"].split()[0] in " ".join(text[int(line) - 1 : int(line) + 1]), rule


def test_what_changes_is_not_proven(small: Path, capsys: pytest.CaptureFixture[str]) -> None:
    status, told = document(capsys, str(small))
    assert status == 2 and not told["safe"]
    proven = {(command["step"], command["platform"]): command["only_reads"] for command in told["playbooks"][0]["commands"]}
    assert proven == {("look", "linux"): True, ("look", "cisco_ios"): True, ("act", "linux"): False, ("act", "cisco_ios"): False}


def test_values_are_told_with_their_origin_and_their_bounds(small: Path, capsys: pytest.CaptureFixture[str]) -> None:
    _, told = document(capsys, str(small))
    commands = {(command["step"], command["platform"]): command for command in told["playbooks"][0]["commands"]}
    (peer,) = commands["look", "cisco_ios"]["values"]
    assert peer["inputs"] == ["peer"] and [one["type"] for one in peer["takes"]] == ["ip"]
    (where,) = commands["look", "linux"]["values"]
    assert where["inputs"] == ["where"] and where["takes"] == []  # one of the pattern's own words
    (names,) = commands["act", "linux"]["values"]
    assert names["facts"] == ["look.names"]


def test_a_choice_with_which_nothing_fits_is_told(small: Path, capsys: pytest.CaptureFixture[str]) -> None:
    _, told = document(capsys, str(small))
    look = next(command for command in told["playbooks"][0]["commands"] if command["platform"] == "linux")
    assert look["refused"] == ["ip netns show"]
    assert run_words(["playbooks", "safety", str(small)]) == 2
    out = capsys.readouterr().out
    assert "not run with such values: ip netns show" in out
    assert "! not proven: `changes: true`" in out


def test_a_playbook_with_problems_has_no_proof(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "small.yaml"
    file.write_text(SMALL.replace("    changes: true\n", ""), encoding="utf-8")
    assert run_words(["playbooks", "safety", str(file)]) == 2
    assert "not known to only read" in capsys.readouterr().err


def test_lint_and_proof_ask_the_same_question() -> None:
    for text in (SMALL, SMALL.replace("    changes: true\n", "")):
        playbook = playbook_from_text(text, "small.yaml")
        refused = {proof.command for proof in proofs(playbook, ShippedKnowledge()) if not proof.rules and not proof.changes}
        said = " ".join(check_playbook(playbook, ShippedKnowledge()))
        assert all(f"`{command}` is not known to only read" in said for command in refused)
        assert bool(refused) == ("not known to only read" in said)
    for path in shipped_playbooks():
        playbook = load_playbook(path)
        assert all(proof.only_reads for proof in proofs(playbook, ShippedKnowledge()))


def test_a_capture_is_told_with_its_bounds_and_what_is_run_beside_it(capsys: pytest.CaptureFixture[str]) -> None:
    assert run_words(["playbooks", "safety", "nfs-mount"]) == 0
    out = capsys.readouterr().out
    assert "10 of 10 commands proven to only read, 1 capture" in out
    assert "ends after 120 s, 20000 packets or 20 MB, or when the connection ends" in out
    assert "rm -f, and a test" in out
