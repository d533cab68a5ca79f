"""A comment for the ticket: about fifteen lines of Markdown that also read well as plain text.

What it is, its proof, who mends it and how, how to verify, what a verification showed, and where the session is.
"""

from __future__ import annotations

from collections.abc import Iterator

from tshoot.session.report.clock import Clock
from tshoot.session.report.md import code, plain, prose, whole
from tshoot.session.report.model import Checked, Proof, Report
from tshoot.session.report.quoted import cited
from tshoot.session.report.text import line
from tshoot.session.verify import is_remark

MOST_PROOF, MOST_FIX, MOST_MISSING = 4, 4, 3
_LONGEST = 300


def ticket(report: Report, clock: Clock) -> str:
    """The comment; it ends in a newline."""
    return whole(_lines(report, clock))


def _lines(report: Report, clock: Clock) -> Iterator[str]:
    told = report.verdict
    yield f"**{plain(report.summary.verdict)}**"
    if told:
        yield from (plain(line(text, _LONGEST)) for text in told.reason.splitlines()[:2] if text.strip())
        yield from (f"- Missing: {plain(line(text, _LONGEST))}" for text in told.missing[:MOST_MISSING])
    yield f"- On: {code(report.summary.what)}"
    shown = report.proof[:MOST_PROOF]
    yield from (f"- Proof: {_proof(proof)}" for proof in shown)
    if len(report.proof) > len(shown) or report.proof_left:
        yield f"- {len(report.proof) - len(shown) + report.proof_left:,} more proofs are in the session"
    yield f"- Owner: {plain(report.summary.owner)}"
    if told and told.fix:
        yield from _prose("Fix", told.fix)
    elif told and told.next_steps:
        yield from _prose("Next", told.next_steps)
    if told and told.verify:
        yield from _prose("Verify", told.verify, 1)
    done = [checked for checked in report.verification.checks if checked.outcome]
    yield from (f"- {_verified(checked, clock)}" for checked in done[-1:])
    if altered := [problem for problem in report.problems if not is_remark(problem)]:
        yield f"- Integrity: {plain(line('; '.join(altered), _LONGEST))}"
    yield f"- Session: {code(report.session)}, {clock.utc(report.started)} UTC, tshoot {plain(report.tshoot)}"


def _prose(title: str, text: str, most: int = MOST_FIX) -> Iterator[str]:
    """One line beside its title, several as a list under it; what is left out is counted."""
    lines = [line(words, _LONGEST) for words in text.splitlines() if words.strip()]
    if len(lines) < 2:
        yield f"- {title}: {plain(' '.join(lines))}"
        return
    yield f"- {title}:"
    yield from (f"  {words}" for words in prose("\n".join(lines[:most])))
    if len(lines) > most:
        yield f"  ({len(lines) - most} more in the report)"


def _proof(proof: Proof) -> str:
    match proof.kind:
        case "frame":
            return f"frame {proof.frame}: {code(f'{proof.fact} = {proof.value}')}"
        case "line":
            fact = f"{proof.node}.{proof.fact} = {proof.value}" if proof.fact else proof.value
            return f"{code(line(fact, 120))} from {code(line(f'{proof.target} $ {proof.source}', 160))}{plain(cited(proof))}"
        case "answer":
            return f"asked: {plain(proof.source)} Answer: {code(proof.value)}"
    return f"{code(line(f'{proof.target} $ {proof.source}', 160))}: {plain(proof.fact)}: {plain(line(proof.words, 160))}"


def _verified(checked: Checked, clock: Clock) -> str:
    changed = [f"{row.what}: {row.before} -> {row.after}" for row in checked.rows if row.kind == "fact" and row.before != row.after]
    seen = f" ({code(line('; '.join(changed[:2]), 160))})" if changed else ""
    said = checked.outcome.replace("-", " ").upper()
    return f"Verified {clock.utc(checked.at)} UTC: **{plain(said)}** {plain(line(checked.reason, _LONGEST))}{seen}"
