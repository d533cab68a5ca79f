"""What is wrong with a capture as a capture: it says less about the network than it seems to.

- one-direction: of no conversation were both directions captured (a mirror port of one direction, an asymmetric tap);
- dropped: the capturing side lost packets, by its own count (pcapng's interface statistics);
- gaps: data was acknowledged that is not in the capture, from `GAPS` places on;
- copies: packets were captured twice (a mirror port of both sides of a switch or a router), from `COPIES` on;
- cut: packets were captured in part (snap length);
- unread: packets whose headers cannot be followed.

An artefact is said, never a fault. Those that take packets away (`weakens`) lower the confidence of what rests on an answer
that is missing, and nothing is called healthy beside them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from tshoot.model.losses import DROPPED_SHARE
from tshoot.packets.flows import FlowIndex
from tshoot.packets.path.asymmetry import half
from tshoot.packets.path.services import TUNNELS
from tshoot.packets.pcapng_statistics import Losses, losses_of

if TYPE_CHECKING:
    from tshoot.packets.batches import Batch

GAPS, COPIES = 3, 3
SHORTEST = 5  # packets of a connection of which the other direction must be there


@dataclass(frozen=True, slots=True)
class Artefact:
    kind: str
    text: str
    weakens: bool


class Artefacts:
    """Shown the batches of the file; asked at the end."""

    def __init__(self) -> None:
        self._cut, self._longest = 0, 0

    def take(self, batch: Batch) -> None:
        cut = (batch.captured >= 0) & (batch.captured < batch.wire)
        if cut.any():
            self._longest = max(self._longest, int(batch.captured[cut].max()))
            self._cut += int(cut.sum())

    def found(self, index: FlowIndex, readable: Path, packets: int) -> tuple[Artefact, ...]:
        told = (one_direction(index), _dropped(losses_of(readable), packets), _gaps(index), _copies(index), self._cut_off(packets), _unread(index))
        return tuple(artefact for artefact in told if artefact)

    def _cut_off(self, packets: int) -> Artefact | None:
        if not self._cut:
            return None
        text = f"{self._cut} of {packets} packets were captured in part, at most {self._longest} bytes of each: what lay behind was not judged"
        return Artefact("cut", text, weakens=False)


def one_direction(index: FlowIndex) -> Artefact | None:
    """Whether only one direction of everything is there: at least one connection proves that its other end did speak."""
    halves: list[str] = []
    for flow in index.flows:
        if flow.protocol in TUNNELS or (not flow.one_way and flow.from_client.packets > 1):
            return None
        if flow.protocol == "tcp" and flow.packets >= SHORTEST and (half(flow, 0) or not flow.opened):
            halves.append(f"{flow.client} and {flow.server}")
    if not halves or index.unread > len(halves):
        return None
    others = f" and {len(halves) - 1} more" if len(halves) > 1 else ""
    text = (
        f"one direction only: of {len(halves)} connection{'s' if len(halves) > 1 else ''} ({halves[0]}{others}) this capture holds what one end "
        "sends, and nothing in it is answered; the mirror port or tap shows one direction, or address translation lies between the two"
    )
    return Artefact("one-direction", text, weakens=True)


def _dropped(losses: Losses | None, packets: int) -> Artefact | None:
    if losses is None or not losses.dropped:
        return None
    of = losses.received or packets + losses.dropped
    share = losses.dropped / max(1, of)
    text = (
        f"the capturing side dropped {losses.dropped} packets ({share:.2%} of {of}) by its own count: what is missing here may have been on the wire"
    )
    return Artefact("dropped", text, weakens=share >= DROPPED_SHARE)


def _gaps(index: FlowIndex) -> Artefact | None:
    sides = [side for flow in index.tcp() for side in (flow.from_client, flow.from_server) if side.unseen]
    count = sum(side.unseen for side in sides)
    if count < GAPS:
        return None
    where = "one connection" if len(sides) == 1 else f"{len(sides)} connections"
    text = f"data is missing in {count} places of {where} that the receiver acknowledged: the capture did not see all packets"
    return Artefact("gaps", text, weakens=True)


def _copies(index: FlowIndex) -> Artefact | None:
    count = sum(side.copies for flow in index.tcp() for side in (flow.from_client, flow.from_server))
    if count < COPIES:
        return None
    text = f"{count} segments were captured twice within milliseconds (a mirror port that shows a packet coming and going): no retransmissions"
    return Artefact("copies", text, weakens=False)


def _unread(index: FlowIndex) -> Artefact | None:
    if not index.unread:
        return None
    text = f"the headers of {index.unread} of {index.packets} packets cannot be followed: cut off, malformed, or of a link that is not known here"
    return Artefact("unread", text, weakens=False)


def weakening(artefacts: Sequence[Artefact]) -> str:
    """The texts of those that take packets away."""
    return "; ".join(artefact.text for artefact in artefacts if artefact.weakens)
