"""Is a redacted session judged as its original is? Both are judged again, offline, from their evidence alone.

Where the original had a verdict and is judged to none today, nothing is compared: that two are open proves nothing.
"""

from __future__ import annotations

from dataclasses import dataclass

from tshoot.cancel import CancelToken
from tshoot.errors import SessionError
from tshoot.model.evidence import FrameCitation, LineCitation
from tshoot.model.verdicts import Verdict
from tshoot.retrace.rejudge import recorded_playbook, rejudge
from tshoot.session.store import Session


@dataclass(frozen=True, slots=True)
class Compared:
    """`differences` is empty where the verdicts are the same: kind, cause, cited frames, cited lines."""

    original: Verdict | None
    redacted: Verdict | None
    differences: tuple[str, ...]


def compare_verdicts(original: Session, redacted: Session, cancel: CancelToken) -> Compared:
    """Raises as `rejudge` does, and SessionError where the original cannot be judged to a verdict as it once was."""
    before = rejudge(original, recorded_playbook(original), {}, cancel)
    if before.recorded is not None and before.today is None:
        raise SessionError(
            f"{original.header.session}: the original itself comes to no verdict today, though {_told(before.recorded)} is recorded",
            "`tshoot sessions rejudge` says what is missing",
        )
    one, two = before.today, rejudge(redacted, recorded_playbook(redacted), {}, cancel).today
    told = ((_told(one), _told(two), "verdict"), (_frames(one), _frames(two), "frames"), (_lines(one), _lines(two), "lines"))
    return Compared(one, two, tuple(f"{what}: {before or 'none'}, now {after or 'none'}" for before, after, what in told if before != after))


def _told(verdict: Verdict | None) -> str:
    return "" if verdict is None else " ".join(part for part in (verdict.kind, verdict.cause, verdict.target_failed) if part)


def _frames(verdict: Verdict | None) -> str:
    cited = (item for item in (verdict.evidence if verdict else ()) if isinstance(item, FrameCitation))
    return ", ".join(f"{item.node} {item.frame} {item.field}" for item in cited)


def _lines(verdict: Verdict | None) -> str:
    cited = (item for item in (verdict.evidence if verdict else ()) if isinstance(item, LineCitation))
    return ", ".join(f"{item.node} {item.stream} {item.first}-{item.last}" for item in cited)
