"""A report as Markdown (GitHub's and GitLab's) for a ticket. What was read is code or escaped: it makes no links, tags, headings or mentions."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from tshoot.session.prose import duration
from tshoot.session.report.clock import Clock
from tshoot.session.report.model import Comparison, Report, Step, VerdictTold
from tshoot.session.report.quoted import cited, excerpt, grouped, spans

_SPECIAL = re.compile(r"[\\`*\[\]|~$]|(?<![^\W_])_|_(?![^\W_])")
_START = re.compile(r"\A(?:#{1,6}(?=\s|\Z)|[-+=>]|[0-9]{1,9}[.)](?=\s|\Z))")
_BAR, _ESCAPED_BAR = "\x1f", "\\|"  # a bar within code, which is to be escaped in a table and nowhere else
_TICKS = re.compile("`+")
_ADDRESS = re.compile(r"(?<=\w)(://|@)|(?<!\S)@|\bwww\.", re.IGNORECASE)


def markdown(report: Report, clock: Clock) -> str:
    """The document; it ends in a newline."""
    return "\n".join(_lines(report, clock)).replace(_BAR, "|") + "\n"


def _lines(report: Report, clock: Clock) -> Iterator[str]:
    verdict = report.verdict
    yield from (f"# {_text(report.playbook)}: {_text(_title(verdict))}", "")
    told = report.summary
    for name, text in (("What", told.what), ("Verdict", told.verdict), ("Proof", told.proof), ("Owner", told.owner), ("Next", told.next_step)):
        yield f"- **{name}:** {_text(text)}"
    yield from ("", *_facts(report, clock))
    if verdict:
        yield from ("", "## Verdict", "", f"**{_text(_title(verdict))}**", "", *_prose(verdict.reason))
        yield from _section("Missing", (f"- {_text(text)}" for text in verdict.missing))
        yield from _section("Next steps", _prose(verdict.next_steps))
    yield from _section("Proof", _proof(report, clock))
    yield from _section(f"Fix (owner: {_text(verdict.owner)})" if verdict and verdict.owner else "Fix", _prose(verdict.fix if verdict else ""))
    yield from _section("Verification", _verification(report, clock))
    yield from _section("Ruled out", (f"- {_code(out.cause)}: {_text(out.because)}" for out in report.ruled_out))
    yield from _section("Not decided", (f"- {_code(out.cause)}: {_text(out.because)}" for out in report.undecided))
    yield from _section("Path", _fenced(line for step in report.path for line in _step(step)) if report.path else ())
    yield from _section("Timeline", _timeline(report, clock))
    yield from _section("Notes", (f"- {clock.utc(note.at)} UTC, {_text(note.author)}: {_text(note.text)}" for note in report.notes))
    yield from _section("Appendix: commands", _commands(report, clock))
    yield from _section("Appendix: evidence", _evidence(report))


def _title(verdict: VerdictTold | None) -> str:
    return " ".join(filter(None, (verdict.kind.upper(), verdict.cause or verdict.title))) if verdict else "no verdict"


def _facts(report: Report, clock: Clock) -> Iterator[str]:
    started = f"{clock.utc(report.started)} UTC"
    started += "" if clock.is_utc(report.started) else f" ({clock.local(report.started)} {clock.zone_name(report.started)})"
    rows = [("Session", _code(report.session)), ("Started", _text(started)), ("Lasted", _text(f"{duration(report.seconds)}, {report.state}"))]
    rows += [(f"Target {_text(target.role)}", f"{_code(target.host)} ({_text(target.platform)})") for target in report.targets]
    rows += [(f"Input {_text(given.name)}", _code(given.value)) for given in report.inputs]
    rows.append(("Recorded by", _text(f"tshoot {report.tshoot}")))
    rows.append(("Integrity", _text("; ".join(report.problems)) or "log and evidence are as they were written"))
    yield from _table(("", ""), rows)


def _proof(report: Report, clock: Clock) -> Iterator[str]:
    frames = [proof for proof in report.proof if proof.kind == "frame"]
    if frames:
        rows = [
            (
                str(proof.frame),
                f"{clock.utc_clock(proof.at)} UTC" if proof.at is not None else "-",
                _code(proof.fact),
                _code(proof.value),
                _text(proof.words),
            )
            for proof in frames
        ]
        yield from (*_table(("Frame", "Time", "Field", "Value", "In words"), rows), "")
    for group in grouped(proof for proof in report.proof if proof.kind != "frame"):
        proof = group[0]
        if proof.kind == "line":
            facts = ", ".join(_code(f"{one.node}.{one.fact} = {one.value}" if one.fact else one.value) for one in group)
            yield f"- {facts} from {_code(f'{proof.target} $ {proof.source}')}{_text(cited(proof))}"
            yield from (f"  {text}".rstrip() for text in ("", *_fenced(excerpt(proof.lines)), "") if proof.lines)
        elif proof.kind == "answer":
            yield f"- Asked: {_text(proof.source)} Answer: {_code(proof.value)}"
        elif proof.kind == "failure":
            yield f"- {_code(f'{proof.target} $ {proof.source}')}: {_text(proof.fact)}: {_text(proof.words)}"
        if proof.lines_left:
            yield f"  {proof.lines_left:,} more lines are cited."
        if proof.problem:
            yield f"  {_text(proof.problem)}"
    if report.proof_left:
        yield f"- {report.proof_left:,} more are in the session"


def _verification(report: Report, clock: Clock) -> Iterator[str]:
    yield from _prose(report.verification.how)
    later = report.verification.verdict
    if later:
        yield from ("", f"**{clock.utc(later.at)} UTC: {_text(_title(later))}.** {_text(later.reason)}")
    elif report.verification.how:
        yield from ("", "Not verified in this session.")
    for comparison in report.verification.comparisons:
        yield from ("", *_comparison(comparison, clock))


def _comparison(comparison: Comparison, clock: Clock) -> Iterator[str]:
    before, after = comparison.before, comparison.after
    yield f"{_code(f'{after.target} $ {after.command}')} before ({clock.utc(before.at)} UTC) and after ({clock.utc(after.at)} UTC):"
    left = (f"({comparison.changes_left:,} more lines differ)",) if comparison.changes_left else ()
    yield from ("", *(_fenced([*comparison.changes, *left]) if comparison.changes else [_text(comparison.problem or "the same output")]))


def _timeline(report: Report, clock: Clock) -> Iterator[str]:
    local = not clock.is_utc(report.started)
    heads = ("UTC", f"Local ({clock.zone_name(report.started)})", "Who", "What", "Outcome") if local else ("UTC", "Who", "What", "Outcome")
    rows = []
    for moment in report.timeline:
        what = _code(moment.what) if moment.kind == "command" else _text(moment.what)
        times = (clock.utc(moment.at), clock.local_clock(moment.at)) if local else (clock.utc(moment.at),)
        rows.append((*times, _text(moment.who), what, _text(moment.outcome)))
    yield from _table(heads, rows)
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
            _text(run.target),
            _code(run.command),
            "-" if run.exit_status is None else str(run.exit_status),
            f"{run.seconds:.1f}",
            f"{run.bytes:,}",
            _text(run.failure),
        )
        for run in report.commands
    ]
    yield from _table(("UTC", "Target", "Command", "Exit", "Seconds", "Bytes", "Failure"), rows) if rows else ()
    if report.commands_left:
        yield from ("", f"{report.commands_left:,} more commands are in the session.")


def _evidence(report: Report) -> Iterator[str]:
    rows = [(_code(file.sha256), f"{file.size:,}", _text(file.kind), _code(file.origin)) for file in report.evidence]
    yield from _table(("sha256", "Bytes", "Kind", "From"), rows) if rows else ()
    if report.evidence_left:
        yield from ("", f"{report.evidence_left:,} more files are in the session.")


# --- Markdown ------------------------------------------------------------------------------------


def _section(title: str, lines: Iterable[str]) -> Iterator[str]:
    body = list(lines)
    if body:
        yield from ("", f"## {title}", "", *body)


def _table(heads: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> Iterator[str]:
    yield f"| {' | '.join(heads)} |"
    yield f"|{'---|' * len(heads)}"
    yield from (f"| {' | '.join(cell.replace(chr(10), ' ').replace(_BAR, _ESCAPED_BAR) for cell in row)} |" for row in rows)


def _text(text: str) -> str:
    """Words that mean nothing to Markdown, but for `code`; an address is broken up so that no reader makes a link or a mention of it."""
    return "".join(_code(part) if is_code else _plain(part) for is_code, part in spans(" ".join(text.split())))


def _plain(text: str) -> str:
    text = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    text = _SPECIAL.sub(lambda found: f"\\{found[0]}", text)
    text = _START.sub(lambda found: f"{found[0][:-1]}\\{found[0][-1]}", text)
    return _ADDRESS.sub(lambda found: found[0].replace("@", "&#64;").replace(":", "&#58;").replace(".", "&#46;"), text)


def _prose(text: str) -> list[str]:
    """Paragraphs, a numbered or bulleted list staying one."""
    lines = []
    for paragraph in text.splitlines():
        mark = re.match(r"\s{0,8}(\d{1,3}\.|[-*]) +(?=\S)", paragraph)
        lines += [f"{mark[1]} {_text(paragraph[mark.end() :])}" if mark else _text(paragraph)]
    return lines


def _code(text: str) -> str:
    """A span of code that its own text cannot end."""
    text = " ".join(text.split()).replace("|", _BAR)
    if not text:
        return "-"
    ticks = "`" * (max((len(run) for run in _TICKS.findall(text)), default=0) + 1)
    pad = " " if text.startswith("`") or text.endswith("`") else ""
    return f"{ticks}{pad}{text}{pad}{ticks}"


def _fenced(lines: Iterable[str]) -> list[str]:
    """A block of code that its own text cannot end."""
    body = list(lines)
    longest = max((len(run) for line in body for run in _TICKS.findall(line)), default=0)
    fence = "`" * max(3, longest + 1)
    return [f"{fence}text", *body, fence]
