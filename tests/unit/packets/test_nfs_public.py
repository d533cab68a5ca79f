"""The NFS detector on captures that nobody of this project made: no fault in a healthy one, and the known fault found."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from tshoot.cancel import CancelToken
from tshoot.packets.analysis import analyze_capture

PUBLIC = Path(__file__).parents[4] / "shared" / "captures"
MANIFEST = PUBLIC / "manifest.jsonl"
TRUTHS = {truth["file"]: truth for truth in map(json.loads, MANIFEST.read_text().splitlines())} if MANIFEST.exists() else {}

pytestmark = [
    pytest.mark.skipif(not TRUTHS, reason="the public captures are not beside this checkout"),
    pytest.mark.skipif(shutil.which("tshark") is None, reason="tshark is not installed"),
]


@pytest.mark.parametrize("file", [file for file in TRUTHS if file.startswith("healthy_nfs/")])
def test_a_healthy_session_is_seen_as_such(file: str) -> None:
    analysis = analyze_capture(PUBLIC / file, families=["nfs"], cancel=CancelToken())
    assert analysis.verdict.kind == "healthy"
    assert analysis.seen["nfs.ok"] > 20
    assert analysis.seen["nfs.mount-ok"] >= 1


def test_a_program_that_is_not_registered() -> None:
    """sadmind is no NFS program; who asked for it did not get it, and nothing else between the two worked."""
    analysis = analyze_capture(PUBLIC / "nfs" / "portmap_program_not_available.pcap", families=["nfs"], cancel=CancelToken())
    [finding] = analysis.findings
    assert (finding.cause, finding.severity, finding.confidence) == ("nfs.program-not-registered", "fault", "medium")
    assert finding.evidence[0].frame == 7
    assert "sadmind (100232)" in finding.explanation
    assert "no program of NFS" in finding.explanation
