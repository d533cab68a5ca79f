"""What came of asking the deciding checks of a fault once more: before and after, and what that says of the fault.

It says no more than was asked: all that was not asked again is as the session recorded it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from tshoot.model.evidence import Citation
from tshoot.model.verdicts import Verdict

VerificationOutcome = Literal["fixed", "still-there", "another-fault", "not-decided"]


@dataclass(frozen=True, slots=True)
class Compared:
    """A fact before and after, as text, with the places where each stands; "" where it was not read."""

    fact: str
    before: str
    after: str
    before_citations: tuple[Citation, ...] = ()
    after_citations: tuple[Citation, ...] = ()


@dataclass(frozen=True, slots=True)
class ConditionCompared:
    """A condition of the deciding node, `true`, `false` or `unknown` (then with the reason). The first one is that of the fault."""

    node: str
    condition: str
    leads_to: str
    before: str
    after: str
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Verification:
    """`verdict` is what the walk came to with the new answers, None where it leads to checks that nobody asked: `missing` names these.

    `asked` are the requests that were made again, in words; `target_failed` the failure kind where a target could not be used.
    """

    outcome: VerificationOutcome
    cause: str
    reason: str
    conditions: tuple[ConditionCompared, ...] = ()
    compared: tuple[Compared, ...] = ()
    asked: tuple[str, ...] = ()
    verdict: Verdict | None = None
    missing: tuple[str, ...] = ()
    next_steps: str = ""
    target_failed: str = ""
