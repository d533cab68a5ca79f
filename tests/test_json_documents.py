"""Every `--json` document against docs/json.schema.json, made by the real program; and the exported schema of playbooks."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

ROOT = Path(__file__).parents[1]
SCHEMA = json.loads((ROOT / "docs/json.schema.json").read_text())
CAPTURES = ROOT / "fixtures/captures"
TRANSCRIPTS = ROOT / "fixtures/transcripts"
RECORDED = str(ROOT / "fixtures/sessions/v1/nfs-mount-denied")
RUN = ["run", "nfs-mount", "--target", "host=esx01", "--set", "server=192.0.2.50", "--set", "share=/vol/ds1"]
DOCUMENTS = {
    "fault": ("run", ["demo"], 1),
    "inconclusive": ("run", ["demo", "nfs-mount/ssh-off"], 4),
    "plan": ("plan", [*RUN, "--plan"], 0),
    "analyze": ("analyze", ["analyze", *map(str, sorted(CAPTURES.glob("*/*.pcap"))[::6]), "no-such-file.pcap"], 1),
    "analyze-text": (
        "analyze",
        ["analyze", *map(str, sorted(TRANSCRIPTS.glob("*/*.txt"))[::3]), str(next(CAPTURES.glob("nfs.mount-denied/*.pcap")))],
        1,
    ),
    "analyze-folder": ("analyze", ["analyze", "--timeline", str(CAPTURES / "path.mtu-mismatch")], 1),
    "sessions": ("sessions", ["sessions", "list"], 0),
    "rejudge": ("rejudge", ["sessions", "rejudge", RECORDED], 0),
    "rejudge-what-if": ("rejudge", ["sessions", "rejudge", RECORDED, "--what-if", "ping_full.received=0"], 3),
    "verify-fix-plan": ("plan", ["sessions", "verify-fix", RECORDED, "--plan"], 0),
    "rejudge-all": ("rejudge_all", ["sessions", "rejudge", "--all"], 3),
    "compare": ("compare", ["sessions", "compare", RECORDED, RECORDED], 0),
    "playbooks": ("playbooks", ["playbooks", "list"], 0),
    "safety": ("safety", ["playbooks", "safety"], 0),
    "doctor": ("doctor", ["doctor"], 0),
    "doctor-hosts": ("doctor_hosts", ["doctor", "127.0.0.1:1", "no-such-host.invalid"], 4),
    "sweep": ("sweep", ["sweep"], 0),
    "targets": ("targets", ["targets", "--inventory", str(ROOT / "fixtures/inventories/netbox/devices.json")], 0),
    "target": ("target", ["targets", "show", "rtr1", "--inventory", str(ROOT / "fixtures/inventories/netbox/devices.csv")], 0),
    "groups": ("groups", ["targets", "groups", "--inventory", str(ROOT / "fixtures/inventories/containerlab/made.clab.yml")], 0),
    "detected": ("detected", ["targets", "detect", "127.0.0.1:1"], 4),
    "forgotten": ("forgotten", ["targets", "forget", "esx01"], 0),
}


@pytest.fixture(scope="module")
def environment(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Sessions of its own: one that is sound and one that cannot be read."""
    data = tmp_path_factory.mktemp("data")
    environment = {**os.environ, "XDG_DATA_HOME": str(data)}
    tshoot(environment, "demo", "nfs-mount/no-such-vmkernel", "--json")
    (data / "tshoot/sessions/20260101T000000Z-nfs-mount-abcdef").mkdir()
    return environment


def tshoot(environment: dict[str, str], *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "tshoot", *words], env=environment, capture_output=True, text=True, timeout=120, stdin=subprocess.DEVNULL
    )


def validator(name: str) -> Draft202012Validator:
    return Draft202012Validator({"$ref": f"#/$defs/{name}", "$defs": SCHEMA["$defs"]})


@pytest.mark.parametrize("case", DOCUMENTS)
def test_a_document_is_as_its_schema_says(case: str, environment: dict[str, str]) -> None:
    name, words, status = DOCUMENTS[case]
    ran = tshoot(environment, *words, "--json")
    assert ran.returncode == status, ran.stderr
    document = json.loads(ran.stdout)
    validator(name).validate(document)
    Draft202012Validator(SCHEMA).validate(document)
    assert ran.stdout.isascii()


def test_an_extract_is_in_the_document(environment: dict[str, str], tmp_path: Path) -> None:
    capture = next(CAPTURES.glob("nfs.mount-denied/*.pcap"))
    document = json.loads(tshoot(environment, "analyze", "--json", "--extract", str(tmp_path / "proof.pcapng"), str(capture)).stdout)
    validator("analyze").validate(document)
    assert document["extracted"]["frames"] >= document["extracted"]["cited"] >= 1


def test_a_session_shown_is_the_document_of_its_run(environment: dict[str, str]) -> None:
    told = json.loads(tshoot(environment, "demo", "nfs-mount/no-such-vmkernel", "--json").stdout)
    shown = json.loads(tshoot(environment, "sessions", "show", told["session"], "--json").stdout)
    validator("run").validate(shown)
    assert shown == {**told, "verifications": []}


def test_a_refused_command_line_writes_no_document(environment: dict[str, str]) -> None:
    ran = tshoot(environment, "run", "nfs-mount", "--json")
    assert (ran.returncode, ran.stdout) == (2, "")
    assert "--target host=HOST is missing" in ran.stderr


def test_the_schema_refuses_what_it_does_not_know() -> None:
    Draft202012Validator.check_schema(SCHEMA)
    good = {"schema": 1, "playbooks": []}
    assert validator("playbooks").is_valid(good)
    for bad in ({**good, "schema": 2}, {**good, "more": 1}, {"schema": 1}):
        assert not validator("playbooks").is_valid(bad)


def test_the_schema_of_playbooks_is_the_one_that_tshoot_exports(environment: dict[str, str]) -> None:
    exported = tshoot(environment, "playbooks", "schema").stdout
    assert exported == (ROOT / "docs/playbook.schema.json").read_text(), "tshoot playbooks schema > docs/playbook.schema.json"
