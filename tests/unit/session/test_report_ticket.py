"""The comment for a ticket: short, complete, and nothing in it acts, whatever a device said."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import report_samples as samples

from tshoot.session.read import read_header
from tshoot.session.report.clock import Clock
from tshoot.session.report.formats import report_text
from tshoot.session.store import Session
from tshoot.shipped import shipped

RECORDED = shipped("fixtures/sessions") / "v1" / "nfs-mount-denied"


def ticket(folder: Path) -> str:
    return report_text(Session(folder, read_header(folder)), "ticket", clock=Clock())


def test_it_says_what_it_is_who_mends_it_and_how_in_a_few_lines() -> None:
    text = ticket(RECORDED)
    for part in ("**FAULT nfs.mount-denied", "- Proof: frame 16: `mount.status = 13`", "- Owner: storage team", "- Fix:", "- Verify:"):
        assert part in text
    assert text.splitlines()[-1].startswith("- Session: `20261121T045943Z-nfs-mount-44386f`, 2026-11-21 04:59:43")
    assert 10 <= len(text.splitlines()) <= 20 and text.endswith("\n")


@pytest.mark.parametrize("events", [samples.hostile_session(), list(samples.believable()), []], ids=["hostile", "believable", "empty"])
def test_nothing_in_it_acts_and_it_stays_short(tmp_path: Path, events: list[object]) -> None:
    text = ticket(samples.write_session(tmp_path, events))  # type: ignore[arg-type]
    assert len(text.splitlines()) <= 40 and max(map(len, text.splitlines())) < 1500
    assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b-\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff]", text)
    plain = re.sub(r"(`+)(?!`).*?(?<!`)\1(?!`)", "", text)
    assert "<script" not in plain and not re.search(r"(?<!\\)\]\(", plain) and "@everyone" not in plain and "://" not in plain
