"""The session of a fleet: one playbook on many targets, told by its members.

Its header names the playbook as `fleet:ID`, and holds that playbook's text. It lists all targets, which one after the other (or side by side)
play one role, and has a `MemberEnded` for each; what was asked and answered stands in the members' own sessions. So nothing in it can be
judged again: its members can.
"""

from __future__ import annotations

from tshoot.model.events import MemberEnded
from tshoot.session.prose import duration, one_line

_PREFIX = "fleet:"  # no id of a playbook holds a colon


def fleet_of(playbook: str) -> str:
    """What the header of a fleet's session names for this playbook."""
    return f"{_PREFIX}{playbook}"


def is_fleet(playbook: str) -> bool:
    """Whether a session's header names a fleet."""
    return playbook.startswith(_PREFIX)


def member_words(event: MemberEnded) -> str:
    """`fault nfs.mount-denied: …` of one member, on one clean line."""
    said = one_line(event.kind or event.state.replace("-", " "))
    about = " ".join(filter(None, (said, one_line(event.cause), f"({one_line(event.failure)})" if event.failure else "")))
    return ": ".join(filter(None, (about, one_line(event.title or event.reason, 200))))


def member_line(event: MemberEnded) -> str:
    """The same with the target before it, and how long it took and where it is told behind it."""
    session = f", session {one_line(event.session)}" if event.session else ""
    took = f" ({duration(event.seconds)}{session})" if event.state != "not-run" else ""
    return f"{one_line(event.host)}: {member_words(event)}{took}"
