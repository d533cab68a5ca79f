"""The same circle, where the text does not show the prefix that holds the next hop, only another one that comes and goes with it.

Two proofs are taken. The configuration of the router that has the next hop: connected routes redistributed without a filter, which
announces the next hop's prefix too. Or the walker's own words: `nettable_walker … no best path` and the install again, walk after walk
(every 60 s). A route that its neighbour withdraws is another story: it says so, or it is only seen in lookups.
"""

from __future__ import annotations

import ipaddress
import re
from itertools import pairwise

from tshoot.model.findings import Confidence, Finding, LineValue
from tshoot.model.routing import recursion
from tshoot.transcripts.bgp.circles import CAUSE, announced
from tshoot.transcripts.bgp.history import History
from tshoot.transcripts.judgement import cited, finding, whole
from tshoot.transcripts.reading import Reads

WALK, _TOLERANCE = 60.0, 6.0  # seconds; bgp scan-time, and what an IGP and a busy CPU add
_WALKERS = re.compile(r"no (?:best|valid) ?path", re.IGNORECASE)
_ADDRESS = re.compile(r"\s{0,8}ipv6 address ([0-9A-Fa-f:]{2,45}/[0-9]{1,3})|\s{0,8}ip address ([0-9.]{7,15}) (255\.[0-9.]{5,11})")


def circle_behind(reads: Reads, history: History) -> Finding | None:
    """The finding where this route's coming and going is that of its next hop; None where nothing proves it."""
    bgp = next((poll for poll in history.polls if poll.protocol == "bgp" and poll.next_hop), None)
    if bgp is None or not history.alternates or not _is_global(bgp.next_hop):
        return None
    through, configured = _announcer(reads, bgp.next_hop)
    walked = _by_the_walker(history)
    if not configured and not walked:
        return None
    words = [_opening(history, bgp.next_hop)]
    if configured:
        words.append(f"The router that has this address redistributes connected routes into BGP without a filter, and so announces {through} too.")
    if walked:
        words.append("The BGP walker loses the path and finds it again, walk after walk, while nobody withdraws it: its next hop comes and goes.")
    if history.change_seconds is not None:
        words.append(f"It changes every {history.change_seconds:.0f} s on average, by {history.how}.")
    holder = through or f"the prefix of {bgp.next_hop}"
    words.append(f"The recursion: {recursion(history.target, bgp.next_hop, holder)}.")
    facts: dict[str, str | int] = {"prefix": holder, "next_hop": bgp.next_hop, "flapping": bgp.prefix or history.target, "changes": history.changes}
    facts |= {"receiver": history.host} if history.host else {}
    facts |= {"change_seconds": whole(history.change_seconds)} if history.change_seconds is not None else {}
    if history.period is not None:
        facts |= {"period_seconds": whole(history.period), "spread_seconds": whole(history.spread or 0)}
    confidence: Confidence = "high" if through and history.changes > 1 else "medium"
    return finding(CAUSE, " ".join(words), [*history.evidence(), *configured], facts, confidence=confidence)


def _opening(history: History, next_hop: str) -> str:
    where = f" on {history.host}" if history.host else ""
    count = f"{history.changes} change{'s' if history.changes != 1 else ''}"
    return f"The BGP route to {history.target}{where} by the next hop {next_hop} comes and goes ({count})."


def _by_the_walker(history: History) -> bool:
    """Losses in the walker's words alone, at its pace, over at least two whole turns."""
    if history.source != "log" or history.changes < 3 or len(history.began) < 4:
        return False
    losses = [value for poll in history.polls if poll.protocol == "lost" for value in poll.evidence]
    steps = [later[0] - earlier[0] for earlier, later in pairwise(history.began)]
    turns = [later[0] - earlier[0] for earlier, later in zip(history.began, history.began[2:], strict=False)]
    paced = any(all(abs(step - WALK) <= _TOLERANCE for step in one) for one in (steps, turns))
    return paced and all(_WALKERS.search(value.text) for value in losses)


def _announcer(reads: Reads, next_hop: str) -> tuple[str, tuple[LineValue, ...]]:
    """The connected prefix of `next_hop` where one host's configuration both has that address and redistributes without a filter."""
    for read in reads.answers:
        for line in read.piece.lines:
            held = _held(line.text, next_hop) if "address" in line.text else None
            redistributed = tuple(announced(reads, read.piece.host)) if held else ()
            if held and redistributed:
                return str(held.network), (cited(line, "address", held.with_prefixlen), *redistributed)
    return "", ()


def _held(text: str, next_hop: str) -> ipaddress.IPv4Interface | ipaddress.IPv6Interface | None:
    found = _ADDRESS.match(text)
    try:
        interface = ipaddress.ip_interface(found[1] or f"{found[2]}/{found[3]}") if found else None
    except ValueError:
        return None
    return interface if interface is not None and str(interface.ip) == next_hop else None


def _is_global(next_hop: str) -> bool:
    try:
        return not ipaddress.ip_address(next_hop).is_link_local
    except ValueError:
        return False
