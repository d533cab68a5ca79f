"""The times that the deciding checks of the fault were asked again, with the table of before and after."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from tshoot.model.events import Event, FixVerified, VerificationBegan
from tshoot.model.verification import Verification
from tshoot.session.report.model import BeforeAfter, Checked
from tshoot.session.report.text import line, prose
from tshoot.session.verification_text import rows

_MOST_ASKED = 60
_STOPPED = "it was stopped before all was asked"


def checked(events: Iterable[Event]) -> list[Checked]:
    """In their order; one without a result says so."""
    found: list[Checked] = []
    for event in events:
        if isinstance(event, VerificationBegan):
            found.append(Checked(event.at, line(event.by), "", _STOPPED))
        elif isinstance(event, FixVerified):
            begun = found.pop() if found and not found[-1].outcome else Checked(event.at, "", "", "")
            found.append(_told(replace(begun, at=event.at), event.verification))
    return found


def _told(begun: Checked, verification: Verification) -> Checked:
    return Checked(
        begun.at,
        begun.by,
        line(verification.outcome),
        prose(verification.reason),
        tuple(BeforeAfter(row.kind, line(row.what), line(row.before), line(row.after)) for row in rows(verification)),
        tuple(line(text) for text in verification.asked[:_MOST_ASKED]),
        tuple(prose(text) for text in verification.missing),
        prose(verification.next_steps),
    )
