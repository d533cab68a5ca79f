"""Fields that a finding has since format 1 began: written only where they hold something, and missed by nobody where they do not."""

from __future__ import annotations

import json

from tshoot.model.findings import FieldValue, Finding, LineValue
from tshoot.session.values import build, pack

OF_A_CAPTURE = Finding(
    "nfs.mount-denied", "denied", "fault", "high", (16,), (FieldValue(16, "mount.status", "13"),), "said no", "mount", {"port": 635}
)
OF_A_TEXT = Finding(
    "bgp.periodic-flap", "flaps", "fault", "high", (), (), "comes and goes", "", {}, (3, 9), (LineValue(3, "Known via", "protocol", "bgp"),)
)


def no_bytes(data: bytes) -> tuple[str, int]:
    raise AssertionError


def no_load(sha256: str, size: int) -> bytes:
    raise AssertionError


def test_a_finding_of_a_capture_is_written_as_it_always_was() -> None:
    body = pack(OF_A_CAPTURE, Finding, no_bytes)
    assert list(body) == ["cause", "title", "severity", "confidence", "frames", "evidence", "explanation", "display_filter", "facts"]
    assert build(Finding, json.loads(json.dumps(body)), no_load) == OF_A_CAPTURE


def test_a_finding_of_a_text_comes_back_whole() -> None:
    body = json.loads(json.dumps(pack(OF_A_TEXT, Finding, no_bytes)))
    assert body["lines"] == [3, 9]
    assert body["line_evidence"] == [{"line": 3, "text": "Known via", "fact": "protocol", "value": "bgp"}]
    assert build(Finding, body, no_load) == OF_A_TEXT


def test_nothing_else_is_left_out_because_it_is_empty() -> None:
    body = pack(Finding("", "", "note", "low", (), (), "", ""), Finding, no_bytes)
    assert body["frames"] == [] and body["facts"] == {} and body["title"] == ""
