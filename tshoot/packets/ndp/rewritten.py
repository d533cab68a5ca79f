"""`ndp.source-mac-rewritten`: the link-layer address option names another MAC than the Ethernet header of the very same frame.

Something on the way (a wireless station, whose three-address frames carry its own MAC only; a bridge with MAC translation)
replaces the source of what it forwards, and leaves the option alone: answers go to a MAC that nobody listens to.

Compared is only an option with the Ethernet header that directly carries it: never in cooked captures, never across a
tunnel. Three frames of one pair of MACs are a fault, two with medium confidence; a frame captured twice within 10 ms counts once.
Healthy look-alikes: virtual router and cluster MACs (no finding). A router's own RA or NA (redundant gateways use both
their MACs), a MAC that in this capture also sends by itself (a bond, a proxy that speaks for it), and a single frame: a warning.
A proxy that answers with its own MAC in both places has no mismatch at all.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from tshoot.model.findings import Confidence, FieldValue, Finding, Severity
from tshoot.packets.link_layer import unicast
from tshoot.packets.ndp.messages import NA, NS, RA, Nd
from tshoot.packets.ndp.proof import TITLES
from tshoot.packets.proof import MOST, finding, frame_list, times
from tshoot.packets.virtual_macs import is_virtual

CAUSE = "ndp.source-mac-rewritten"
REPEATED = 3
_TWICE = 0.01  # seconds
_REMEMBERED = 2_000
_TOLD = 40
_NAMES = {NS: "neighbour solicitations", NA: "neighbour advertisements", RA: "router advertisements"}


@dataclass(slots=True)
class _Pair:
    """One claimed MAC under one seen MAC."""

    addresses: list[str] = field(default_factory=list)
    evidence: list[FieldValue] = field(default_factory=list)
    kinds: dict[int, int] = field(default_factory=dict)
    count: int = 0
    hosts: int = 0  # of the messages that no router sends
    last: tuple[float, int, str] = (float("-inf"), 0, "")


class Rewritten:
    """Is shown every message; `findings` at the end."""

    def __init__(self) -> None:
        self._pairs: dict[tuple[str, str, str], _Pair] = {}
        self._senders: set[tuple[str, str]] = set()
        self.compared = 0

    def message(self, nd: Nd) -> bool:
        """Take note; whether the message shows a mismatch."""
        if not nd.direct or not nd.claimed or not unicast(nd.mac) or not unicast(nd.claimed):
            return False
        self.compared += 1
        if nd.claimed == nd.mac:
            if len(self._senders) < _REMEMBERED * 10:
                self._senders.add((nd.link, nd.mac))
            return False
        key = nd.link, nd.claimed, nd.mac
        if is_virtual(nd.claimed) or is_virtual(nd.mac) or (key not in self._pairs and len(self._pairs) >= _REMEMBERED):
            return False
        self._note(self._pairs.setdefault(key, _Pair()), nd)
        return True

    @staticmethod
    def _note(pair: _Pair, nd: Nd) -> None:
        last, pair.last = pair.last, (nd.time, nd.kind, nd.target)
        if nd.time - last[0] < _TWICE and last[1:] == (nd.kind, nd.target):
            return
        pair.count += 1
        pair.kinds[nd.kind] = pair.kinds.get(nd.kind, 0) + 1
        pair.hosts += not (nd.kind == RA or nd.router)
        if nd.address not in pair.addresses and len(pair.addresses) < MOST:
            pair.addresses.append(nd.address)
        if len(pair.evidence) < 2 * MOST:
            option = "icmpv6.opt.target_linkaddr" if nd.kind == NA else "icmpv6.opt.src_linkaddr"
            pair.evidence += [FieldValue(nd.frame, option, nd.claimed), FieldValue(nd.frame, "eth.src", nd.mac)]

    def findings(self) -> Iterator[Finding]:
        by_count = sorted(self._pairs.items(), key=lambda item: -item[1].count)
        for (link, claimed, seen), pair in by_count[:_TOLD]:
            yield _finding(claimed, seen, pair, itself=(link, claimed) in self._senders)


def _judged(pair: _Pair, itself: bool) -> tuple[Severity, Confidence, str]:
    if itself:
        return "warning", "low", "In the same capture that MAC also sends by itself: a bond, a proxy or a cluster looks like this too."
    if pair.hosts < 2:
        if pair.count > 1:
            return "warning", "low", "All of them are a router's own: redundant gateways that use two MACs look like this too."
        return "warning", "low", "It is a single frame."
    return "fault", "high" if pair.hosts >= REPEATED else "medium", ""


def _finding(claimed: str, seen: str, pair: _Pair, *, itself: bool) -> Finding:
    severity, confidence, remark = _judged(pair, itself)
    what = " and ".join(f"{count} {_NAMES.get(kind, 'router solicitations')}" for kind, count in sorted(pair.kinds.items(), reverse=True))
    frames = sorted({item.frame for item in pair.evidence})
    others = f" and {len(pair.addresses) - 1} more" if len(pair.addresses) > 1 else ""
    text = (
        f"{what} of {pair.addresses[0]}{others} say that its MAC is {claimed}, but the frames come from {seen} "
        f"({times(pair.count)}: {frame_list(frames)}). "
        f"Something replaces the source MAC of what it forwards; whoever answers sends to {claimed}, which {seen} may not pass on."
    )
    show = f"icmpv6.opt.linkaddr == {claimed} && eth.src == {seen}"
    return finding(
        CAUSE,
        TITLES[CAUSE],
        f"{text} {remark}".rstrip(),
        pair.evidence,
        show=show,
        severity=severity,
        confidence=confidence,
        facts={"claimed_mac": claimed, "seen_mac": seen, "address": pair.addresses[0], "addresses": len(pair.addresses), "frames": pair.count},
    )
