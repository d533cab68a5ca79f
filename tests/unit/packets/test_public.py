"""All detectors together on captures that nobody of this project made: no fault in what is healthy, the known ones found, none that fails."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from tshoot.cancel import CancelToken
from tshoot.errors import CaptureFileError
from tshoot.packets.analysis import Analysis, analyze_capture

PUBLIC = Path(__file__).parents[4] / "shared" / "captures"
MANIFEST = PUBLIC / "manifest.jsonl"
TRUTHS = {truth["file"]: truth for truth in map(json.loads, MANIFEST.read_text().splitlines())} if MANIFEST.exists() else {}
CAUSES = {"bgp-cease": "bgp.session-reset", "portmap-program-not-available": "nfs.program-not-registered"}  # of the catalogue -> ours
KNOWN = {file: CAUSES[kind] for file, truth in TRUTHS.items() if (kind := truth["verdict"].removeprefix("fault:")) in CAUSES}

pytestmark = [
    pytest.mark.skipif(not TRUTHS, reason="the public captures are not beside this checkout"),
    pytest.mark.skipif(shutil.which("tshark") is None, reason="tshark is not installed"),
]


def analysis_of(file: str) -> Analysis | None:
    """None for what is no capture: that is said, and nothing judged."""
    try:
        return analyze_capture(PUBLIC / file, cancel=CancelToken())
    except CaptureFileError:
        assert file.startswith("format/")
        return None


@pytest.mark.parametrize("file", KNOWN)
def test_a_known_fault_is_found_at_its_frames(file: str) -> None:
    analysis = analysis_of(file)
    assert analysis is not None
    found = [finding for finding in analysis.findings if finding.severity == "fault"]
    assert {finding.cause for finding in found} == {KNOWN[file]}
    assert set(TRUTHS[file]["frames"]) <= {frame for finding in found for frame in finding.frames}
