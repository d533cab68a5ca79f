"""The sections of a report's page; see html.py."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from tshoot.session.report.clock import Clock, iso
from tshoot.session.report.markup import Markup, join, tag
from tshoot.session.report.model import ExcerptLine, Judged, Proof, Report, Step
from tshoot.session.report.path_picture import path_picture
from tshoot.session.report.quoted import cited, grouped, spans


def prose(text: str, element: str = "") -> list[Markup]:
    """Words with `code` as code; with `element`, one a line of the text."""
    if not element:
        return [tag("code", part) if is_code else join([part]) for is_code, part in spans(text)]
    return [tag(element, *prose(line)) for line in text.splitlines() if line.strip()]


def table(caption: str, heads: Iterable[str], rows: Iterable[Iterable[Markup]]) -> Markup:
    """A table that scrolls by itself where it is too wide; `#` at the end of a head: a column of numbers."""
    columns = [tag("th", head.rstrip("#"), scope="col", class_="number" if head.endswith("#") else None) for head in heads]
    body = tag("tbody", *(tag("tr", *row) for row in rows))
    return tag(
        "div",
        tag("table", tag("caption", caption), tag("thead", tag("tr", *columns)), body),
        class_="scroll",
        tabindex=0,
        role="region",
        aria_label=caption,
    )


def facts(report: Report) -> Markup | None:
    rows = [(f"Target {target.role}", target.host, target.platform) for target in report.targets]
    rows += [(f"Input {given.name}", given.value, "") for given in report.inputs]
    cells = [(tag("th", name, scope="row"), tag("td", tag("code", value)), tag("td", more)) for name, value, more in rows]
    return table(f"Targets and inputs of {report.playbook}", ("Name", "Value", "Platform"), cells) if cells else None


def proof(report: Report, clock: Clock) -> Iterator[Markup]:
    frames = [one for one in report.proof if one.kind == "frame"]
    if frames:
        rows = [
            (
                tag("td", str(one.frame), class_="number"),
                tag("td", f"{clock.utc_clock(one.at)} UTC" if one.at is not None else "not known", class_="time"),
                tag("td", tag("code", one.fact)),
                tag("td", tag("code", one.value)),
                tag("td", one.words, class_="words"),
            )
            for one in frames
        ]
        yield table("Fields of packets, frames counted as in Wireshark", ("Frame#", "Time", "Field", "Value", "In words"), rows)
    for group in grouped(one for one in report.proof if one.kind != "frame"):
        yield from _proof(group)
    if report.proof_left:
        yield tag("p", f"{report.proof_left:,} more are in the session.")


def _proof(group: list[Proof]) -> Iterator[Markup]:
    one = group[0]
    if one.kind == "answer":
        yield tag("p", "The operator was asked: ", tag("q", one.source), " Answer: ", tag("strong", one.value))
    elif one.kind == "failure":
        where = " $ ".join(filter(None, (one.target, one.source))) or one.node
        yield tag("p", tag("code", where), " ", tag("span", f"failed: {one.fact}", class_="fails"), f" {one.words}")
    else:
        told = [tag("code", f"{fact.node}.{fact.fact} = {fact.value}" if fact.fact else fact.value) for fact in group]
        yield tag("h3", *(part for number, fact in enumerate(told) for part in ((", ", fact) if number else (fact,))))
        stream = ", stderr" if one.stream == "stderr" else ""
        yield tag("p", tag("code", f"{one.target} $ {one.source}"), f"{stream}{cited(one)}", class_="muted head")
        if one.lines:
            yield excerpt(one.lines, f"Lines of the output of {one.source}")
        if one.lines_left:
            yield tag("p", f"{one.lines_left:,} more lines are cited.")
    if one.problem:
        yield tag("p", tag("span", one.problem, class_="fails"))


def excerpt(lines: Iterable[ExcerptLine], label: str) -> Markup:
    """Lines of an output with their numbers; the cited ones have an arrow before them."""
    lines = list(lines)
    width = max(len(str(line.number)) for line in lines)
    return tag(
        "pre",
        *(
            tag(
                "span",
                tag("span", f"{'>' if line.cited else ' '} {f'{line.number:>{width}}' if line.number else ' ' * width}  ", class_="number"),
                f"{line.text}\n",
                class_="row cited" if line.cited else "row",
            )
            for line in lines
        ),
        tabindex=0,
        role="region",
        aria_label=label,
    )


def ruled_out(judged: Iterable[Judged], how: str) -> Iterator[Markup]:
    rows = [
        (
            tag("td", tag("code", out.cause), *(f" {out.title}" for _ in (1,) if out.title), class_="words"),
            tag("td", *prose(out.because), *(tag("div", place, class_="muted") for place in out.places), class_="words"),
        )
        for out in judged
    ]
    if rows:
        yield table(f"Causes that were {how}, and why", ("Cause", "Because"), rows)


def path(report: Report) -> Iterator[Markup]:
    picture = path_picture(report)
    if picture:
        yield tag("figure", tag("div", picture, class_="scroll", tabindex=0, role="region", aria_label="Picture of the path"))
        steps = tag("ol", *(_step(step) for step in report.path))
        yield tag("details", tag("summary", "The path as a list, with the values that were read"), steps)


def _step(step: Step) -> Markup:
    tried = [
        tag(
            "li",
            f"{one.outcome}: ",
            tag("code", one.condition),
            f" (leads to {one.leads_to})",
            *(f" {text}" for text in (one.values, one.reason) if text),
        )
        for one in step.alternatives
    ]
    taken = tag("p", "Taken: ", tag("code", step.branch or "no branch applied"), f" to {step.leads_to or 'the end'}")
    return tag("li", tag("strong", step.node), f" {step.why}", tag("ul", *tried) if tried else None, taken)


def timeline(report: Report, clock: Clock) -> Iterator[Markup]:
    local = not clock.is_utc(report.started)
    rows = []
    for moment in report.timeline:
        outcome = tag("span", moment.outcome, class_="fails" if moment.failed else None)
        times = [tag("td", tag("time", clock.utc(moment.at), datetime=iso(moment.at)), class_="time")]
        times += [tag("td", clock.local_clock(moment.at), class_="time")] if local else []
        what = [tag("code", moment.what)] if moment.kind == "command" else prose(moment.what)
        rows.append((*times, tag("td", moment.who), tag("td", *what, class_="words"), tag("td", outcome)))
    heads = ("UTC", f"Local ({clock.zone_name(report.started)})", "Who", "What", "Outcome") if local else ("UTC", "Who", "What", "Outcome")
    if rows:
        yield table("Who did what, and when", heads, rows)
    if report.timeline_left:
        yield tag("p", f"{report.timeline_left:,} more moments are in the session.")


def notes(report: Report, clock: Clock) -> Iterator[Markup]:
    for note in report.notes:
        yield tag("p", tag("strong", f"{clock.utc(note.at)} UTC, {note.author}"), class_="head")
        yield from prose(note.text, "p")
