"""BGP: routes in a circle, routes that come and go, next hops that lead nowhere, sessions that fall.

Its parts stand in `transcripts/bgp/`. A single lookup proves no steady route: the route's age, or lookups over
more than two walks of the BGP scanner (60 s each), do.
"""

from __future__ import annotations

import ipaddress
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from tshoot.model.findings import Finding, LineValue
from tshoot.model.routing import covers
from tshoot.transcripts.bgp.circles import CAUSE, STEADY, circles, judged
from tshoot.transcripts.bgp.history import History, histories
from tshoot.transcripts.bgp.indirect import circle_behind
from tshoot.transcripts.bgp.sessions import down_without_reason, session_findings, young
from tshoot.transcripts.judgement import Judgement, finding, proof, whole
from tshoot.transcripts.reading import Read, Reads

_MOST_NAMED = 3  # in one sentence
_STEADY_PERIOD = 0.25  # of the period: a wider spread is no period


class _Bgp:
    family = "bgp"
    causes: Mapping[str, str] = {
        CAUSE: "a BGP route's next hop inside its own prefix, and the route comes and goes or is marked unusable; alone: a warning",
        "bgp.periodic-flap": "one prefix changes between BGP and another source with a steady period of at least two full cycles; else a warning",
        "bgp.next-hop-unreachable": "(inaccessible) with no usable path, or the next hop's own lookup finds no route",
        "bgp.session-reset": "NOTIFICATION, or a neighbour that goes down; up again after one loss: a warning; on purpose: a note",
        "bgp.open-rejected": "NOTIFICATION 2/x; a session that came up later: a warning",
    }
    seen: Mapping[str, str] = {
        "bgp.route-lookups": "answers to lookups of BGP routes",
        "bgp.table-paths": "paths in the BGP table",
        "bgp.neighbors": "BGP neighbours in tables",
        "bgp.session-events": "session events in logs",
    }
    explains: Mapping[str, Sequence[str]] = {
        CAUSE: ("bgp.periodic-flap", "bgp.next-hop-unreachable", "bgp.session-reset"),
        "bgp.next-hop-unreachable": ("bgp.periodic-flap",),
        "bgp.open-rejected": ("bgp.session-reset",),
        "bgp.session-reset": ("bgp.periodic-flap",),
    }

    def judge(self, reads: Reads) -> Judgement:
        told = histories(reads)
        circular = _once([judged(reads, circle, told) for circle in circles(reads)])
        # a prefix with the same next hop that only comes and goes with the circle is no fault of its own
        named = [(str(one.facts["prefix"]), one.facts.get("receiver", "")) for one in circular if one.severity == "fault"]
        flaps: list[Finding] = []
        for history in told:
            if history.alternates and not _explained(history, named):
                behind = circle_behind(reads, history)
                flaps += [behind] if behind else _flap(history)
        unreachable = [one for one in _unreachable(reads) if not any(covers(prefix, str(one.facts["next_hop"])) for prefix, _ in named)]
        findings = (*circular, *flaps, *unreachable, *session_findings(reads))
        return Judgement(findings, dict(_counts(reads, told)), tuple(_missing(reads, told, findings)))


def _once(found: Sequence[Finding]) -> list[Finding]:
    """Without what is told of no host (a part of the text without its prompt) and again of a host."""
    told = {one.facts["prefix"] for one in found if "receiver" in one.facts}
    return [one for one in found if "receiver" in one.facts or one.facts["prefix"] not in told]


def _explained(history: History, named: Sequence[tuple[str, object]]) -> bool:
    hops = {poll.next_hop for poll in history.polls if poll.protocol == "bgp"}
    return any(prefix in history.prefixes or any(covers(prefix, hop) for hop in hops) for prefix, _ in named)


def _flap(history: History) -> Iterable[Finding]:
    """A route that comes and goes by BGP: a fault where its period is steady, else a warning."""
    bgp = next(poll for poll in history.polls if poll.protocol == "bgp")
    where = f" on {history.host}" if history.host else ""
    states = " and ".join("no path" if one == "lost" else "no route" if one == "none" else one for one in history.protocols)
    text = f"The route to {history.target}{where} changes between {states}: {history.changes} change{'s' if history.changes != 1 else ''}"
    facts: dict[str, str | int] = {
        "prefix": bgp.prefix or history.target,
        "changes": history.changes,
        **({"receiver": history.host} if history.host else {}),
    }
    facts |= {"next_hop": bgp.next_hop} if bgp.next_hop else {}
    facts |= {"change_seconds": whole(history.change_seconds)} if history.change_seconds is not None else {}
    if history.period is not None and history.spread is not None and history.spread <= history.period * _STEADY_PERIOD:
        facts |= {"period_seconds": whole(history.period), "spread_seconds": whole(history.spread)}
        text += f"; the same state returns every {history.period:.0f} s (spread {history.spread:.1f} s), by {history.how}."
        yield finding("bgp.periodic-flap", text, history.evidence(), facts, confidence="high" if history.changes > 5 else "medium")
    elif history.changes > 1:
        text += ". No steady period of two full cycles can be told from it."
        yield finding("bgp.periodic-flap", text, history.evidence(), facts, severity="warning", confidence="low")


def _unreachable(reads: Reads) -> Iterable[Finding]:
    """Next hops that the BGP table marks, or that a lookup on the same host does not find."""
    absent = {
        (read.piece.host, _canonical(word)): read for read in reads.of("route") if read.facts.get("found") is False for word in read.command.split()
    }
    done: set[tuple[str, str]] = set()
    for read in reads.of("bgp-route"):
        paths = read.facts.get("paths") or ()
        for at, path in enumerate(paths):
            hop, key = str(path.get("next_hop", "")), (read.piece.host, str(path.get("next_hop", "")))
            lookup = absent.get(key)
            if key in done or (path.get("accessible") is not False and lookup is None):
                continue
            done.add(key)
            yield _no_way(read, at, hop, lookup, any(other.get("best") for other in paths))


def _canonical(word: str) -> str:
    try:
        return str(ipaddress.ip_address(word))
    except ValueError:
        return word


def _no_way(read: Read, at: int, hop: str, lookup: Read | None, another: bool) -> Finding:
    evidence: list[LineValue] = [*proof(read, f"paths.{at}.accessible", "inaccessible"), *proof(read, f"paths.{at}.next_hop")]
    evidence += proof(lookup, "found", "no route") if lookup else ()
    prefix, where = str(read.facts.get("prefix", "")), f" on {read.piece.host}" if read.piece.host else ""
    text = f"The BGP route to {prefix}{where} cannot be used: its next hop {hop} " + ("has no route" if lookup else "is marked inaccessible")
    text += ". Another path is used instead." if another else ", and no other path is chosen."
    facts: dict[str, str | int] = {"prefix": prefix, "next_hop": hop, "neighbor": str(read.facts.get("from", ""))}
    facts |= {"receiver": read.piece.host} if read.piece.host else {}
    return finding("bgp.next-hop-unreachable", text, evidence, facts, severity="warning" if another else "fault")


def _counts(reads: Reads, told: Sequence[History]) -> Mapping[str, int]:
    counts: Counter[str] = Counter()
    counts["bgp.route-lookups"] = sum(len(history.polls) for history in told if "bgp" in history.protocols and history.source == "lookups")
    counts["bgp.table-paths"] = sum(len(read.facts.get("paths") or ()) for read in reads.of("bgp-route"))
    tables = (*reads.of("bgp-summary"), *reads.of("bgp-neighbors"))
    counts["bgp.neighbors"] = len({(read.piece.host, address) for read in tables for address in read.facts.get("neighbors") or ()})
    counts["bgp.session-events"] = sum(len(read.facts.get(name) or ()) for read in reads.logs for name in ("sessions", "notifications"))
    return {name: count for name, count in counts.items() if count}


def _missing(reads: Reads, told: Sequence[History], findings: Sequence[Finding]) -> Iterable[str]:
    if any(one.severity == "fault" for one in findings):
        return
    open_ = [history for history in told if "bgp" in history.protocols]
    for history in [history for history in open_ if history.alternates][:_MOST_NAMED]:
        if history.source == "log":
            yield f"a longer log of {history.target}, or lookups of it every 5 s over five minutes: BGP lost it and installed it"
        else:
            yield f"lookups of {history.target} every 5 s, with their times, over five minutes: it changes, but with no period that can be told yet"
    young_routes = [one.target for one in open_ if not one.alternates and one.source == "lookups" and one.steady_for < STEADY]
    if young_routes:
        named = ", ".join(young_routes[:_MOST_NAMED]) + (f" and {len(young_routes) - _MOST_NAMED} more" if len(young_routes) > _MOST_NAMED else "")
        yield f"whether the route to {named} stays: look it up every 5 s for {STEADY} s, or paste an answer with an age above that"
    for one in findings:
        if one.cause == CAUSE and one.severity == "warning":
            yield f"how {one.facts['next_hop']} is resolved: `show ipv6 route {one.facts['next_hop']}` repeated every 5 s for {STEADY} s"
    for address, age in young(reads):
        yield f"whether the session with {address} stays up: it is up for only {age:.0f} s"
    for address, state in down_without_reason(reads):
        yield f"why the session with {address} is {state}: the log of its NOTIFICATIONs, or `show bgp ipv6 unicast neighbors {address}`"


JUDGE = _Bgp()
