"""A report as one HTML page: self-contained, without JavaScript, without a single address of elsewhere, for a screen of any width and for paper.

All text goes through `tag`, which escapes it; there is no other way in. Headings, table heads with scope, captions, words beside colours.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

from tshoot.session.prose import duration
from tshoot.session.report.clock import Clock
from tshoot.session.report.html_parts import facts, notes, path, proof, prose, ruled_out, table, timeline
from tshoot.session.report.html_verification import verification
from tshoot.session.report.markup import Markup, raw, tag
from tshoot.session.report.model import Report, VerdictTold

_STYLE = Path(__file__).with_name("page.css")
_POLICY = "default-src 'none'; style-src 'unsafe-inline'"  # whatever might slip in: it loads and runs nothing
_MARKS = {"fault": "\u2716 FAULT", "healthy": "\u2714 HEALTHY", "inconclusive": "? INCONCLUSIVE"}


def html(report: Report, clock: Clock) -> str:
    """The page, pure ASCII."""
    sections = [(id_, title, inside) for id_, title, parts in _sections(report, clock) if (inside := [part for part in parts if part])]
    title = f"{report.playbook}: {_kind(report.verdict)}"
    return (
        raw("<!DOCTYPE html>\n")
        + tag(
            "html",
            tag(
                "head",
                tag("meta", charset="utf-8"),
                tag("meta", http_equiv="Content-Security-Policy", content=_POLICY),
                tag("meta", name="viewport", content="width=device-width, initial-scale=1"),
                tag("meta", name="referrer", content="no-referrer"),
                tag("title", f"{title} ({report.session})"),
                tag("style", raw(_STYLE.read_text(encoding="ascii"))),
            ),
            tag("body", _head(report, clock, title), _contents(sections), tag("main", *(_section(*section) for section in sections)), _foot(report)),
            lang="en",
        )
        + raw("\n")
    )


def _head(report: Report, clock: Clock, title: str) -> Markup:
    told, verdict = report.summary, report.verdict
    pairs = (("What", told.what), ("Verdict", told.verdict), ("Proof", told.proof), ("Owner", told.owner), ("Next", told.next_step))
    when = f"{clock.utc(report.started)} UTC"
    when += "" if clock.is_utc(report.started) else f" ({clock.local(report.started)} {clock.zone_name(report.started)})"
    return tag(
        "header",
        tag("h1", title),
        tag("p", f"{when}, {duration(report.seconds)}, {report.state}", class_="muted"),
        tag(
            "div",
            tag("p", tag("span", _MARKS.get(verdict.kind, verdict.kind) if verdict else "? NO VERDICT", class_="kind"), *_cause(verdict)),
            tag("dl", *(part for name, text in pairs for part in (tag("dt", name), tag("dd", *prose(text)))), class_="summary"),
            class_=f"banner {verdict.kind if verdict and verdict.kind in _MARKS else 'open'}",
        ),
    )


def _kind(verdict: VerdictTold | None) -> str:
    return " ".join(filter(None, (verdict.kind.upper(), verdict.cause or verdict.title))) if verdict else "no verdict"


def _cause(verdict: VerdictTold | None) -> Iterator[str]:
    if verdict and verdict.cause:
        yield from (" ", tag("code", verdict.cause))
    if verdict and verdict.title:
        yield f" {verdict.title}"


def _sections(report: Report, clock: Clock) -> Iterator[tuple[str, str, Iterable[Markup | None]]]:
    verdict = report.verdict
    yield "about", "What was looked at", [facts(report)]
    if verdict:
        yield "verdict", "Verdict", [*prose(verdict.reason, "p"), *_missing(verdict)]
    yield "proof", "Proof", proof(report, clock)
    if verdict and verdict.fix:
        yield "fix", "Fix", [tag("p", "Owner: ", tag("strong", verdict.owner or "nobody is named")), *prose(verdict.fix, "p")]
    yield "verification", "Verification", verification(report, clock)
    yield "ruled-out", "Ruled out", ruled_out(report.ruled_out, "ruled out")
    yield "undecided", "Not decided", ruled_out(report.undecided, "not decided")
    yield "path", "Path through the tree", path(report)
    yield "timeline", "Timeline", timeline(report, clock)
    yield "notes", "Notes", notes(report, clock)
    yield "commands", "Appendix: commands", _commands(report, clock)
    yield "evidence", "Appendix: evidence", _evidence(report)


def _missing(verdict: VerdictTold) -> Iterator[Markup]:
    if verdict.missing:
        yield tag("p", "What would have decided:", class_="head")
        yield tag("ul", *(tag("li", *prose(text)) for text in verdict.missing))
    if verdict.next_steps:
        yield tag("p", "Next steps:", class_="head")
        yield from prose(verdict.next_steps, "p")


def _commands(report: Report, clock: Clock) -> Iterator[Markup]:
    rows = [
        (
            tag("td", clock.utc_clock(run.at), class_="time"),
            tag("td", run.target),
            tag("td", tag("code", run.command), class_="words"),
            tag("td", "none" if run.exit_status is None else str(run.exit_status), class_="number"),
            tag("td", f"{run.seconds:.1f}", class_="number"),
            tag("td", f"{run.bytes:,}", class_="number"),
            tag("td", tag("span", run.failure, class_="fails") if run.failure else "ran"),
        )
        for run in report.commands
    ]
    if rows:
        yield table(
            "All commands, in the order in which they were asked for", ("UTC", "Target", "Command", "Exit#", "Seconds#", "Bytes#", "Failure"), rows
        )
    if report.commands_left:
        yield tag("p", f"{report.commands_left:,} more commands are in the session.")


def _evidence(report: Report) -> Iterator[Markup]:
    rows = [
        (
            tag("td", tag("code", file.sha256)),
            tag("td", f"{file.size:,}", class_="number"),
            tag("td", file.kind),
            tag("td", file.origin, class_="words"),
        )
        for file in report.evidence
    ]
    if rows:
        yield table("Raw bytes in the session's folder, by their sha256", ("sha256", "Bytes#", "Kind", "From"), rows)
    if report.evidence_left:
        yield tag("p", f"{report.evidence_left:,} more files are in the session.")
    said = "; ".join(report.problems)
    yield tag(
        "p", f"Verified when this page was made: {said}" if said else "Verified when this page was made: log and evidence are as they were written."
    )


def _contents(sections: Iterable[tuple[str, str, object]]) -> Markup:
    return tag("nav", tag("ul", *(tag("li", tag("a", title, href=f"#{id_}")) for id_, title, _ in sections)), aria_label="Contents")


def _section(id_: str, title: str, inside: Iterable[Markup]) -> Markup:
    appendix = "appendix" if id_ == "commands" else None
    return tag("section", tag("h2", title, id=f"{id_}-head"), *inside, id=id_, class_=appendix, aria_labelledby=f"{id_}-head")


def _foot(report: Report) -> Markup:
    return tag(
        "footer",
        tag("p", f"Session {report.session}, recorded by tshoot {report.tshoot}. Playbook {report.playbook}, sha256 {report.playbook_sha256}."),
    )
