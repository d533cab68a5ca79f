"""The verdict: what it is, why, on what proof; what to do and who does it; what was ruled out and by which path."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice

from tshoot.model.events import Event, RunEnded, VerdictReached
from tshoot.model.evidence import Citation
from tshoot.model.text import clean
from tshoot.model.verdicts import Decision, RuledOut, Verdict
from tshoot.session.archive.similar import Similar
from tshoot.tui.lines import BLANK, Line, Span, line, span
from tshoot.tui.story import Change
from tshoot.tui.widgets.evidence.citations import MOST_CITATIONS, citation_lines

_MARKS = {"fault": ("✗ FAULT", "bad"), "healthy": ("✓ HEALTHY", "good"), "inconclusive": ("? INCONCLUSIVE", "warn")}


class VerdictTelling:
    def after(self, event: Event) -> Iterator[Change]:
        match event:
            case VerdictReached(verdict=verdict):
                yield Change("verdict", "verdict", list(verdict_lines(verdict)))
            case RunEnded(reason="cancelled"):
                text = "Cancelled before a verdict. What was seen so far is in the session."
                yield Change("verdict", "verdict", [line(("- CANCELLED", "warn")), BLANK, line((text, ""))])
            case RunEnded(reason="failed"):
                yield Change("verdict", "verdict", [line(("! FAILED", "bad")), BLANK, *_prose(event.detail, 0)])


def mark(verdict: Verdict) -> Span:
    """`✗ FAULT`, `✓ HEALTHY` or `? INCONCLUSIVE`, with its style."""
    return _MARKS.get(verdict.kind, span(verdict.kind, "warn"))


def similar_rows(similar: Similar) -> Iterator[Line]:
    """Which session, how it ended, and why it is alike."""
    ended = " ".join(filter(None, (similar.entry.verdict or similar.entry.state, similar.entry.cause)))
    yield line(("  ", ""), span(similar.entry.id, "strong"), ("  ", ""), span(ended), hang=4)
    yield line(("    ", ""), span(", ".join(similar.reasons), "dim"), hang=4)


def headline(verdict: Verdict) -> Line:
    text, style = mark(verdict)
    return line((f"{text}  ", style), span(verdict.cause or verdict.reason, "strong"), ("  ", ""), span(verdict.title), hang=2)


def verdict_lines(verdict: Verdict) -> Iterator[Line]:
    yield line(mark(verdict), ("  ", ""), span(verdict.cause, "strong"))
    if verdict.title:
        yield line(span(verdict.title, "strong"))
    yield BLANK
    yield from _prose(verdict.reason, 0)
    deciding = tuple(citation for citation in verdict.evidence if citation in _deciding(verdict)) or verdict.evidence
    yield from _section("Proof", _cited(deciding, verdict.reason))
    yield from _section("Missing", (row for text in verdict.missing for row in _prose(text, 2)))
    yield from _section("Next", _prose(verdict.next_steps, 2))
    yield from _section(f"Fix: {span(verdict.owner)[0]}" if verdict.owner else "Fix", _prose(verdict.fix, 2))
    yield from _section("Verify", _prose(verdict.verify, 2))
    yield from _section("Ruled out", (row for out in verdict.ruled_out for row in _ruled_out(out)))
    yield from _section("Seen on the way", _cited(tuple(citation for citation in verdict.evidence if citation not in deciding), verdict.reason))
    yield from _section("Path", (_step(decision) for decision in verdict.path))


def _deciding(verdict: Verdict) -> set[Citation]:
    """What the last condition that was true read."""
    last = verdict.path[-1].conditions if verdict.path else ()
    return {citation for value in last if value.outcome == "true" for reading in value.readings for citation in reading.citations}


def _cited(citations: Sequence[Citation], said: str) -> Iterator[Line]:
    for rows in islice(citation_lines(citations, said), MOST_CITATIONS):
        yield from rows


def _section(title: str, lines: Iterable[Line]) -> list[Line]:
    rows = list(lines)
    return [BLANK, line((title, "heading")), *rows] if rows else []


def _prose(text: str, indent: int) -> Iterator[Line]:
    for paragraph in clean(text)[:20_000].splitlines():
        if paragraph.strip():
            yield line((" " * indent, ""), span(paragraph, "", 20_000), hang=indent)


def _ruled_out(out: RuledOut) -> Iterator[Line]:
    yield line(("  - ", "dim"), span(out.title or out.cause), (" ", ""), span(out.cause, "dim"), hang=4)
    yield line(("    ", ""), span(out.because, "dim"), hang=4)


def _step(decision: Decision) -> Line:
    return line(("  ", ""), span(decision.node), (" → ", "dim"), span(decision.leads_to, "strong"), (" ", ""), span(_by(decision), "dim"), hang=4)


def _by(decision: Decision) -> str:
    return "" if decision.branch in {"", "otherwise"} else f"because {decision.branch}"
