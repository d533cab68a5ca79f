"""What came of a fleet: each member's end, and the verdict over all of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tshoot.model.events import MemberEnded, TargetSpec
from tshoot.model.text import clean_line
from tshoot.model.verdicts import Verdict

_MOST_NAMED = 20  # targets in one sentence
_MOST_MISSING = 200


@dataclass(frozen=True)
class MemberResult:
    """`verdict` is None unless `ended.state` is finished; `exit_code` is that of the error where it failed."""

    target: TargetSpec
    ended: MemberEnded
    verdict: Verdict | None = None
    exit_code: int = 0


@dataclass(frozen=True)
class FleetResult:
    """`members` in the order in which they were named. `verdict` is None where the fleet was stopped."""

    session: str
    folder: Path
    members: tuple[MemberResult, ...]
    verdict: Verdict | None


def overall(members: Sequence[MemberResult]) -> Verdict:
    """A fault where there is one on any target (with its cause, where all faults are of one), healthy where every target is, else inconclusive."""
    groups: dict[str, list[str]] = {}
    for member in members:
        groups.setdefault(_group(member), []).append(clean_line(member.target.host))
    reason = "; ".join(f"{name} on {len(groups[name])} of {len(members)}{_named(name, groups[name])}" for name in _ORDER if name in groups)
    causes = Counter(member.ended.cause for member in members if member.ended.kind == "fault")
    undecided = [member for member in members if member.ended.kind not in ("fault", "healthy")]
    missing = tuple(f"{clean_line(member.target.host)}: {clean_line(member.ended.reason)}" for member in undecided)[:_MOST_MISSING]
    next_steps = "`tshoot sessions show SESSION` tells a member's own run"
    if causes:
        cause = next(iter(causes)) if len(causes) == 1 else ""
        found = ", ".join(f"{name} ({count})" for name, count in causes.most_common())
        return Verdict("fault", f"{reason}. Found: {found}", cause, title=f"a fault on {causes.total()} of {len(members)} targets")
    if undecided:
        return Verdict("inconclusive", reason, missing=missing, next_steps=next_steps)
    return Verdict("healthy", reason)


_ORDER = ("fault", "no answer", "failed", "inconclusive", "healthy")


def _group(member: MemberResult) -> str:
    if member.ended.failure:
        return "no answer"
    return member.ended.kind or "failed"


def _named(group: str, hosts: Sequence[str]) -> str:
    """The names, but of those that are well: they are in the list."""
    if group == "healthy":
        return ""
    left = f" and {len(hosts) - _MOST_NAMED} more" if len(hosts) > _MOST_NAMED else ""
    return f" ({', '.join(hosts[:_MOST_NAMED])}{left})"
