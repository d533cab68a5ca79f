"""A verification as a person reads it: what came of it, the table of before and after, what was asked, what is missing.

`rows` is the one table that the terminal, the interface and the reports show: first the deciding conditions, then what they read, and the packet
fields that a finding rests on.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from tshoot.model.evidence import Citation, FrameCitation
from tshoot.model.text import clean
from tshoot.model.verification import Compared, Verification
from tshoot.session.plain import citations_json, verdict_json
from tshoot.session.prose import LONGEST_VALUE, WIDTH, one_line, plural, wrapped

HEADS = {"fixed": "FIXED", "still-there": "STILL THERE", "another-fault": "ANOTHER FAULT", "not-decided": "NOT DECIDED"}
NOT_READ = "not read"
MOST_ROWS, MOST_FRAMES, MOST_ASKED = 60, 6, 12


@dataclass(frozen=True, slots=True)
class Row:
    """`kind`: condition, fact or frame; the citations say where each side stands."""

    kind: str
    what: str
    before: str
    after: str
    before_at: Citation | None = None
    after_at: Citation | None = None

    @property
    def changed(self) -> bool:
        return self.before != self.after


def head(verification: Verification) -> str:
    """`FIXED`, `STILL THERE`, …: in capitals, as a verdict is."""
    return HEADS.get(verification.outcome, one_line(verification.outcome).upper())


def rows(verification: Verification) -> list[Row]:
    """At most MOST_ROWS; the texts are as recorded, not clean."""
    read = {one.fact: one for one in verification.compared}
    found: list[Row] = []
    for one in verification.conditions:  # a condition that is itself what was read is told once
        same = read.pop(one.condition, None)
        found.append(Row("condition", f"{one.node}: {one.condition}", one.before, one.after, *(_places(same) if same else ())))
        found += _frames(same) if same else ()
    for compared in read.values():
        found.append(Row("fact", compared.fact, compared.before or NOT_READ, compared.after or NOT_READ, *_places(compared)))
        found += _frames(compared)
    return found[:MOST_ROWS]


def scope(verification: Verification) -> str:
    """What was checked and what was not: a verification claims no more."""
    return f"{plural(len(verification.asked), 'check')} asked again; all else is as the session recorded it."


def _places(compared: Compared) -> tuple[Citation | None, Citation | None]:
    return next(iter(compared.before_citations), None), next(iter(compared.after_citations), None)


def _frames(compared: Compared) -> Iterator[Row]:
    """A finding's packet fields, those of before beside those of after."""
    before, after = (
        [one for one in cited if isinstance(one, FrameCitation)][:MOST_FRAMES] for cited in (compared.before_citations, compared.after_citations)
    )
    for field in dict.fromkeys(one.field for one in (*before, *after)):
        then, now = ([one for one in side if one.field == field] for side in (before, after))
        for number in range(max(len(then), len(now))):
            was, is_ = (side[number] if number < len(side) else None for side in (then, now))
            yield Row("frame", field, _frame(was), _frame(is_), was, is_)


def _frame(cited: FrameCitation | None) -> str:
    return f"{cited.value} (frame {cited.frame})" if cited else "not seen"


# --- plain lines -------------------------------------------------------------------------------------


def verification_lines(verification: Verification) -> list[str]:
    """Plain lines of at most 78 columns; a value that is longer has a line of its own."""
    lines = [*wrapped(f"{verification.cause}", 6, f"{head(verification)}  "), *wrapped(verification.reason, 2)]
    lines += _section("Before and after", [line for row in rows(verification) for line in _row(row)])
    found = verification.verdict
    if verification.outcome == "another-fault" and found:
        lines += _section("Now", wrapped(": ".join(filter(None, (found.cause, found.title))), 6, "    "))
        lines += _section(f"Fix (owner: {one_line(found.owner)})" if found.owner else "Fix", wrapped(found.fix, 4))
    lines += _section("Asked again", [line for text in verification.asked[:MOST_ASKED] for line in wrapped(one_line(text), 6, "    ")])
    lines += [f"    … {len(verification.asked) - MOST_ASKED} more"] if len(verification.asked) > MOST_ASKED else []
    lines += _section("Missing", [line for text in verification.missing for line in wrapped(text, 6, "    ")])
    lines += _section("Next", wrapped(verification.next_steps, 4))
    return [*lines, "", *wrapped(scope(verification), 2)]


def _section(title: str, lines: list[str]) -> list[str]:
    return ["", f"  {title}", *lines] if lines else []


def _row(row: Row) -> list[str]:
    margin = " " * (6 if row.kind == "frame" else 4)
    values = f"{one_line(row.before, LONGEST_VALUE)} -> {one_line(row.after, LONGEST_VALUE)}"
    what = one_line(row.what)
    if len(margin) + len(what) + len(values) + 2 <= WIDTH:
        return [f"{margin}{what}  {values}"]
    return [*wrapped(what, len(margin) + 2, margin), f"{margin}    {values}"]


# --- JSON ----------------------------------------------------------------------------------------------


def verification_json(verification: Verification) -> dict[str, Any]:
    """{"outcome", "cause", "reason", "conditions", "compared", "asked", "missing", "next_steps", "target_failed", "verdict"}; texts are clean."""
    return {
        "outcome": clean(verification.outcome),
        "cause": clean(verification.cause),
        "reason": clean(verification.reason),
        "conditions": [
            {name: clean(getattr(one, name)) for name in ("node", "condition", "leads_to", "before", "after", "reason")}
            for one in verification.conditions
        ],
        "compared": [
            {
                "fact": clean(one.fact),
                "before": {"value": clean(one.before), "evidence": citations_json(one.before_citations)},
                "after": {"value": clean(one.after), "evidence": citations_json(one.after_citations)},
            }
            for one in verification.compared
        ],
        "asked": [clean(text) for text in verification.asked],
        "missing": [clean(text) for text in verification.missing],
        "next_steps": clean(verification.next_steps),
        "target_failed": clean(verification.target_failed),
        "verdict": verdict_json(verification.verdict) if verification.verdict else None,
    }
