"""How a run ends: Fault, Healthy or Inconclusive, each with its proof and the path that led there."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from tshoot.model.evidence import Citation

VerdictKind = Literal["fault", "healthy", "inconclusive"]


@dataclass(frozen=True, slots=True)
class Reading:
    """One value that a condition read: `fact` as written (`reach.loss`), its value as text, and where it stands."""

    fact: str
    value: str
    citations: tuple[Citation, ...] = ()


@dataclass(frozen=True, slots=True)
class ConditionValue:
    """One `when` of a decision and what it came to. `leads_to` is what it would have led to."""

    condition: str
    outcome: Literal["true", "false", "unknown"]
    leads_to: str
    reason: str = ""
    readings: tuple[Reading, ...] = ()


@dataclass(frozen=True, slots=True)
class Decision:
    """One step of the path: at `node` the conditions were tried in turn and `branch` was taken."""

    node: str
    attempt: int
    branch: str
    leads_to: str
    conditions: tuple[ConditionValue, ...] = ()
    why: str = ""


@dataclass(frozen=True, slots=True)
class RuledOut:
    cause: str
    title: str
    because: str
    citations: tuple[Citation, ...] = ()


@dataclass(frozen=True, slots=True)
class Verdict:
    """`cause`, `owner`, `fix` and `verify` are empty unless a fault was found; `reason` says why in one sentence.

    `missing` and `next_steps` belong to Inconclusive. `details` are the deciding finding's facts
    (client, server, path, …). `target_failed` is the failure kind where a target could not be used.
    """

    kind: VerdictKind
    reason: str
    cause: str = ""
    title: str = ""
    owner: str = ""
    fix: str = ""
    verify: str = ""
    evidence: tuple[Citation, ...] = ()
    ruled_out: tuple[RuledOut, ...] = ()
    path: tuple[Decision, ...] = ()
    missing: tuple[str, ...] = ()
    next_steps: str = ""
    target_failed: str = ""
    details: Mapping[str, str | int] = field(default_factory=dict)
