"""From a citation to what a reader can check: the cited lines with two around them, a packet's field with its time, an answer, a failure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from tshoot.errors import SessionError
from tshoot.model.evidence import AnswerCitation, Citation, FailureCitation, FrameCitation, LineCitation
from tshoot.session.report.model import ExcerptLine, Proof
from tshoot.session.report.recorded import Outputs
from tshoot.session.report.text import line, output_line, prose

AROUND = 2  # lines before and after
MOST_LINES = 30  # of one citation
FrameTimes = Callable[
    [str, frozenset[int]], Mapping[int, float]
]  # sha256 of a capture, its frames -> seconds since the epoch; what it cannot read it leaves out


def proofs(citations: Iterable[Citation], outputs: Outputs, frame_times: FrameTimes) -> list[Proof]:
    """Each citation once, in order. Several facts that were read from the same lines stay apart: each is a fact of its own."""
    wanted = list(dict.fromkeys(citations))
    frames: dict[str, set[int]] = {}
    for citation in wanted:
        if isinstance(citation, FrameCitation):
            frames.setdefault(citation.sha256, set()).add(citation.frame)
    times = {sha256: frame_times(sha256, frozenset(numbers)) for sha256, numbers in frames.items()}
    return [_proof(citation, outputs, times) for citation in wanted]


def place(citation: Citation) -> str:
    """Where it stands, in one line: for the summary and for what was ruled out."""
    match citation:
        case LineCitation():
            lines = (
                ""
                if not citation.first
                else f" line {citation.first}"
                if citation.first == citation.last
                else f" lines {citation.first}–{citation.last}"
            )
            return f"{line(citation.target)} $ {line(citation.command)}{lines}: {line(citation.fact)} = {line(citation.value, 80)}"
        case FrameCitation():
            where = f" on {line(citation.target)}" if citation.target else ""
            return f"frame {citation.frame}{where}: {line(citation.field)} = {line(citation.value, 80)}"
        case AnswerCitation():
            return f"the operator answered {line(citation.answer, 80)} to: {line(citation.question)}"
        case FailureCitation():
            where = " $ ".join(filter(None, (line(citation.target), line(citation.command)))) or line(citation.node)
            return f"{where}: {line(citation.failure)}: {line(citation.detail)}"


def _proof(citation: Citation, outputs: Outputs, times: Mapping[str, Mapping[int, float]]) -> Proof:
    match citation:
        case LineCitation():
            return _lines(citation, outputs)
        case FrameCitation():
            return Proof(
                "frame",
                line(citation.node),
                line(citation.target),
                "",
                line(citation.field),
                line(citation.value),
                prose(citation.text),
                frame=citation.frame,
                at=times[citation.sha256].get(citation.frame),
                sha256=line(citation.sha256),
            )
        case AnswerCitation():
            return Proof("answer", line(citation.node), "", line(citation.question), "answer", line(citation.answer))
        case FailureCitation():
            return Proof(
                "failure", line(citation.node), line(citation.target), line(citation.command), line(citation.failure), "", prose(citation.detail)
            )


def _lines(citation: LineCitation, outputs: Outputs) -> Proof:
    lines, left, problem = _excerpt(citation, outputs)
    return Proof(
        "line",
        line(citation.node),
        line(citation.target),
        line(citation.command, 600),
        line(citation.fact),
        line(citation.value),
        stream=line(citation.stream),
        lines=lines,
        lines_left=left,
        sha256=line(citation.sha256),
        problem=problem,
    )


def _excerpt(citation: LineCitation, outputs: Outputs) -> tuple[tuple[ExcerptLine, ...], int, str]:
    """The lines, how many cited ones were left out, and what is wrong."""
    if citation.first < 1 or citation.last < citation.first:
        return (), 0, ""
    try:
        lines = outputs.lines(citation.sha256)
    except SessionError as error:
        return _quoted(citation, line(error.message))
    there = lines[citation.first - 1 : citation.last]
    if [text.strip() for text in there] != [text.strip() for text in citation.text.split("\n")]:  # judges of texts quote without the indent
        return _quoted(citation, "the cited lines are not where the log says: what the log quotes is shown")
    last = min(citation.last, citation.first + MOST_LINES - 1)
    numbers = range(max(citation.first - AROUND, 1), min(last + AROUND, len(lines)) + 1 if last == citation.last else last + 1)
    shown = [ExcerptLine(number, output_line(lines[number - 1]), citation.first <= number <= last) for number in numbers]
    while shown and not shown[-1].cited and not shown[-1].text:
        shown.pop()
    return tuple(shown), citation.last - last, ""


def _quoted(citation: LineCitation, problem: str) -> tuple[tuple[ExcerptLine, ...], int, str]:
    lines = citation.text.split("\n")
    return tuple(ExcerptLine(0, output_line(text), True) for text in lines[:MOST_LINES]), max(len(lines) - MOST_LINES, 0), problem
