"""tshoot analyze: captures and pasted terminal text that somebody sent, to their root cause, without a network."""

from __future__ import annotations

import os
import select
import sys
from argparse import Namespace
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeGuard

from tshoot.cancel import CancelToken
from tshoot.cli import diagnostics
from tshoot.cli.interrupt import cancellable
from tshoot.cli.output import emit_json, paragraphs, say, table
from tshoot.errors import Cancelled, CaptureFileError, TshootError, UsageError
from tshoot.model.findings import Finding, LineValue
from tshoot.model.text import clean
from tshoot.playbook.causes import all_causes, filled

if TYPE_CHECKING:
    from tshoot.packets.analysis import Analysis as CaptureAnalysis
    from tshoot.transcripts.analysis import TranscriptAnalysis
    from tshoot.transcripts.text import TextFile

    Analysis = CaptureAnalysis | TranscriptAnalysis


_CAPTURES = (".pcap", ".pcapng", ".cap")


def run(arguments: Namespace) -> int:
    files = [Path(name) for name in arguments.files]
    return cancellable(lambda cancel: _analyze(files, tuple(arguments.only), arguments.json, cancel))


def _analyze(files: list[Path], families: tuple[str, ...], as_json: bool, cancel: CancelToken) -> int:
    analyses: list[Analysis] = []
    errors: list[tuple[Path, TshootError]] = []
    for path in files:
        try:
            analysis = _analysis(path, families, cancel)
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


def _analysis(path: Path, families: tuple[str, ...], cancel: CancelToken) -> Analysis:
    """A file that begins as text does is text, unless its name says that it should be a capture; the reader of captures says what else it is."""
    from tshoot.transcripts.text import is_text

    if str(path) != "-" and (path.suffix.lower() in _CAPTURES or not is_text(path)):
        from tshoot.packets.analysis import analyze_capture

        return analyze_capture(path, families=_of_captures(families), cancel=cancel, on_progress=_progress_of(path))
    from tshoot.transcripts.analysis import judged_text
    from tshoot.transcripts.text import read_text

    _of_captures(families)  # refuses a family that neither knows
    text = read_text(path) if str(path) != "-" else _standard_input(cancel)
    return judged_text(text, families=families, cancel=cancel, on_progress=_progress_of(path))


def _of_captures(families: tuple[str, ...]) -> tuple[str, ...]:
    """Those of `families` that captures are judged by; UsageError for one that neither captures nor texts are judged by."""
    from tshoot.packets.detect import detectors
    from tshoot.transcripts.judge import judges

    captures = {detector.family for detector in detectors()}
    known = captures | {judge.family for judge in judges()}
    if unknown := sorted(set(families) - known):
        raise UsageError(f"no such family of detectors: {', '.join(unknown)}", f"known families: {', '.join(sorted(known))}")
    return tuple(family for family in families if family in captures) or families


def _standard_input(cancel: CancelToken) -> TextFile:
    """What is pasted or piped in, to its end or to the first interrupt."""
    from tshoot.transcripts.text import LARGEST_FILE, text_of

    raw = bytearray()
    while sys.stdin is not None and len(raw) <= LARGEST_FILE:
        cancel.check()
        if select.select([sys.stdin.fileno()], [], [], 0.2)[0]:
            piece = os.read(sys.stdin.fileno(), 1 << 16)
            if not piece:
                break
            raw += piece
    if not raw:
        raise CaptureFileError("-: standard input is empty", "paste text and end it with Ctrl-D, or name a file")
    return text_of(Path("-"), bytes(raw))


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


def _is_transcript(analysis: Analysis) -> TypeGuard[TranscriptAnalysis]:
    return analysis.format == "transcript"


def _document(analysis: Analysis) -> dict[str, Any]:
    return {
        "file": str(analysis.file),
        **({"lines": analysis.line_count, "hosts": [clean(host) for host in analysis.hosts]} if _is_transcript(analysis) else {}),
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
        "lines": list(finding.lines),
        "evidence": [
            *({"frame": value.frame, "field": value.field, "value": value.value} for value in finding.evidence),
            *({"line": value.line, "field": value.fact, "value": value.value, "text": value.text} for value in finding.line_evidence),
        ],
        "explanation": finding.explanation,
        "display_filter": finding.display_filter,
        "facts": dict(finding.facts),
    }


def _tell(path: Path, analysis: Analysis) -> None:
    verdict = analysis.verdict
    say(f"{path}: {_what_it_is(analysis)}")
    for host in getattr(analysis, "hosts", ()):
        say(f"  taken for: {host}")
    if analysis.remark:
        say(f"  note: {analysis.remark}")
    say("", {"fault": f"FAULT  {verdict.cause}", "healthy": "HEALTHY", "inconclusive": "NOT DECIDED"}[verdict.kind], "")
    paragraphs(("Why", verdict.reason))
    for finding in analysis.findings:
        say(f"{finding.severity}: {finding.cause}: {finding.title} (confidence {finding.confidence})")
        paragraphs(("", ""), ("  what was seen", finding.explanation))
        _tell_proof(finding)
    decided = next((finding for finding in analysis.findings if finding.cause == verdict.cause), None)
    if decided is not None and verdict.cause in all_causes():
        known = all_causes()[verdict.cause]
        paragraphs(("Who owns the fix", known.owner), ("Fix", filled(known.fix, decided.facts)), ("Verify", filled(known.verify, decided.facts)))


def _what_it_is(analysis: Analysis) -> str:
    if _is_transcript(analysis):
        return f"text, {analysis.line_count} line{'s' if analysis.line_count != 1 else ''}, {analysis.bytes} bytes"
    return f"{analysis.packets} packets, {analysis.bytes} bytes, {analysis.format}, {', '.join(analysis.link_types) or 'no link type'}"


def _fact(value: LineValue) -> str:
    """`next_hop 2001:db8::1`; the value alone where the fact is a place in a list."""
    steps = value.fact.split(".")
    name = value.fact if all(step.isidentifier() for step in steps) else steps[-1]
    return f"{name} {value.value}" if name.replace(".", "_").isidentifier() else value.value


def _tell_proof(finding: Finding) -> None:
    """Frames and fields of a capture; lines of a text with their numbers, each once, and what was read there."""
    if finding.line_evidence:
        read: dict[int, list[str]] = {}
        texts = {value.line: value.text for value in finding.line_evidence}
        for value in finding.line_evidence:
            read.setdefault(value.line, []).append(_fact(value))
        table(["  line", "read there", "the line"], [[f"  {line}", ", ".join(dict.fromkeys(read[line])), text] for line, text in texts.items()])
        say("")
        return
    table(["  frame", "field", "value"], [[f"  {value.frame}", value.field, value.value] for value in finding.evidence])
    say("", f"  Wireshark display filter: {finding.display_filter}", "")
