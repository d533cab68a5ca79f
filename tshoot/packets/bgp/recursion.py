"""`bgp.next-hop-in-own-prefix`: a route that leads to its next hop through itself (RFC 4271 §9.1.2.1).

An UPDATE announces a prefix that holds its own next hop. A receiver that knows no better way installs it, resolves the
next hop through the route itself, drops it, falls back, installs it again. What decides is whether the receiver has
another way to the next hop, and of that a capture shows this much:

- a default route holds every next hop: never a finding;
- the receiver's own address lies in the prefix, or a link-local next hop stands beside (RFC 2545 §3: one common link), or
  the TTL of 1 shows neighbours whose session runs over the other family: the receiver is connected to the next hop's
  link, and connected routes win. Every eBGP link that is announced looks so: a note;
- TTL 1 otherwise, and an aggregate (ATOMIC_AGGREGATE, AGGREGATOR, or shorter than /16, IPv6 /48), for which more specific
  routes surely exist: a warning;
- all else is iBGP or multihop between routers that do not share the prefix: a fault, of high confidence where the receiver
  fell silent from then to the end of the session or the prefix was withdrawn and announced again. A warning where its KEEPALIVEs go
  on at once (`aftermath`): it has a better way, as with an IGP whose distance is below iBGP's;
- a host route to the next hop recurses only where it beats the IGP's route to the same address, which by its distance iBGP
  does not: a warning unless one of those two things is seen.

iBGP is told by the AS numbers in the OPENs, else by LOCAL_PREF, which is only sent within an AS.
"""

from __future__ import annotations

import socket
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from tshoot.model.findings import Confidence, FieldValue, Finding, Severity
from tshoot.packets.bgp.aftermath import Aftermath
from tshoot.packets.bgp.connections import Connection, Ended
from tshoot.packets.bgp.flaps import Flap
from tshoot.packets.bgp.messages import Message
from tshoot.packets.bgp.proof import TITLES
from tshoot.packets.bgp.updates import Route, Update
from tshoot.packets.proof import MOST, between, finding, frame_list, times

CAUSE = "bgp.next-hop-in-own-prefix"
_REMEMBERED = 500  # different recursions
TOLD = 40  # findings
_SHORT: Mapping[int, int] = {socket.AF_INET: 16, socket.AF_INET6: 48}


@dataclass(slots=True)
class Recursion:
    """One prefix, its next hop, and who announces it to whom."""

    route: Route
    sender: str
    receiver: str
    connection: Connection | None
    update: Update
    hops: int | None
    frames: list[int] = field(default_factory=list)
    streams: set[str] = field(default_factory=set)
    count: int = 0

    @property
    def pair(self) -> tuple[str, str]:
        return min(self.sender, self.receiver), max(self.sender, self.receiver)

    @property
    def internal(self) -> bool:
        told = self.connection.internal if self.connection else None
        return self.update.internal if told is None else told


class Recursions:
    """Is shown every UPDATE with its message; `found` at the end."""

    def __init__(self) -> None:
        self._found: dict[tuple[str, str, str, str], Recursion] = {}
        self.aftermath = Aftermath()

    def update(self, message: Message, update: Update, connection: Connection | None) -> None:
        for route in update.announced:
            if not route.prefix.length or not route.prefix.holds(route.next_hop):
                continue
            key = message.sender, message.receiver, route.prefix.text, route.next_hop
            recursion = self._found.get(key)
            if recursion is None:
                if len(self._found) >= _REMEMBERED:
                    continue
                recursion = Recursion(route, message.sender, message.receiver, connection, update, message.hops)
                self._found[key] = recursion
            recursion.count += 1
            if len(recursion.streams) < _REMEMBERED:
                recursion.streams.add(message.stream)
            self.aftermath.begins(message)
            if len(recursion.frames) < MOST and message.frame not in recursion.frames:
                recursion.frames.append(message.frame)

    def found(self) -> list[Recursion]:
        return list(self._found.values())


@dataclass(frozen=True, slots=True)
class Proof:
    """What else the capture shows: how often the prefix came `again`, which sessions `died` of it, by which frames the receiver `lives` on."""

    again: int
    died: Sequence[Ended]
    lives: Sequence[int]


@dataclass(frozen=True, slots=True)
class Judgement:
    severity: Severity
    confidence: Confidence
    reason: str  # a sentence
    harmed: bool = False  # the capture shows what it did


def judge(recursion: Recursion, proof: Proof) -> Judgement:
    prefix, receiver = recursion.route.prefix, recursion.receiver
    harmed = bool(proof.again or proof.died)
    if not prefix.host and (connected := _connected(recursion)):
        return connected
    if prefix.host and not harmed:
        return Judgement(
            "warning", "medium", f"It is a host route: it recurses only if {receiver} prefers it to the IGP's route to the same address."
        )
    if proof.lives and not harmed:
        goes_on = f"The KEEPALIVEs of {receiver} go on at once ({frame_list(proof.lives[:4])}): it seems to have a better way to the next hop."
        return Judgement("warning", "low", f"{goes_on} Make sure that it keeps it.")
    where = "within one AS, between routers that do not share that prefix" if recursion.internal else "over more than one hop"
    told = recursion.connection is not None and recursion.connection.internal is not None
    reason = f"That goes {where}: where the route wins, {receiver} resolves the next hop through the route itself and has to drop it."
    if proof.died:
        reason += f" And so it looks: {receiver} says nothing more until the session ends ({frame_list(ended.frame for ended in proof.died)})."
    return Judgement("fault", "high" if harmed or (told and recursion.internal) else "medium", reason, harmed)


def beside(judgement: Judgement) -> Judgement:
    """Where another recursion between the same two does the harm: what is of the same form, unproven, is a warning beside it."""
    if judgement.severity != "fault":
        return judgement
    return Judgement("warning", "low", "It has the same form as the other one between the two, which does the harm that is seen here.")


def _connected(recursion: Recursion) -> Judgement | None:
    """Where the receiver is, or may be, connected to the prefix, or surely knows more specific routes."""
    prefix, receiver = recursion.route.prefix, recursion.receiver
    if prefix.holds(receiver):
        return Judgement("note", "low", f"{receiver} has its own address in the prefix: it is connected, and connected routes win. That is healthy.")
    if recursion.update.link_local:
        return Judgement("note", "low", f"The link-local next hop beside it says that {receiver} shares that link: it is connected. That is healthy.")
    if recursion.hops == 1:
        if (":" in receiver) != (prefix.family == socket.AF_INET6):
            return Judgement("note", "low", f"The TTL of 1 says that {receiver} is on the same link, and so probably connected to the prefix.")
        return Judgement("warning", "low", f"The TTL of 1 says that {receiver} is a direct neighbour, but its own address is not in the prefix.")
    if recursion.update.aggregate or prefix.length < _SHORT[prefix.family]:
        return Judgement("warning", "low", "It is an aggregate: mostly a more specific route leads to the next hop; make sure that one does.")
    return None


def recursion_finding(recursion: Recursion, judgement: Judgement, flaps: Sequence[Flap]) -> Finding:
    """`flaps` are those that this recursion explains."""
    prefix, hop = recursion.route.prefix, recursion.route.next_hop
    decisive = [FieldValue(frame, recursion.route.field, hop) for frame in recursion.frames]
    shown = _SHOWN[prefix.family].format(prefix.text.partition("/")[0])
    text = f"{recursion.sender} announces {prefix.text} to {recursion.receiver} with a next hop inside it, {hop}, {times(recursion.count)} "
    text += f"({frame_list(recursion.frames)}): {prefix.text} -> {hop} -> {prefix.text}. {judgement.reason}"
    facts: dict[str, str | int | None] = {
        "prefix": prefix.text,
        "next_hop": hop,
        "neighbor": recursion.sender,
        "receiver": recursion.receiver,
        "session": "iBGP" if recursion.internal else "eBGP",
        "times": recursion.count,
    }
    context: list[FieldValue] = []
    if flaps:
        flap = flaps[0]
        text += f" {flap.sender} announces and withdraws {flap.shown} to {flap.receiver} every {flap.period:.0f} s: that follows from it."
        facts["period_seconds"] = round(flap.period)
        context = flap.evidence()
    return finding(
        CAUSE,
        TITLES[CAUSE],
        text,
        decisive,
        context,
        show=between(recursion.sender, recursion.receiver, shown),
        severity=judgement.severity,
        confidence=judgement.confidence,
        facts=facts,
    )


_SHOWN: Mapping[int, str] = {
    socket.AF_INET: "(bgp.nlri_prefix == {0} || bgp.mp_reach_nlri_ipv4_prefix == {0})",
    socket.AF_INET6: "bgp.mp_reach_nlri_ipv6_prefix == {0}",
}


def covers(bad: Sequence[Recursion], flap: Flap) -> Recursion | None:
    """The recursion whose prefix flaps, or holds a next hop of what flaps."""
    for recursion in bad:
        prefix = recursion.route.prefix
        if any(one.text == prefix.text for one in flap.prefixes) or any(prefix.holds(hop) for hop in flap.next_hops):
            return recursion
    return None
