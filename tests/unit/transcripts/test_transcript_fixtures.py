"""Every text of fixtures/transcripts against what stands beside it: one case a text, judged the whole way.

A case's folder is the cause that must be found; `healthy` and `inconclusive` must give that verdict; what stands in `hostile`
is judged as its JSON says. The lines cited must be those of the file.
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tshoot.cancel import CancelToken
from tshoot.model.text import clean
from tshoot.transcripts.analysis import TranscriptAnalysis, judged_text
from tshoot.transcripts.judge import judges
from tshoot.transcripts.text import read_text

TRANSCRIPTS = Path(__file__).parents[3] / "fixtures" / "transcripts"
CASES = {str(path.relative_to(TRANSCRIPTS).with_suffix("")): path for path in sorted(TRANSCRIPTS.glob("*/*.txt"))}


def judged(path: Path) -> TranscriptAnalysis:
    return judged_text(read_text(path), cancel=CancelToken())


@pytest.mark.parametrize("case", CASES)
def test_a_text_gives_its_verdict(case: str) -> None:
    truth = json.loads(CASES[case].with_suffix(".json").read_text())
    analysis = judged(CASES[case])
    found = [
        {"cause": one.cause, "severity": one.severity, "confidence": one.confidence, "facts": dict(one.facts), "lines": list(one.lines)}
        for one in analysis.findings
    ]
    assert (analysis.verdict.kind, analysis.verdict.cause) == (truth["verdict"], truth["cause"]), analysis.verdict.reason
    assert found == truth["findings"]
    assert list(analysis.hosts) == truth["hosts"]
    assert dict(analysis.seen) == truth["seen"]
    assert truth.get("reason", analysis.verdict.reason) == analysis.verdict.reason


@pytest.mark.parametrize("case", CASES)
def test_the_folder_says_the_truth(case: str) -> None:
    folder = case.partition("/")[0]
    analysis = judged(CASES[case])
    if folder == "hostile":
        assert not analysis.verdict.cause or analysis.findings
    elif folder in ("healthy", "inconclusive"):
        assert analysis.verdict.kind == folder
    else:
        assert analysis.verdict.cause == folder


@pytest.mark.parametrize("case", CASES)
def test_the_lines_cited_are_those_of_the_file(case: str) -> None:
    lines = {line.number: line.text for line in read_text(CASES[case]).lines}
    for finding in judged(CASES[case]).findings:
        assert finding.lines, "a finding without its proof"
        assert list(finding.lines) == sorted({value.line for value in finding.line_evidence})
        for value in finding.line_evidence:
            assert value.text in lines[value.line]
            assert value.text == clean(value.text)
        assert not finding.frames and not finding.evidence and not finding.display_filter


def test_what_a_judge_finds_and_counts_it_declares() -> None:
    causes = {cause for judge in judges() for cause in judge.causes}
    counts = {name for judge in judges() for name in judge.seen}
    for path in CASES.values():
        analysis = judged(path)
        assert {finding.cause for finding in analysis.findings} <= causes
        assert set(analysis.seen) <= counts
    untried = causes - {case.partition("/")[0] for case in CASES}
    assert untried == set(), "a cause without a text that shows it"


def test_the_story_is_told_with_its_minute_and_its_circle() -> None:
    story = [judged(path) for case, path in CASES.items() if case.startswith("bgp.next-hop-in-own-prefix/polls-with")]
    assert len(story) == 2
    for analysis in story:
        assert " 60 s" in analysis.verdict.reason
        assert "2001:db9:121:100::/64 -> next hop 2001:db9:121:100::1 -> 2001:db9:121:100::/64" in analysis.verdict.reason


def test_only_the_families_asked_for_judge() -> None:
    path = CASES["bgp.next-hop-in-own-prefix/mail"]
    assert not judged_text(read_text(path), families=["nfs"], cancel=CancelToken()).findings
    assert judged_text(read_text(path), families=["nfs", "bgp"], cancel=CancelToken()).verdict.kind == "fault"
