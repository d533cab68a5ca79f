"""`tshoot detectors`: what is listed is what the code has."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tshoot.cli.main import run_words
from tshoot.packets import detect
from tshoot.packets.detect import detectors
from tshoot.playbook.causes import all_causes

SCHEMA = Path(__file__).parents[2] / "docs" / "json.schema.json"


def test_the_document_names_every_cause_with_its_proof(capsys: pytest.CaptureFixture[str]) -> None:
    jsonschema = pytest.importorskip("jsonschema")
    assert run_words(["detectors", "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    schema = json.loads(SCHEMA.read_text())
    jsonschema.validate(document, {"$defs": schema["$defs"], **schema["$defs"]["detectors"]})
    listed = {row["cause"]: row for family in document["detectors"] for row in family["causes"]}
    assert set(listed) == {cause for detector in detectors() for cause in detector.causes}
    assert all(row["title"] == all_causes()[cause].title and row["proof"] for cause, row in listed.items())
    tcp = next(family for family in document["detectors"] if family["family"] == "tcp")
    assert (tcp["needs_tshark"], tcp["judges_headers"]) == (False, True)
    assert all(family["looks_for"] and family["capture_filter"] for family in document["detectors"])


def test_the_text_is_of_the_families_that_were_named(capsys: pytest.CaptureFixture[str]) -> None:
    assert run_words(["detectors", "tcp"]) == 0
    out = capsys.readouterr().out
    assert "tcp.zero-window: The receiving program does not read its data" in out
    assert "tshark is not needed" in out
    assert "nfs." not in out


def test_a_family_is_read_without_the_others_and_bears_the_name_of_its_file() -> None:
    assert [detector.family for detector in detectors()] == sorted(file.stem for file in Path(detect.__file__).parent.glob("[a-z]*.py"))
    code = "import sys; from tshoot.packets.detect import detectors; detectors(['tcp']); print('tshoot.packets.detect.nfs' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60).stdout == "False\n"


def test_an_unknown_family_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert run_words(["detectors", "nonsense"]) == 2
    assert "no such family" in capsys.readouterr().err
