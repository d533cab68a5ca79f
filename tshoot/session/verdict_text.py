"""A verdict as a person reads it: what it is, why, on what proof, what was ruled out, what to do, who does it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from tshoot.model.evidence import AnswerCitation, Citation, FailureCitation, FrameCitation, LineCitation
from tshoot.model.verdicts import RuledOut, Verdict
from tshoot.session.prose import LONGEST_VALUE, one_line, verbatim, wrapped

LONGEST_QUOTE = 5  # lines of an output that a citation repeats


def verdict_lines(verdict: Verdict) -> list[str]:
    """Plain lines of at most 78 columns, but for what a device said."""
    title = one_line(": ".join(filter(None, (verdict.cause, verdict.title))))
    return [
        *wrapped(title, 6, f"{one_line(verdict.kind).upper()}  "),
        *wrapped(verdict.reason, 2),
        *_section("Evidence", [line for citation in _proof(verdict) for line in _citation(citation, "    ")]),
        *_section("Missing", [line for text in verdict.missing for line in wrapped(text, 4)]),
        *_section("Ruled out", [line for out in verdict.ruled_out for line in _ruled_out(out)]),
        *_section(f"Fix (owner: {one_line(verdict.owner)})" if verdict.owner else "Fix", wrapped(verdict.fix, 4)),
        *_section("Verify", wrapped(verdict.verify, 4)),
        *_section("Next", wrapped(verdict.next_steps, 4)),
    ]


def _proof(verdict: Verdict) -> Iterator[Citation]:
    """Each citation once; a frame's explanation not where it is what the verdict has just said."""
    for citation in dict.fromkeys(verdict.evidence):
        if isinstance(citation, FrameCitation) and citation.text == verdict.reason:
            yield replace(citation, text="")
        else:
            yield citation


def _section(title: str, lines: list[str]) -> list[str]:
    return ["", f"  {title}", *lines] if lines else []


def _ruled_out(out: RuledOut) -> list[str]:
    return wrapped(f"{out.cause}: {out.because}", 6, "    ")


def _citation(citation: Citation, margin: str) -> list[str]:
    match citation:
        case LineCitation():
            quoted = verbatim(citation.text, len(margin) + 2)[:LONGEST_QUOTE] if citation.text.strip() else []
            fact = f"{margin}{one_line(citation.node)}.{one_line(citation.fact)} = {one_line(citation.value, LONGEST_VALUE)}"
            return [f"{fact}  ({_place(citation)})", *quoted]
        case FrameCitation():
            frame = f"{margin}frame {citation.frame}: {one_line(citation.field)} = {one_line(citation.value)}"
            return [*wrapped(citation.text, len(margin)), frame]
        case AnswerCitation():
            return wrapped(f"asked: {citation.question} Answer: {one_line(citation.answer)}", len(margin) + 2, margin)
        case FailureCitation() if not citation.target:
            return wrapped(f"{one_line(citation.node)}: {citation.detail or citation.failure}", len(margin) + 2, margin)
        case FailureCitation():
            where = " $ ".join(filter(None, (one_line(citation.target), one_line(citation.command))))
            return wrapped(f"{where}: {citation.failure}: {citation.detail}", len(margin) + 2, margin)


def _place(citation: LineCitation) -> str:
    lines = "" if not citation.first else f" line {citation.first}" if citation.first == citation.last else f" lines {citation.first}-{citation.last}"
    stream = " (stderr)" if citation.stream == "stderr" else ""
    return f"{one_line(citation.target)} $ {one_line(citation.command)}{stream}{lines}"
