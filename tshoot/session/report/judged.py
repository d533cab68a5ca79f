"""Which causes were judged, and how: the fault, those that were ruled out, and those that were tried and stayed open.

A cause stays open where a condition that would have concluded it was unknown and no other judgement of it stands.
"""

from __future__ import annotations

from collections.abc import Iterable

from tshoot.model.verdicts import Decision, Reading, Verdict
from tshoot.session.report.model import Alternative, Judged, Step
from tshoot.session.report.proof import place
from tshoot.session.report.text import line, prose

_CONCLUDES = "conclude "
_MOST_PLACES = 3
_MOST_CONDITIONS = 60  # of one node


def ruled_out(verdict: Verdict | None) -> list[Judged]:
    """With the first places that show it."""
    if verdict is None:
        return []
    return [
        Judged(line(out.cause), line(out.title), prose(out.because), tuple(place(citation) for citation in out.citations[:_MOST_PLACES]))
        for out in verdict.ruled_out
    ]


def undecided(verdict: Verdict | None, decisions: Iterable[Decision]) -> list[Judged]:
    """Each cause once, with the reason why the condition for it is not known."""
    settled = {out.cause for out in verdict.ruled_out} | {verdict.cause} if verdict else set()
    found: dict[str, Judged] = {}
    for decision in decisions:
        for value in decision.conditions:
            cause = value.leads_to.removeprefix(_CONCLUDES)
            if value.outcome == "unknown" and value.leads_to.startswith(_CONCLUDES) and cause not in settled:
                found.setdefault(cause, Judged(line(cause), "", prose(value.reason) or f"`{line(value.condition)}` is not known"))
    return list(found.values())


def steps(decisions: Iterable[Decision]) -> list[Step]:
    """The path, node by node; what each condition read stands beside it."""
    return [
        Step(
            line(decision.node),
            decision.attempt,
            line(decision.why),
            line(decision.branch),
            line(decision.leads_to),
            tuple(
                Alternative(line(value.condition), line(value.outcome), line(value.leads_to), line(value.reason), _values(value.readings))
                for value in decision.conditions[:_MOST_CONDITIONS]
            ),
        )
        for decision in decisions
    ]


def _values(readings: Iterable[Reading]) -> str:
    pairs = dict.fromkeys(f"{line(read.fact)} = {line(read.value, 60)}" for read in readings)
    return line(", ".join(pairs))
