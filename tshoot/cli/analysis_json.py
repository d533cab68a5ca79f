"""An analysis as the document of `--json`: schema 1, keys are only added (docs/json.md)."""

from __future__ import annotations

from dataclasses import asdict, is_dataclass
from typing import TYPE_CHECKING, Any

from tshoot.cli.analysis_one import is_capture, is_transcript
from tshoot.cli.analysis_proof import instant
from tshoot.model.findings import Finding
from tshoot.model.text import clean

if TYPE_CHECKING:
    from tshoot.cli.analysis_one import Analysis
    from tshoot.packets.timeline import Timeline


def document(analysis: Analysis, *, timeline: bool = False) -> dict[str, Any]:
    return {
        "file": str(analysis.file),
        **({"lines": analysis.line_count, "hosts": [clean(host) for host in analysis.hosts]} if is_transcript(analysis) else {}),
        "packets": analysis.packets,
        "bytes": analysis.bytes,
        "format": analysis.format,
        "link_types": list(analysis.link_types),
        "partial": analysis.partial,
        "remark": analysis.remark,
        "findings": [_finding(analysis, finding) for finding in analysis.findings],
        "seen": dict(analysis.seen),
        "explained": dict(analysis.explained),
        "artefacts": [_artefact(artefact) for artefact in getattr(analysis, "artefacts", ())],
        "verdict": {"kind": analysis.verdict.kind, "cause": analysis.verdict.cause or None, "reason": analysis.verdict.reason},
        **({"timeline": _timeline(analysis.timeline)} if timeline and is_capture(analysis) and analysis.timeline else {}),
    }


def _artefact(artefact: object) -> dict[str, Any]:
    return asdict(artefact) if is_dataclass(artefact) and not isinstance(artefact, type) else {"text": str(artefact)}


def _finding(analysis: Analysis, finding: Finding) -> dict[str, Any]:
    return {
        "cause": finding.cause,
        "title": finding.title,
        "severity": finding.severity,
        "confidence": finding.confidence,
        "frames": list(finding.frames),
        "lines": list(finding.lines),
        "evidence": [
            *({"frame": value.frame, "field": value.field, "value": value.value} for value in finding.evidence),
            *({"line": value.line, "field": value.fact, "value": value.value, "text": value.text} for value in finding.line_evidence),
        ],
        **_times(analysis, finding),
        "explanation": finding.explanation,
        "display_filter": finding.display_filter,
        "facts": dict(finding.facts),
    }


def _times(analysis: Analysis, finding: Finding) -> dict[str, Any]:
    """When the cited frames were captured: `after` in seconds from the first packet, as Wireshark counts."""
    if not is_capture(analysis):
        return {}
    start = analysis.timeline.first_ns if analysis.timeline else 0
    known = [(frame, analysis.times[frame]) for frame in finding.frames if frame in analysis.times]
    return {"times": [{"frame": frame, "at": instant(at), "after": round((at - start) / 1e9, 6)} for frame, at in known]}


def _timeline(timeline: Timeline) -> dict[str, Any]:
    rows = ("packets", "bytes", "retransmissions", "zero_windows", "resets", "icmp_errors")
    return {
        "begin": instant(timeline.begin_ns),
        "bin_seconds": timeline.bin_ns / 1e9,
        **{row: list(getattr(timeline, row)) for row in rows},
        "outside": timeline.outside,
    }
