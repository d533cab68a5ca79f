"""tshoot analyze: captures that somebody sent, to their root cause, without a network."""

from __future__ import annotations

from argparse import Namespace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tshoot.cancel import CancelToken
from tshoot.cli import diagnostics
from tshoot.cli.interrupt import cancellable
from tshoot.cli.output import emit_json, paragraphs, say, table
from tshoot.errors import Cancelled, TshootError
from tshoot.model.findings import Finding
from tshoot.playbook.causes import all_causes, filled

if TYPE_CHECKING:
    from tshoot.packets.analysis import Analysis


def run(arguments: Namespace) -> int:
    files = [Path(name) for name in arguments.files]
    return cancellable(lambda cancel: _analyze(files, tuple(arguments.only), arguments.json, cancel))


def _analyze(files: list[Path], families: tuple[str, ...], as_json: bool, cancel: CancelToken) -> int:
    from tshoot.packets.analysis import analyze_capture

    analyses: list[Analysis] = []
    errors: list[tuple[Path, TshootError]] = []
    for path in files:
        try:
            analysis = analyze_capture(path, families=families, cancel=cancel, on_progress=_progress_of(path))
        except Cancelled:
            raise
        except TshootError as error:
            diagnostics.clear_status()
            diagnostics.report(error)
            errors.append((path, error))
            continue
        diagnostics.clear_status()
        analyses.append(analysis)
        if not as_json:
            _tell(path, analysis)
    if as_json:
        failed = [{"file": str(path), "message": error.message, "hint": error.hint} for path, error in errors]
        emit_json({"files": [_document(analysis) for analysis in analyses], **({"errors": failed} if failed else {})})
    return _exit_code(analyses, [error for _, error in errors])


def _progress_of(path: Path) -> Any:
    def on_progress(text: str, fraction: float | None) -> None:
        diagnostics.status(f"{path.name}: {text}" + (f" {fraction:.0%}" if fraction is not None else ""))

    return on_progress


def _exit_code(analyses: list[Analysis], errors: list[TshootError]) -> int:
    """A fault anywhere outweighs a file that could not be read, that one the files that decide nothing."""
    kinds = {analysis.verdict.kind for analysis in analyses}
    if "fault" in kinds:
        return diagnostics.FAULT
    if errors:
        return max(error.exit_code for error in errors)
    return diagnostics.INCONCLUSIVE if "inconclusive" in kinds else diagnostics.HEALTHY


def _document(analysis: Analysis) -> dict[str, Any]:
    return {
        "file": str(analysis.file),
        "packets": analysis.packets,
        "bytes": analysis.bytes,
        "format": analysis.format,
        "link_types": list(analysis.link_types),
        "partial": analysis.partial,
        "remark": analysis.remark,
        "findings": [_finding(finding) for finding in analysis.findings],
        "seen": dict(analysis.seen),
        "verdict": {"kind": analysis.verdict.kind, "cause": analysis.verdict.cause or None, "reason": analysis.verdict.reason},
    }


def _finding(finding: Finding) -> dict[str, Any]:
    return {
        "cause": finding.cause,
        "title": finding.title,
        "severity": finding.severity,
        "confidence": finding.confidence,
        "frames": list(finding.frames),
        "evidence": [{"frame": value.frame, "field": value.field, "value": value.value} for value in finding.evidence],
        "explanation": finding.explanation,
        "display_filter": finding.display_filter,
        "facts": dict(finding.facts),
    }


def _tell(path: Path, analysis: Analysis) -> None:
    verdict = analysis.verdict
    say(f"{path}: {analysis.packets} packets, {analysis.bytes} bytes, {analysis.format}, {', '.join(analysis.link_types) or 'no link type'}")
    if analysis.remark:
        say(f"  note: {analysis.remark}")
    say("", {"fault": f"FAULT  {verdict.cause}", "healthy": "HEALTHY", "inconclusive": "NOT DECIDED"}[verdict.kind], "")
    paragraphs(("Why", verdict.reason))
    for finding in analysis.findings:
        say(f"{finding.severity}: {finding.cause}: {finding.title} (confidence {finding.confidence})")
        paragraphs(("", ""), ("  what was seen", finding.explanation))
        table(["  frame", "field", "value"], [[f"  {value.frame}", value.field, value.value] for value in finding.evidence])
        say("", f"  Wireshark display filter: {finding.display_filter}", "")
    decided = next((finding for finding in analysis.findings if finding.cause == verdict.cause), None)
    if decided is not None and verdict.cause in all_causes():
        known = all_causes()[verdict.cause]
        paragraphs(("Who owns the fix", known.owner), ("Fix", filled(known.fix, decided.facts)), ("Verify", filled(known.verify, decided.facts)))
