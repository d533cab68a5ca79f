"""What the judges of pasted text say of a recording, as the verdict of its session: the lines that prove it are cited where the session has them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from tshoot.model.evidence import LineCitation
from tshoot.model.findings import Finding
from tshoot.model.verdicts import Verdict
from tshoot.playbook.causes import all_causes, filled
from tshoot.transcripts.analysis import TranscriptAnalysis
from tshoot.transcripts.foreign.typed_piece import Typed

_LONGEST = 200  # characters of a cited line


@dataclass(frozen=True, slots=True)
class Placed:
    """A typed command with its key in the session; `sha256` is that of its answer."""

    key: str
    role: str
    typed: Typed
    sha256: str

    @property
    def command(self) -> str:
        return self.typed.command or f"(text without a prompt, from line {self.typed.lines[0].number})"


def verdict_of(analysis: TranscriptAnalysis, placed: Sequence[Placed]) -> Verdict:
    """The verdict of the whole recording, in the form of a run's."""
    said = analysis.verdict
    lines = {line.number: (one, place) for one in placed for place, line in enumerate(one.typed.lines, 1)}
    if said.kind == "fault":
        root = next(finding for finding in analysis.findings if finding.cause == said.cause)
        return _fault(root, said.reason, tuple(_citations([root], lines)))
    proof = tuple(_citations(analysis.findings, lines))
    if said.kind == "healthy":
        return Verdict("healthy", said.reason, evidence=proof)
    steps = "`tshoot sessions rejudge SESSION --playbook ID --target ROLE=DEVICE` says what a playbook would have asked as well"
    return Verdict("inconclusive", said.reason, evidence=proof, next_steps=steps)


def _fault(finding: Finding, reason: str, proof: tuple[LineCitation, ...]) -> Verdict:
    cause = all_causes().get(finding.cause)
    if cause is None:
        return Verdict("fault", reason, finding.cause, finding.title, evidence=proof, details=finding.facts)
    fix, verify = filled(cause.fix, finding.facts), filled(cause.verify, finding.facts)
    return Verdict("fault", reason, cause.id, cause.title, cause.owner, fix, verify, proof, details=finding.facts)


def _citations(findings: Sequence[Finding], lines: dict[int, tuple[Placed, int]]) -> Iterator[LineCitation]:
    """A line that is no part of an answer (a prompt with its command) has no place to be cited at: its answer is cited beside it."""
    for finding in findings:
        for value in finding.line_evidence:
            if value.line in lines:
                one, place = lines[value.line]
                said = one.typed.lines[place - 1].text.strip()[:_LONGEST]
                step = one.key.partition("/")[0]
                yield LineCitation(step, one.role, one.command, "stdout", place, place, said, value.fact, value.value, one.sha256)
