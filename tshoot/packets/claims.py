"""Who claims an address with which MAC, over time: told apart are a second owner, a move, and the helpers that answer for others.

Two MACs that both go on claiming are a conflict: they answer one and the same question within a second, twice at least; or the
claims alternate three times (A, B, A, B) within a minute. One change, for good, is a failover or a move. One change and
back is not enough either.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import pairwise

QUESTION = 1.0  # seconds in which a question is answered
ALTERNATES = 3
WITHIN = 60.0
DOUBLE = 2
_REMEMBERED = 50_000
_KEPT = 60


@dataclass(frozen=True, slots=True)
class Claim:
    frame: int
    time: float
    mac: str


@dataclass(slots=True)
class _Claimed:
    claims: list[Claim] = field(default_factory=list)  # where the MAC changed, and the last of each run
    doubled: list[tuple[Claim, Claim]] = field(default_factory=list)
    question: float = float("-inf")
    answers: list[Claim] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Conflict:
    """`claims` begins with two that contradict each other."""

    key: tuple[str, ...]
    macs: tuple[str, str]
    claims: tuple[Claim, ...]
    doubled: int
    alternated: int

    @property
    def certain(self) -> bool:
        return self.doubled >= DOUBLE or self.alternated >= ALTERNATES


class Claims:
    """Keys name an address on a link, as one receiver sees it. Is told of questions and claims in order; `conflicts` at the end."""

    def __init__(self) -> None:
        self._claimed: dict[tuple[str, ...], _Claimed] = {}

    def question(self, key: tuple[str, ...], time: float) -> None:
        known = self._known(key)
        if known is not None and time - known.question > QUESTION:
            known.question = time
            known.answers.clear()

    def claim(self, key: tuple[str, ...], claim: Claim) -> None:
        known = self._known(key)
        if known is None:
            return
        if claim.time - known.question <= QUESTION:
            other = next((one for one in known.answers if one.mac != claim.mac), None)
            if other is not None and len(known.doubled) < _KEPT:
                known.doubled.append((other, claim))
                known.answers.clear()
                known.question = float("-inf")
            else:
                known.answers = [claim]
        claims = known.claims
        if len(claims) >= 2 and claims[-1].mac == claims[-2].mac == claim.mac:
            claims[-1] = claim
        elif len(claims) < 2 * _KEPT:
            claims.append(claim)

    def conflicts(self) -> list[Conflict]:
        """Every address that two MACs contradicted each other about, certain or not."""
        found = []
        for key, known in self._claimed.items():
            turns = _turns(known.claims)
            if known.doubled or turns:
                pairs = known.doubled or turns
                claims = tuple(dict.fromkeys(claim for pair in pairs for claim in pair))
                found.append(Conflict(key, (pairs[0][0].mac, pairs[0][1].mac), claims, len(known.doubled), len(turns)))
        return found

    def _known(self, key: tuple[str, ...]) -> _Claimed | None:
        if key not in self._claimed and len(self._claimed) >= _REMEMBERED:
            return None
        return self._claimed.setdefault(key, _Claimed())


def _turns(claims: list[Claim]) -> list[tuple[Claim, Claim]]:
    """The longest row of changes between two MACs, each within a minute of the first; one change alone is no contradiction."""
    changes = [(before, after) for before, after in pairwise(claims) if before.mac != after.mac]
    best: list[tuple[Claim, Claim]] = []
    row: list[tuple[Claim, Claim]] = []
    for change in changes:
        while row and change[1].time - row[0][0].time > WITHIN:
            row.pop(0)
        row.append(change)
        best = max(best, list(row), key=len)
    return best if len(best) >= 2 else []
