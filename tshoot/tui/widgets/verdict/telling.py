"""The verdict: what it is, why, on what proof; what to do and who does it; what was ruled out and by which path."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from itertools import islice

from tshoot.model.events import Event, FixVerified, RunEnded, VerdictReached, VerificationBegan
from tshoot.model.evidence import Citation
from tshoot.model.text import clean
from tshoot.model.verdicts import Decision, RuledOut, Verdict
from tshoot.model.verification import Verification
from tshoot.session.archive.similar import Similar
from tshoot.tui.goals import NodeGoal, goal_of
from tshoot.tui.lines import BLANK, Line, Span, leading, line, span
from tshoot.tui.story import Change
from tshoot.tui.widgets.evidence.citations import MOST_CITATIONS, citation_lines
from tshoot.tui.widgets.verdict.comparison import outcome_mark, verification_rows

Verified = tuple[float, Verification | None]  # when, and what came of it; None where it was stopped or is under way
_MOST_VERIFIED = 5  # times that are shown
_YEAR_3000 = 32_503_680_000.0
_MARKS = {"fault": ("✗ FAULT", "bad"), "healthy": ("✓ HEALTHY", "good"), "inconclusive": ("? INCONCLUSIVE", "warn")}


class VerdictTelling:
    """The verdict, and in it each time that its fix was verified."""

    def __init__(self) -> None:
        self._verdict: Verdict | None = None
        self._verified: list[Verified] = []

    def after(self, event: Event) -> Iterator[Change]:
        match event:
            case VerdictReached(verdict=verdict):
                self._verdict = verdict
                yield self._change()
            case RunEnded(reason="cancelled"):
                text = "Cancelled before a verdict. What was seen so far is in the session."
                yield Change("verdict", "verdict", [line(("- CANCELLED", "warn")), BLANK, line((text, ""))])
            case RunEnded(reason="failed"):
                yield Change("verdict", "verdict", [line(("! FAILED", "bad")), BLANK, *_prose(event.detail, 0)])
            case VerificationBegan(at=at):
                self._verified.append((at, None))
                yield self._change()
            case FixVerified(at=at, verification=verification):
                self._verified = [*self._verified[:-1], (at, verification)]
                yield self._change()

    def _change(self) -> Change:
        return Change("verdict", "verdict", list(verdict_lines(self._verdict, self._verified)) if self._verdict else [])


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


def verdict_lines(verdict: Verdict, verified: Sequence[Verified] = ()) -> Iterator[Line]:
    """All of it; how the fix was verified stands in a line under its head, and in full where it says how to verify."""
    deciding = tuple(citation for citation in verdict.evidence if citation in _deciding(verdict)) or verdict.evidence
    proof = goal_of(deciding[0]) if deciding else None  # cause, title and reason lead to what decided first
    yield line(mark(verdict), ("  ", ""), span(verdict.cause, "strong"), goal=proof)
    if verdict.title:
        yield line(span(verdict.title, "strong"), goal=proof)
    yield from (_verified(at, verification) for at, verification in verified[-_MOST_VERIFIED:])
    yield BLANK
    yield from leading(_prose(verdict.reason, 0), proof)
    yield from _section("Proof", _cited(deciding, verdict.reason))
    yield from _section("Missing", (row for text in verdict.missing for row in _prose(text, 2)))
    yield from _section("Next", _prose(verdict.next_steps, 2))
    yield from _section("Owner", [line(("  ", ""), span(verdict.owner, "strong"), hang=2)] if verdict.owner else ())
    yield from _section("Fix", _prose(verdict.fix, 2))
    yield from _section("Verify", _prose(verdict.verify, 2))
    yield from _section("Verification", next((verification_rows(one) for _, one in reversed(verified) if one), ()))
    yield from _section("Path", (_step(decision) for decision in verdict.path))
    yield from _section("Ruled out", (row for out in verdict.ruled_out for row in _ruled_out(out)))
    yield from _section("Seen on the way", _cited(tuple(citation for citation in verdict.evidence if citation not in deciding), verdict.reason))


def _verified(at: float, verification: Verification | None) -> Line:
    when = f"{datetime.fromtimestamp(at, UTC):%Y-%m-%d %H:%M:%S} UTC" if 0 <= at < _YEAR_3000 else "?"
    came = outcome_mark(verification) if verification else ("- stopped, or under way", "dim")
    return line(("verified ", "dim"), (when, "dim"), ("  ", ""), came)


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
    """It leads to the first place that shows it."""
    goal = goal_of(out.citations[0]) if out.citations else None
    yield line(("  - ", "dim"), span(out.title or out.cause), (" ", ""), span(out.cause, "dim"), hang=4, goal=goal)
    yield line(("    ", ""), span(out.because), hang=4, goal=goal)


def _step(decision: Decision) -> Line:
    parts = (span(decision.node), (" → ", "dim"), span(decision.leads_to, "strong"), (" ", ""), span(_by(decision), "dim"))
    return line(("  ", ""), *parts, hang=4, goal=NodeGoal(decision.node))


def _by(decision: Decision) -> str:
    return "" if decision.branch in {"", "otherwise"} else f"because {decision.branch}"
