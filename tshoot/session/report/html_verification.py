"""The verification section of a report's page: how, what the session saw later, and the checks that were asked again, before and after."""

from __future__ import annotations

from collections.abc import Iterator

from tshoot.session.report.clock import Clock
from tshoot.session.report.html_parts import prose, table
from tshoot.session.report.markup import Markup, tag
from tshoot.session.report.model import Checked, Comparison, Report


def verification(report: Report, clock: Clock) -> Iterator[Markup]:
    yield from prose(report.verification.how, "p")
    later = report.verification.verdict
    if later:
        yield tag("p", tag("strong", f"{clock.utc(later.at)} UTC: {later.kind.upper()}"), f" {later.reason}")
    elif report.verification.how and not report.verification.checks:
        yield tag("p", "Not verified in this session.", class_="muted")
    for checked in report.verification.checks:
        yield from _checked(checked, clock)
    for comparison in report.verification.comparisons:
        yield from _comparison(comparison, clock)


def _comparison(comparison: Comparison, clock: Clock) -> Iterator[Markup]:
    before, after = comparison.before, comparison.after
    yield tag("h3", tag("code", f"{after.target} $ {after.command}"))
    yield tag("p", f"before, at {clock.utc(before.at)} UTC, and after, at {clock.utc(after.at)} UTC", class_="muted head")
    if comparison.changes:
        rows = (tag("span", f"{'before' if text.startswith('-') else 'after ':<6}  {text[2:]}\n", class_="row") for text in comparison.changes)
        yield tag("pre", *rows, tabindex=0, role="region", aria_label="Lines that differ")
    else:
        yield tag("p", comparison.problem or "The same output.")
    if comparison.changes_left:
        yield tag("p", f"{comparison.changes_left:,} more lines differ.")


def _checked(checked: Checked, clock: Clock) -> Iterator[Markup]:
    said = checked.outcome.replace("-", " ").upper() or "STOPPED"
    by = f", by {checked.by}" if checked.by else ""
    yield tag("p", tag("strong", f"{clock.utc(checked.at)} UTC{by}: {said}"), f" {checked.reason}")
    rows = [(tag("td", tag("code", row.what), class_="words"), tag("td", row.before), tag("td", row.after)) for row in checked.rows]
    if rows:
        yield table("The deciding checks, before and after", ("Checked again", "Before", "After"), rows)
    for title, texts in (("Asked again", checked.asked), ("Missing", checked.missing)):
        if texts:
            yield tag("p", f"{title}:", class_="head")
            yield tag("ul", *(tag("li", text) for text in texts))
    yield from prose(checked.next_steps, "p")
