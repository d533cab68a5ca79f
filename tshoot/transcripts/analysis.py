"""From a file of pasted text to findings and a verdict, in the manner of captures (packets/analysis.py).

A fault that explains another outranks it. A text is called healthy only where a judge looked at something and nothing is
missing; an inconclusive verdict says what is missing. Needs no program beside Python.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from tshoot.cancel import CancelToken
from tshoot.model.findings import CONFIDENCES, SEVERITIES, FileVerdict, Finding
from tshoot.model.text import clean_line
from tshoot.transcripts.judge import judges
from tshoot.transcripts.judgement import Judge, Judgement
from tshoot.transcripts.reading import Reads, read
from tshoot.transcripts.text import TextFile

_WANTED = (
    "paste commands with their prompts and full answers: `show ipv6 route X` repeated, `show bgp ipv6 unicast X`, debug lines, "
    "`tcpdump -nevv` text, vmkping, vmkernel.log"
)
OnProgress = Callable[[str, float | None], None]


@dataclass(frozen=True, slots=True)
class TranscriptAnalysis:
    """As `packets.analysis.Analysis`, of a text. `hosts` are "R2: cisco_ios, because …" of each that was recognised."""

    file: Path
    bytes: int
    line_count: int
    encoding: str
    partial: bool
    remark: str
    findings: tuple[Finding, ...]
    seen: Mapping[str, int]
    verdict: FileVerdict
    hosts: tuple[str, ...] = ()
    explained: Mapping[str, str] = field(default_factory=dict)
    format: Literal["transcript"] = "transcript"
    packets: int = 0
    link_types: tuple[str, ...] = ()


def judged_text(text: TextFile, *, families: Sequence[str] = (), cancel: CancelToken, on_progress: OnProgress | None = None) -> TranscriptAnalysis:
    """Judge the text by the judges of `families` (empty: all). Raises Cancelled."""
    tell = on_progress or (lambda what, share: None)
    tell("finding commands and answers", None)
    reads = read(text.lines, cancel.check)
    tell("judging", None)
    remarks = [remark for remark in (text.remark, *reads.transcript.remarks) if remark]
    last = reads.transcript.pieces[-1].lines
    if not text.ended and last and last[-1].number == len(text.lines):
        remarks.append("the text ends in the middle of an answer: it may be cut")
    chosen = judges(families)
    judgements = [_judgement(judge, reads, remarks) for judge in chosen]
    findings = tuple(sorted((finding for judgement in judgements for finding in judgement.findings), key=_order))
    seen = {name: count for judgement in judgements for name, count in judgement.seen.items()}
    missing = tuple(dict.fromkeys(sentence for judgement in judgements for sentence in judgement.missing))
    explained = _explained(findings, chosen)
    return TranscriptAnalysis(
        file=text.path,
        bytes=text.bytes,
        line_count=len(text.lines),
        encoding=text.encoding,
        partial=bool(remarks),
        remark="; ".join(remarks),
        findings=findings,
        seen=seen,
        verdict=_verdict(findings, explained, _looked_at(seen, chosen), missing, "; ".join(remarks), reads),
        hosts=tuple(f"{host}: {guess.platform}, because {guess.why}" for host, guess in reads.hosts.items() if host),
        explained=explained,
    )


def _judgement(judge: Judge, reads: Reads, remarks: list[str]) -> Judgement:
    try:
        return judge.judge(reads)
    except Exception as error:  # no text may end the analysis; what failed is told, and nothing is called healthy
        remarks.append(f"the judge {judge.family} failed: {clean_line(repr(error))[:200]}")
        return Judgement()


def _order(finding: Finding) -> tuple[int, int, int]:
    return SEVERITIES.index(finding.severity), CONFIDENCES.index(finding.confidence), min(finding.lines, default=0)


def _explained(findings: Sequence[Finding], chosen: Sequence[Judge]) -> dict[str, str]:
    """Of the faults found, those that another one found explains: cause -> the one that explains it."""
    ranks = {cause: others for judge in chosen for cause, others in getattr(judge, "explains", {}).items()}
    causes = dict.fromkeys(finding.cause for finding in findings if finding.severity == "fault")
    explained: dict[str, str] = {}
    for cause in causes:
        for other in ranks.get(cause, ()):
            if other in causes and other != cause and explained.get(cause) != other:
                explained.setdefault(other, cause)
    return explained


def _verdict(
    findings: Sequence[Finding], explained: Mapping[str, str], looked_at: str, missing: Sequence[str], remark: str, reads: Reads
) -> FileVerdict:
    faults = [finding for finding in findings if finding.severity == "fault"]
    if faults:
        root = next((finding for finding in faults if finding.cause not in explained), faults[0])
        return FileVerdict("fault", root.cause, root.explanation)
    weaker = ", ".join(dict.fromkeys(f"{finding.severity}: {finding.cause}" for finding in findings))
    looked = f"looked at {looked_at}: no fault among them" + (f" ({weaker})" if weaker else "") if looked_at else ""
    if not looked and not findings and not missing:
        asked = sum(bool(piece.command) for piece in reads.transcript.pieces)
        what = (
            f"{asked} commands were recognised, but none of their answers is" if asked else "no command and no answer of one was recognised that is"
        )
        return FileVerdict("inconclusive", "", f"{what} of a kind that is judged: {_WANTED}")
    lacking = [f"missing: {sentence}" for sentence in missing]
    if remark:
        lacking.append("not everything could be judged: " + remark)
    if lacking or not looked:
        return FileVerdict("inconclusive", "", "; ".join(part for part in (*lacking, looked or weaker) if part))
    return FileVerdict("healthy", "", looked)


def _looked_at(seen: Mapping[str, int], chosen: Sequence[Judge]) -> str:
    meanings = {name: re.split(r"[,;:(]", meaning)[0].strip() for judge in chosen for name, meaning in judge.seen.items()}
    return ", ".join(f"{count} {meanings.get(name, name)}" for name, count in seen.items() if count)
