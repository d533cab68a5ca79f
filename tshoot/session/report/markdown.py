"""A report as Markdown (GitHub's and GitLab's) for a ticket. What was read is code or escaped: it makes no links, tags, headings or mentions."""

from __future__ import annotations

from collections.abc import Iterator

from tshoot.session.prose import duration
from tshoot.session.report.clock import Clock
from tshoot.session.report.md import code, fenced, plain, prose, section, table, whole
from tshoot.session.report.model import Checked, Comparison, Report, Step, VerdictTold
from tshoot.session.report.quoted import cited, excerpt, grouped


def markdown(report: Report, clock: Clock) -> str:
    """The document; it ends in a newline."""
    return whole(_lines(report, clock))


def _lines(report: Report, clock: Clock) -> Iterator[str]:
    verdict = report.verdict
    yield from (f"# {plain(report.playbook)}: {plain(_title(verdict))}", "")
    told = report.summary
    for name, text in (("What", told.what), ("Verdict", told.verdict), ("Proof", told.proof), ("Owner", told.owner), ("Next", told.next_step)):
        yield f"- **{name}:** {plain(text)}"
    yield from ("", *_facts(report, clock))
    if verdict:
        yield from ("", "## Verdict", "", f"**{plain(_title(verdict))}**", "", *prose(verdict.reason))
        yield from section("Missing", (f"- {plain(text)}" for text in verdict.missing))
        yield from section("Next steps", prose(verdict.next_steps))
    yield from section("Proof", _proof(report, clock))
    yield from section(f"Fix (owner: {plain(verdict.owner)})" if verdict and verdict.owner else "Fix", prose(verdict.fix if verdict else ""))
    yield from section("Verification", _verification(report, clock))
    yield from section("Ruled out", (f"- {code(out.cause)}: {plain(out.because)}" for out in report.ruled_out))
    yield from section("Not decided", (f"- {code(out.cause)}: {plain(out.because)}" for out in report.undecided))
    yield from section("Path", fenced(line for step in report.path for line in _step(step)) if report.path else ())
    yield from section("Timeline", _timeline(report, clock))
    yield from section("Notes", (f"- {clock.utc(note.at)} UTC, {plain(note.author)}: {plain(note.text)}" for note in report.notes))
    yield from section("Appendix: commands", _commands(report, clock))
    yield from section("Appendix: evidence", _evidence(report))


def _title(verdict: VerdictTold | None) -> str:
    return " ".join(filter(None, (verdict.kind.upper(), verdict.cause or verdict.title))) if verdict else "no verdict"


def _facts(report: Report, clock: Clock) -> Iterator[str]:
    started = f"{clock.utc(report.started)} UTC"
    started += "" if clock.is_utc(report.started) else f" ({clock.local(report.started)} {clock.zone_name(report.started)})"
    rows = [("Session", code(report.session)), ("Started", plain(started)), ("Lasted", plain(f"{duration(report.seconds)}, {report.state}"))]
    rows += [(f"Target {plain(target.role)}", f"{code(target.host)} ({plain(target.platform)})") for target in report.targets]
    rows += [(f"Input {plain(given.name)}", code(given.value)) for given in report.inputs]
    rows.append(("Recorded by", plain(f"tshoot {report.tshoot}")))
    rows.append(("Integrity", plain("; ".join(report.problems)) or "log and evidence are as they were written"))
    yield from table(("", ""), rows)


def _proof(report: Report, clock: Clock) -> Iterator[str]:
    frames = [proof for proof in report.proof if proof.kind == "frame"]
    if frames:
        rows = [
            (
                str(proof.frame),
                f"{clock.utc_clock(proof.at)} UTC" if proof.at is not None else "-",
                code(proof.fact),
                code(proof.value),
                plain(proof.words),
            )
            for proof in frames
        ]
        yield from (*table(("Frame", "Time", "Field", "Value", "In words"), rows), "")
    for group in grouped(proof for proof in report.proof if proof.kind != "frame"):
        proof = group[0]
        if proof.kind == "line":
            facts = ", ".join(code(f"{one.node}.{one.fact} = {one.value}" if one.fact else one.value) for one in group)
            yield f"- {facts} from {code(f'{proof.target} $ {proof.source}')}{plain(cited(proof))}"
            yield from (f"  {text}".rstrip() for text in ("", *fenced(excerpt(proof.lines)), "") if proof.lines)
        elif proof.kind == "answer":
            yield f"- Asked: {plain(proof.source)} Answer: {code(proof.value)}"
        elif proof.kind == "failure":
            yield f"- {code(f'{proof.target} $ {proof.source}')}: {plain(proof.fact)}: {plain(proof.words)}"
        if proof.lines_left:
            yield f"  {proof.lines_left:,} more lines are cited."
        if proof.problem:
            yield f"  {plain(proof.problem)}"
    if report.proof_left:
        yield f"- {report.proof_left:,} more are in the session"


def _verification(report: Report, clock: Clock) -> Iterator[str]:
    yield from prose(report.verification.how)
    later = report.verification.verdict
    if later:
        yield from ("", f"**{clock.utc(later.at)} UTC: {plain(_title(later))}.** {plain(later.reason)}")
    elif report.verification.how and not report.verification.checks:
        yield from ("", "Not verified in this session.")
    for checked in report.verification.checks:
        yield from ("", *_checked(checked, clock))
    for comparison in report.verification.comparisons:
        yield from ("", *_comparison(comparison, clock))


def _checked(checked: Checked, clock: Clock) -> Iterator[str]:
    said = checked.outcome.replace("-", " ").upper() or "STOPPED"
    by = f", by {plain(checked.by)}" if checked.by else ""
    yield f"**{clock.utc(checked.at)} UTC{by}: {plain(said)}.** {plain(checked.reason)}"
    if checked.rows:
        rows = [(code(row.what), code(row.before), code(row.after)) for row in checked.rows]
        yield from ("", *table(("Checked again", "Before", "After"), rows))
    for title, texts in (("Asked again", checked.asked), ("Missing", checked.missing)):
        yield from ("", f"{title}:", "", *(f"- {plain(text)}" for text in texts)) if texts else ()
    yield from ("", *prose(checked.next_steps)) if checked.next_steps else ()


def _comparison(comparison: Comparison, clock: Clock) -> Iterator[str]:
    before, after = comparison.before, comparison.after
    yield f"{code(f'{after.target} $ {after.command}')} before ({clock.utc(before.at)} UTC) and after ({clock.utc(after.at)} UTC):"
    left = (f"({comparison.changes_left:,} more lines differ)",) if comparison.changes_left else ()
    yield from ("", *(fenced([*comparison.changes, *left]) if comparison.changes else [plain(comparison.problem or "the same output")]))


def _timeline(report: Report, clock: Clock) -> Iterator[str]:
    local = not clock.is_utc(report.started)
    heads = ("UTC", f"Local ({clock.zone_name(report.started)})", "Who", "What", "Outcome") if local else ("UTC", "Who", "What", "Outcome")
    rows = []
    for moment in report.timeline:
        what = code(moment.what) if moment.kind == "command" else plain(moment.what)
        times = (clock.utc(moment.at), clock.local_clock(moment.at)) if local else (clock.utc(moment.at),)
        rows.append((*times, plain(moment.who), what, plain(moment.outcome)))
    yield from table(heads, rows)
    if report.timeline_left:
        yield from ("", f"{report.timeline_left:,} more moments are in the session.")


def _step(step: Step) -> Iterator[str]:
    """The tree as far as it was walked: what was tried and did not hold stands beside the branch that was taken."""
    yield step.node + (f"  {step.why}" if step.why else "")
    for tried in step.alternatives:
        if tried.outcome != "true" or tried.condition != step.branch:
            yield f"├─ {tried.outcome:<7} {tried.condition}  (would lead to: {tried.leads_to}){f'  {tried.reason}' if tried.reason else ''}"
    yield f"└─ TAKEN   {step.branch or 'no branch applied'}  ->  {step.leads_to or 'end'}"


def _commands(report: Report, clock: Clock) -> Iterator[str]:
    rows = [
        (
            clock.utc_clock(run.at),
            plain(run.target),
            code(run.command),
            "-" if run.exit_status is None else str(run.exit_status),
            f"{run.seconds:.1f}",
            f"{run.bytes:,}",
            plain(run.failure),
        )
        for run in report.commands
    ]
    yield from table(("UTC", "Target", "Command", "Exit", "Seconds", "Bytes", "Failure"), rows) if rows else ()
    if report.commands_left:
        yield from ("", f"{report.commands_left:,} more commands are in the session.")


def _evidence(report: Report) -> Iterator[str]:
    rows = [(code(file.sha256), f"{file.size:,}", plain(file.kind), code(file.origin)) for file in report.evidence]
    yield from table(("sha256", "Bytes", "Kind", "From"), rows) if rows else ()
    if report.evidence_left:
        yield from ("", f"{report.evidence_left:,} more files are in the session.")
