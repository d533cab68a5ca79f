"""Routes whose BGP next hop lies inside their own prefix, and what shows that it does harm.

Alone that is sound: a more specific route may lead to the next hop, or the prefix may be connected. It is the fault where the
route comes and goes by BGP, or the device says that the next hop cannot be resolved.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from tshoot.model.findings import Confidence, Finding, LineValue
from tshoot.model.routing import covers, in_own_prefix, recursion
from tshoot.transcripts.bgp.history import History
from tshoot.transcripts.judgement import finding, proof, whole
from tshoot.transcripts.reading import Read, Reads

CAUSE = "bgp.next-hop-in-own-prefix"
STEADY = 150  # seconds: two walks and a half of the BGP scanner


@dataclass(slots=True)
class Circle:
    """A prefix that `host` reaches by a next hop inside it. `neighbor` is empty where nothing names who announced it."""

    host: str
    prefix: str
    next_hop: str
    neighbor: str = ""
    shown: list[LineValue] = field(default_factory=list)
    unusable: list[LineValue] = field(default_factory=list)


def circles(reads: Reads) -> tuple[Circle, ...]:
    """Every such route that the text shows, by host and prefix; not those that the host has connected."""
    connected = {(read.piece.host, read.facts.get("prefix")) for read in reads.of("route") if read.facts.get("protocol") in ("connected", "local")}
    ways = [(read.piece.host, str(read.facts.get("prefix", ""))) for read in reads.of("route") if read.facts.get("found") is not False]
    found: dict[tuple[str, str], Circle] = {}
    for sight in (*_routes(reads), *_paths(reads), *_logged(reads)):
        host, prefix = sight.host, sight.prefix
        if not in_own_prefix(prefix, sight.next_hop) or (host, prefix) in connected:
            continue
        if any(where == host and _narrower(way, prefix) and covers(way, sight.next_hop) for where, way in ways):
            continue  # the text itself shows a more specific route to the next hop
        known = found.setdefault((host, prefix), Circle(host, prefix, sight.next_hop))
        known.neighbor = known.neighbor or sight.neighbor
        known.shown += sight.shown
        known.unusable += sight.unusable
    return tuple(found.values())


def _narrower(one: str, other: str) -> bool:
    lengths = [prefix.rpartition("/")[2] for prefix in (one, other)]
    return all(length.isdecimal() for length in lengths) and int(lengths[0]) > int(lengths[1])


def _routes(reads: Reads) -> Iterable[Circle]:
    for read in reads.of("route"):
        for at, entry in enumerate(read.facts.get("entries") or ()):
            if entry.get("protocol") == "bgp":
                unusable = proof(read, f"entries.{at}.active", "not usable") if entry.get("active") is False else ()
                shown = proof(read, f"entries.{at}.next_hop")
                yield Circle(read.piece.host, str(entry.get("prefix", "")), str(entry.get("next_hop", "")), "", [*shown], [*unusable])


def _paths(reads: Reads) -> Iterable[Circle]:
    for read in reads.of("bgp-route"):
        for at, path in enumerate(read.facts.get("paths") or ()):
            unusable = proof(read, f"paths.{at}.accessible", "inaccessible") if path.get("accessible") is False else ()
            prefix, shown = str(read.facts.get("prefix", "")), proof(read, f"paths.{at}.next_hop")
            yield Circle(read.piece.host, prefix, str(path.get("next_hop", "")), str(path.get("from", "")), [*shown], [*unusable])


def _logged(reads: Reads) -> Iterable[Circle]:
    for read in reads.logs:
        for at, own in enumerate(read.facts.get("self_covering") or ()):
            shown = proof(read, f"self_covering.{at}", own.get("next_hop", ""))
            yield Circle(read.piece.host, str(own.get("prefix", "")), str(own.get("next_hop", "")), "", [*shown])


def judged(reads: Reads, circle: Circle, told: Sequence[History]) -> Finding:
    """The finding of one circle: a fault with what shows the harm, else a warning."""
    own, others = _concerned(circle, told)
    histories = sorted((*own, *others), key=lambda history: (history.period is None, -history.changes))
    timed = next((history for history in histories if history.period is not None), None)
    between = next((history for history in histories if history.change_seconds is not None), timed)
    changes = max((history.changes for history in histories), default=0)
    evidence = [*circle.shown[:2], *circle.unusable[:2], *(value for history in histories[:2] for value in history.evidence()), *announced(reads)]
    facts: dict[str, str | int] = {"prefix": circle.prefix, "next_hop": circle.next_hop}
    facts |= {name: value for name, value in (("neighbor", circle.neighbor), ("receiver", circle.host)) if value}
    if changes:
        facts["changes"] = changes
    if timed and timed.period is not None:
        facts |= {"period_seconds": whole(timed.period), "spread_seconds": whole(timed.spread or 0)}
    if between and between.change_seconds is not None:
        facts["change_seconds"] = whole(between.change_seconds)
    words = [_opening(circle), *_harm(circle, histories), _times(timed, between), f"The recursion: {_drawn(circle, others)}."]
    explanation = " ".join(word for word in words if word)
    stood = max((history.steady_for for history in told if history.host == circle.host and circle.prefix in history.prefixes), default=0.0)
    if not histories and not circle.unusable and stood >= STEADY:
        explanation += f" It has stood for {stood:.0f} s, so something more specific leads to the next hop."
        return finding(CAUSE, explanation, evidence, facts, severity="note", confidence="low")
    if not histories and not circle.unusable:
        explanation += " Nothing here shows that it does harm: a more specific route may lead to the next hop."
        return finding(CAUSE, explanation, evidence, facts, severity="warning", confidence="low")
    confidence: Confidence = "high" if changes > 1 else "medium"
    return finding(CAUSE, explanation, evidence, facts, confidence=confidence)


def _concerned(circle: Circle, told: Sequence[History]) -> tuple[list[History], list[History]]:
    """Histories that alternate: of this very prefix, and of those that the same next hop leads to."""
    here = [history for history in told if history.alternates and history.host in {circle.host, ""}]
    own = [history for history in here if circle.prefix in history.prefixes or history.target == circle.prefix]
    others = [
        history
        for history in here
        if history not in own and any(covers(circle.prefix, poll.next_hop) for poll in history.polls if poll.protocol == "bgp")
    ]
    return own, others


def _opening(circle: Circle) -> str:
    where = f" on {circle.host}" if circle.host else ""
    announced = f", announced by {circle.neighbor}," if circle.neighbor and circle.neighbor != circle.next_hop else ""
    return f"The BGP route to {circle.prefix}{where}{announced} has the next hop {circle.next_hop}, which lies inside that very prefix."


def _harm(circle: Circle, histories: Sequence[History]) -> Iterable[str]:
    for history in histories[:1]:
        states = " and ".join("no path" if one == "lost" else "no route" if one == "none" else one.upper() for one in history.protocols)
        where = "in the log" if history.source == "log" else f"in {len(history.polls)} lookups"
        count = f"{history.changes} change{'s' if history.changes != 1 else ''} {where}"
        yield f"{history.target} changes between {states} ({count}): once BGP installs the route, its next hop resolves through itself."
    if circle.unusable and not histories:
        yield "The device marks it as not usable: its next hop would resolve through itself."


def _times(timed: History | None, between: History | None) -> str:
    if between is None or between.change_seconds is None:
        return ""
    text = f"It changes every {between.change_seconds:.0f} s on average"
    if between.changes == 1:
        text = f"The second state began {between.change_seconds:.0f} s after the first"
    if timed is not None and timed.period is not None:
        text += f"; the same state returns every {timed.period:.0f} s (spread {timed.spread or 0:.1f} s)"
    return f"{text}, by {between.how}."


def _drawn(circle: Circle, others: Sequence[History]) -> str:
    if others:
        return recursion(others[0].target, circle.next_hop, circle.prefix)
    return recursion(circle.prefix, circle.next_hop)


def announced(reads: Reads, host: str | None = None) -> Iterable[LineValue]:
    """The lines of a configuration (of `host`, or any) that redistribute connected routes without a filter."""
    for read in reads.of("routing-config"):
        if host is not None and read.piece.host != host:
            continue
        for at, redistribution in enumerate(read.facts.get("redistribute") or ()):
            if redistribution.get("protocol") == "connected" and (why := _unfiltered(read, str(redistribution.get("route_map") or ""))):
                yield from proof(read, f"redistribute.{at}", why)


def _unfiltered(read: Read, name: str) -> str:
    """Why a redistribution by the route-map `name` lets everything through; empty where it does not, or where that is not known."""
    if not name:
        return "connected, without a route-map"
    entries = [entry for entry in read.facts.get("route_maps") or () if entry.get("name") == name]
    first = min(entries, key=lambda entry: entry.get("sequence", 0), default=None)
    if first is not None and first.get("action") == "permit" and not first.get("matches"):
        return f"connected, by a route-map that permits everything ({name})"
    return ""
