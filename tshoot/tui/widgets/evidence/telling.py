"""What has been established so far: findings of captures first seen, facts that decisions read, answers and failures.

Each line leads to its proof: lines of an output, frames of a capture.
"""

from __future__ import annotations

from collections.abc import Iterator

from tshoot.model.effects import Decode
from tshoot.model.events import CaptureTaken, DecisionTaken, Decoded, EffectAnswered, EffectRequested, Event, Ok
from tshoot.model.evidence import Citation, FrameCitation
from tshoot.model.findings import Finding
from tshoot.model.verdicts import Decision
from tshoot.tui.goals import FramesGoal, NodeGoal
from tshoot.tui.lines import BLANK, Line, leading, line, span
from tshoot.tui.story import Change
from tshoot.tui.widgets.evidence.citations import MOST_CITATIONS, citation_lines

_MARKS = {"fault": ("✗ ", "bad"), "warning": ("! ", "warn"), "note": ("· ", "dim")}


class EvidenceTelling:
    """A section a decision and a section a capture; a fact is shown once."""

    def __init__(self) -> None:
        self._shown: set[Citation] = set()
        self._captures: dict[str, str] = {}  # key of a Decode -> the capture it reads
        self._sections = 0

    def after(self, event: Event) -> Iterator[Change]:
        rows: list[Line] = []
        match event:
            case EffectRequested(effect=Decode() as effect):
                self._captures[effect.key] = effect.sha256
            case EffectAnswered(outcome=Ok(answer=Decoded() as decoded)):
                sha256 = self._captures.pop(event.key, "")
                rows = leading(_decoded(decoded, sha256), FramesGoal(sha256)) if sha256 else list(_decoded(decoded, ""))
            case EffectAnswered(outcome=Ok(answer=CaptureTaken() as taken)):
                said = [line(("capture", "heading")), line(("  ", ""), span(_taken(taken)), hang=2)]
                rows = leading(said, FramesGoal(taken.capture.sha256))
            case DecisionTaken(decision=decision):
                rows = self._decided(decision)
        if rows:
            self._sections += 1
            yield Change("evidence", str(self._sections), [*rows, BLANK])

    def _decided(self, decision: Decision) -> list[Line]:
        """Frames are left out: the finding that they belong to was shown when the capture was read."""
        cited = (citation for value in decision.conditions for reading in value.readings for citation in reading.citations)
        new = [citation for citation in dict.fromkeys(cited) if citation not in self._shown and not isinstance(citation, FrameCitation)]
        self._shown.update(new)
        rows = [row for rows in citation_lines(new[:MOST_CITATIONS]) for row in rows]
        return [line(span(decision.node, "heading"), goal=NodeGoal(decision.node)), *rows] if rows else []


def _taken(taken: CaptureTaken) -> str:
    packets = "" if taken.received is None else f"{taken.received:,} packets, "
    dropped = f", {taken.dropped:,} dropped by the target" if taken.dropped else ""
    left = "" if taken.removed else ", the file could NOT be removed from the target"
    return f"{packets}{taken.capture.size:,} bytes, stopped by {taken.stopped_by}{dropped}{left}"


def _decoded(decoded: Decoded, sha256: str) -> Iterator[Line]:
    yield line(("in the capture", "heading"), (f"  {decoded.packets:,} packets", "dim"))
    if decoded.partial or decoded.remark:
        yield line(("  ! ", "warn"), span(decoded.remark or "the capture ends early", "warn"), hang=4)
    for finding in decoded.findings[:MOST_CITATIONS]:
        yield from leading(_finding(finding, sha256), FramesGoal(sha256, finding.frames)) if sha256 else _finding(finding, sha256)
    if not decoded.findings:
        seen = ", ".join(f"{name} {count}" for name, count in decoded.seen.items() if count)
        yield line(("  no finding", ""), ("; seen: " if seen else "", "dim"), span(seen, "dim"), hang=2)


def _finding(finding: Finding, sha256: str) -> Iterator[Line]:
    text, style = _MARKS[finding.severity]
    yield line(
        (f"  {text}", style), span(finding.cause, "strong"), ("  ", ""), span(f"{finding.severity}, {finding.confidence} confidence", "dim"), hang=4
    )
    yield line(("    ", ""), span(finding.explanation), hang=4)
    for value in finding.evidence[:MOST_CITATIONS]:
        goal = FramesGoal(sha256, (value.frame,)) if sha256 else None
        field = (f"frame {value.frame:<4} ", "strong"), span(value.field), (" = ", "dim"), span(value.value, "code", 200)
        yield line(("    ", ""), *field, hang=6, goal=goal)
    yield line(("    filter ", "dim"), span(finding.display_filter, "dim"), hang=6)
