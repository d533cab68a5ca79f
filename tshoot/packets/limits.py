"""How much of a capture is kept in memory at once, and the same for an operator's limit of memory.

tshoot itself and one tshark hold about `_BASE` MB before the first packet (206 MB were measured), and a large file needs some room to be read in
pieces: below `NEEDED` nothing is begun. What the limit gives beyond is shared out by what one of each may cost (a decoded ARP frame cost
4 kB here, an NFS reply costs more). As nobody knows before what a packet costs tshark, `MemoryWatch` looks at the processes as well, and decoding
ends where they come near the limit.
"""

from __future__ import annotations

from dataclasses import dataclass

from tshoot.errors import UsageError
from tshoot.packets.flows import FLOWS_KEPT

FRAMES_KEPT = 50_000  # decoded frames held in memory at once
_CANDIDATES = 400_000
NEEDED, _BASE = 300, 220  # MB
_FRAME, _FLOW, _CANDIDATE = 8_000, 4_000, 200  # bytes


@dataclass(frozen=True, slots=True)
class Limits:
    """`candidates`: how many frames are picked from a large file (0: as `selection` says). `memory` is in bytes, 0 for no limit."""

    frames: int = FRAMES_KEPT
    flows: int = FLOWS_KEPT
    candidates: int = 0
    memory: int = 0

    @property
    def remark(self) -> str:
        return f" (--limit-memory {self.memory >> 20})" if self.memory else ""


def limits_of(megabytes: int) -> Limits:
    """What fits into `megabytes` for tshoot and its tshark together; UsageError where that is not enough to begin."""
    if megabytes < NEEDED:
        raise UsageError(
            f"--limit-memory {megabytes}: tshoot and tshark need {NEEDED} MB before the first packet", f"give --limit-memory {NEEDED} or more"
        )
    spare = (megabytes - _BASE) << 20
    return Limits(
        frames=max(1_000, min(FRAMES_KEPT, spare // 2 // _FRAME)),
        flows=max(1_000, min(FLOWS_KEPT, spare // 4 // _FLOW)),
        candidates=max(10_000, min(_CANDIDATES, spare // 4 // _CANDIDATE)),
        memory=megabytes << 20,
    )
