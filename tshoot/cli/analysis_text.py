"""An analysis in words, for a person: the verdict first, then its proof, what follows from it, what else was seen, and what to do.

No sentence stands here twice: the verdict's reason is the explanation of the finding that decided.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tshoot.cli.analysis_one import is_transcript
from tshoot.cli.analysis_proof import tell_proof, tell_wireshark
from tshoot.cli.output import painted, paragraphs, say, wrapped
from tshoot.model.findings import Finding
from tshoot.playbook.causes import all_causes, filled

if TYPE_CHECKING:
    from tshoot.cli.analysis_one import Analysis

VERDICTS = {"fault": "FAULT", "healthy": "HEALTHY", "inconclusive": "NOT DECIDED"}
STYLES = {"fault": "bold red", "healthy": "bold green", "inconclusive": "bold yellow"}
_SHORT = 12  # findings beside the one that decided that are told


def tell(analysis: Analysis) -> None:
    verdict = analysis.verdict
    decided = next((finding for finding in analysis.findings if finding.cause == verdict.cause), None)
    painted(STYLES[verdict.kind], f"{VERDICTS[verdict.kind]}  {verdict.cause}".rstrip())
    if decided is not None:
        wrapped(f"{decided.title} (confidence {decided.confidence})")
    wrapped(f"{analysis.file}: {what_it_is(analysis)}", *(f"taken for: {host}" for host in getattr(analysis, "hosts", ())))
    say("")
    paragraphs(("Why", verdict.reason))
    if decided is not None:
        tell_proof(analysis, decided)
    _tell_others(analysis, decided)
    _tell_doubts(analysis, decided)
    if decided is not None:
        if verdict.cause in all_causes():
            known = all_causes()[verdict.cause]
            fix, verify = filled(known.fix, decided.facts), filled(known.verify, decided.facts)
            paragraphs(("Who owns the fix", known.owner), ("Fix", fix), ("Verify", verify))
        tell_wireshark(analysis.file, decided)


def what_it_is(analysis: Analysis) -> str:
    if is_transcript(analysis):
        return f"text, {analysis.line_count} line{'s' if analysis.line_count != 1 else ''}, {analysis.bytes} bytes"
    return f"{analysis.packets} packets, {analysis.bytes} bytes, {analysis.format}, {', '.join(analysis.link_types) or 'no link type'}"


def _tell_others(analysis: Analysis, decided: Finding | None) -> None:
    """What the cause explains, what it does not, and what is no fault: a few lines each."""
    others = [finding for finding in analysis.findings if finding is not decided]
    faults = [finding for finding in others if finding.severity == "fault"]
    groups = (
        ("The same elsewhere", [finding for finding in faults if decided and finding.cause == decided.cause]),
        ("This explains", [finding for finding in faults if finding.cause in analysis.explained]),
        (
            "Another fault, not explained by it",
            [f for f in faults if f.cause not in analysis.explained and not (decided and f.cause == decided.cause)],
        ),
        ("Warnings and notes", [finding for finding in others if finding.severity != "fault"]),
    )
    for heading, findings in groups:
        if findings:
            told = [_short(finding, analysis.explained) for finding in findings[:_SHORT]]
            if len(findings) > _SHORT:
                told.append(f"and {len(findings) - _SHORT} more (--json has them)")
            paragraphs((heading, "\n".join(told)))


def _short(finding: Finding, explained: Mapping[str, str]) -> str:
    kind = f"{finding.severity}: " if finding.severity != "fault" else ""
    places = finding.frames or finding.lines
    name = "frame" if finding.frames else "line"
    where = f" ({name}{'s' if len(places) > 1 else ''} {', '.join(map(str, places[:4]))}{', ...' if len(places) > 4 else ''})" if places else ""
    return f"{kind}{finding.cause}: {finding.explanation}{where}"


def _tell_doubts(analysis: Analysis, decided: Finding | None) -> None:
    """What was looked at and excluded, and what makes the capture say less than it seems to."""
    judging = _judging(analysis)
    looked = looked_at(analysis.seen, judging) if analysis.verdict.kind == "fault" else ""
    alike = next((str(judge.causes[decided.cause]) for judge in judging if decided and decided.cause in judge.causes), "") if decided else ""
    artefacts = [getattr(artefact, "text", str(artefact)) for artefact in getattr(analysis, "artefacts", ())]
    remark = analysis.remark if analysis.remark and analysis.remark not in analysis.verdict.reason else ""
    paragraphs(
        ("How it is told from what looks alike", alike[:1].upper() + alike[1:]),
        ("Looked at", looked),
        ("What makes the capture say less", "\n".join(text for text in artefacts if text not in remark and text not in analysis.verdict.reason)),
        ("Not everything could be judged", remark),
    )


def _judging(analysis: Analysis) -> Sequence[Any]:
    if is_transcript(analysis):
        from tshoot.transcripts.judge import judges

        return judges()
    from tshoot.packets.detect import detectors

    return detectors()


def looked_at(seen: Mapping[str, int], judging: Sequence[Any]) -> str:
    # What a count means may go on to say what it leaves out: not here.
    meanings = {name: re.split(r"[,;:(]", meaning)[0].strip() for judge in judging for name, meaning in getattr(judge, "seen", {}).items()}
    return ", ".join(f"{count} {meanings.get(name, name)}" for name, count in seen.items() if count)


def tell_all(results: Sequence[tuple[Path, str, str]]) -> None:
    """The closing table of several files: file, verdict, cause or what went wrong."""
    from tshoot.cli.output import fitted

    painted("bold", "In all")
    fitted([["verdict", "file", "cause"], *([verdict, str(path), cause] for path, verdict, cause in results)])
