"""`tshoot analyze --extract`: the frames that prove the findings, with comments that say why, into a pcapng of their own."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from tshoot.cancel import CancelToken
from tshoot.cli.analysis_one import is_transcript
from tshoot.cli.field_words import as_filter, in_words
from tshoot.errors import UsageError
from tshoot.model.findings import Finding
from tshoot.model.text import clean_line

if TYPE_CHECKING:
    from tshoot.cli.analysis_one import Analysis
    from tshoot.packets.extract import Extracted

_FIELDS = 6  # of a frame that its comment quotes


def extract_proof(
    analysis: Analysis, source: Path, target: Path, cancel: CancelToken, *, conversations: bool, limit: int, force: bool
) -> Extracted | str:
    """What was written, or the sentence that says why there is nothing to write. `source` is where the capture can be read."""
    if is_transcript(analysis):
        return "a text has no frames: nothing was extracted"
    findings = _proving(analysis)
    if not findings:
        return "nothing was found that frames prove: nothing was extracted"
    from tshoot.packets.extract import extract

    return extract(
        source,
        target,
        _comments(analysis, findings),
        cancel,
        conversations=conversations,
        limit=limit,
        overwrite=force,
        title=clean_line(f"out of {analysis.file.name}: {analysis.verdict.cause or analysis.verdict.kind}: {analysis.verdict.reason}"),
    )


def refuse(files: int, target: Path, force: bool) -> None:
    """UsageError before anything is read; CaptureFileError where the target is there already."""
    from tshoot.packets.atomic_file import refuse_existing

    if files != 1:
        raise UsageError(f"--extract takes the frames of one capture, not of {files} files", "name one capture")
    refuse_existing(target, force)


def _proving(analysis: Analysis) -> list[Finding]:
    """The faults; where there are none, what comes next to them."""
    severities = [finding.severity for finding in analysis.findings if finding.frames]
    return [finding for finding in analysis.findings if finding.frames and finding.severity == severities[0]]


def _comments(analysis: Analysis, findings: list[Finding]) -> dict[int, str]:
    """Original frame number -> why it matters, for each cited frame."""
    comments: dict[int, list[str]] = {}
    for finding in findings:
        for frame in finding.frames:
            values = [value for value in finding.evidence if value.frame == frame][:_FIELDS]
            fields = "; ".join(f"{in_words(value.field, value.value)} [{as_filter(value.field, value.value)}]" for value in values)
            comments.setdefault(frame, []).append(f"{finding.cause}: {finding.title}" + (f": {fields}" if fields else ""))
    return {frame: clean_line(f"frame {frame} of {analysis.file.name}: {' | '.join(dict.fromkeys(why))}") for frame, why in comments.items()}
