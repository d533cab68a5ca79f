"""A citation as lines: the fact, and where it stands: lines of an output, a field of a frame, an answer, a failure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from tshoot.model.evidence import AnswerCitation, Citation, FailureCitation, FrameCitation, LineCitation
from tshoot.model.text import clean
from tshoot.tui.goals import goal_of
from tshoot.tui.lines import Line, leading, line, output_line, span

MOST_CITATIONS = 60
_MOST_LINES = 5


def citation_lines(citations: Sequence[Citation], said: str = "") -> Iterator[list[Line]]:
    """The lines of each citation, each citation once; all of them lead to its place. A text that was `said` already is not said again."""
    for citation in dict.fromkeys(citations):
        yield leading(_lines(citation, said), goal_of(citation))


def _lines(citation: Citation, said: str) -> Iterator[Line]:
    match citation:
        case LineCitation():
            yield line(("  ", ""), span(f"{citation.node}.{citation.fact}"), (" = ", "dim"), span(citation.value, "code", 200), hang=4)
            yield line(("    ", ""), span(_place(citation), "dim"), hang=4)
            rows = clean(citation.text).splitlines()
            for row in rows[:_MOST_LINES]:
                yield Line((("    │ ", "dim"), *output_line(row).spans), whole=True)
            if len(rows) > _MOST_LINES:
                yield line((f"    │ … {len(rows) - _MOST_LINES} more lines", "dim"))
        case FrameCitation():
            if citation.text and citation.text != said:
                yield line(("  ", ""), span(citation.text), hang=2)
            yield line(
                ("    ", ""),
                (f"frame {citation.frame:<4} ", "strong"),
                span(citation.field),
                (" = ", "dim"),
                span(citation.value, "code", 200),
                hang=6,
            )
        case AnswerCitation():
            yield line(("  ", ""), span(citation.question), hang=2)
            yield line(("    answered: ", "dim"), span(citation.answer, "code"), hang=4)
        case FailureCitation():
            yield line(("  ! ", "warn"), span(citation.detail), hang=4)
            yield line(("    ", ""), span(f"{citation.failure}: {citation.target} {citation.command}", "dim"), hang=4)


def _place(citation: LineCitation) -> str:
    lines = (
        "" if not citation.first else f", line {citation.first}" if citation.first == citation.last else f", lines {citation.first}-{citation.last}"
    )
    stream = " (stderr)" if citation.stream == "stderr" else ""
    return f"{citation.target}: {citation.command}{stream}{lines}"
