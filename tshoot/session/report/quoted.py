"""A proof as plain lines: where it stands, then the excerpt with its line numbers, the cited lines marked. For every format that is text."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from tshoot.session.report.clock import Clock
from tshoot.session.report.model import ExcerptLine, Proof

_CODE = re.compile(r"(?<!`)`(?!`)(?=[^`\n]*[^`\s])([^`\n]{1,400})`(?!`)")


def grouped(proofs: Iterable[Proof]) -> list[list[Proof]]:
    """Facts that were read from the very same lines together, so that an excerpt is shown once; every other proof alone."""
    groups: dict[object, list[Proof]] = {}
    for number, proof in enumerate(proofs):
        same = (proof.target, proof.source, proof.sha256, proof.lines) if proof.kind == "line" and proof.lines else number
        groups.setdefault(same, []).append(proof)
    return list(groups.values())


def spans(text: str) -> Iterator[tuple[bool, str]]:
    """(is code, text): what stands between two backticks on one line is code, as the authors of playbooks write it."""
    for number, part in enumerate(_CODE.split(text)):
        if part:
            yield number % 2 == 1, part


def proof_words(proof: Proof, clock: Clock | None = None) -> Iterator[str]:
    """Head first, the excerpt indented below it."""
    yield proof_head(proof, clock)
    if proof.words:
        yield f"    {proof.words}"
    yield from (f"    {text}" for text in excerpt(proof.lines))
    if proof.lines_left:
        yield f"    ({proof.lines_left:,} more lines are cited)"
    if proof.problem:
        yield f"    ({proof.problem})"


def proof_head(proof: Proof, clock: Clock | None = None) -> str:
    """One line: what was read, and where."""
    match proof.kind:
        case "frame":
            when = f" at {clock.utc_clock(proof.at)} UTC" if clock and proof.at is not None else ""
            return f"frame {proof.frame}{when}: {proof.fact} = {proof.value}"
        case "answer":
            return f"the operator was asked: {proof.source} Answer: {proof.value}"
        case "failure":
            where = " $ ".join(filter(None, (proof.target, proof.source))) or proof.node
            return f"{where}: failed: {proof.fact}"
    fact = f"{proof.node}.{proof.fact}" if proof.fact else proof.node
    return f"{fact} = {proof.value} ({proof.target} $ {proof.source}{', stderr' if proof.stream == 'stderr' else ''}{cited(proof)})"


def cited(proof: Proof) -> str:
    """`, line 3`, `, lines 3–5`, or nothing where the fact belongs to the whole output."""
    numbers = [line.number for line in proof.lines if line.cited and line.number]
    if not numbers:
        return ""
    last = numbers[-1] + proof.lines_left
    return f", line {last}" if numbers[0] == last else f", lines {numbers[0]}–{last}"


def excerpt(lines: tuple[ExcerptLine, ...]) -> Iterator[str]:
    """`> 12 | text` for a cited line, a space in place of the arrow for the others."""
    width = max((len(str(line.number)) for line in lines if line.number), default=0)
    for line in lines:
        number = f"{line.number or '':>{width}} | " if width else ""
        yield f"{'>' if line.cited else ' '} {number}{line.text}".rstrip()
