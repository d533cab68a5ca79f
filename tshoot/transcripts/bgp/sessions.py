"""Sessions: neighbours that went down, NOTIFICATIONs, and OPENs that were rejected, from logs and tables.

A session that an operator reset, or that came up again after a single loss, is no fault: it is told as a note or a warning.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from tshoot.model.findings import Confidence, Finding, LineValue, Severity
from tshoot.transcripts.judgement import finding, proof
from tshoot.transcripts.reading import Reads

STEADY = 180  # seconds: the usual hold time
# RFC 4271 section 4.5, RFC 4486
CODES = {1: "message header error", 2: "OPEN message error", 3: "UPDATE message error", 4: "hold timer expired", 5: "state machine error", 6: "cease"}
OPEN_ERRORS = {
    1: "unsupported version",
    2: "bad peer AS",
    3: "bad BGP identifier",
    4: "unsupported parameter",
    6: "unacceptable hold time",
    7: "unsupported capability",
}
_ON_PURPOSE = re.compile(r"admin|user reset|peer deleted|shutdown|deconfig|config(?:uration)? change|reset by (?:user|peer)|operator", re.IGNORECASE)


_Notified = tuple[int, int, str, tuple[LineValue, ...]]  # code, subcode, sent or received, its lines


@dataclass(slots=True)
class _Neighbor:
    host: str
    address: str
    downs: list[tuple[LineValue, ...]] = field(default_factory=list)
    reasons: list[str] = field(default_factory=list)
    notified: list[_Notified] = field(default_factory=list)
    up_after: int = 0  # line of the last time that it came up
    established: bool | None = None  # as a table says
    table: list[LineValue] = field(default_factory=list)

    @property
    def recovered(self) -> bool:
        last = max((value.line for values in (*self.downs, *(entry[3] for entry in self.notified)) for value in values), default=0)
        return self.established is True or self.up_after > last


def session_findings(reads: Reads) -> Iterable[Finding]:
    """What the text says of each neighbour's session, where that is more than that it is up."""
    for neighbor in _neighbors(reads).values():
        yield from _judged(neighbor)


def down_without_reason(reads: Reads) -> Iterable[tuple[str, str]]:
    """Address and state of each neighbour that a table shows down, though nobody shut it."""
    for shape in ("bgp-summary", "bgp-neighbors"):
        for read in reads.of(shape):
            for address, facts in (read.facts.get("by_neighbor") or {}).items():
                if facts.get("established") is False and facts.get("state") != "shut":
                    yield address, str(facts.get("state") or "not up")


def young(reads: Reads) -> Iterable[tuple[str, float]]:
    """Address and age in seconds of each session that a table shows up, but not for long."""
    for shape in ("bgp-summary", "bgp-neighbors"):
        for read in reads.of(shape):
            for address, facts in (read.facts.get("by_neighbor") or {}).items():
                age = facts.get("uptime_seconds")
                if facts.get("established") is True and isinstance(age, int | float) and age < STEADY:
                    yield address, age


def _neighbors(reads: Reads) -> Mapping[tuple[str, str], _Neighbor]:
    found: dict[tuple[str, str], _Neighbor] = {}

    def at(host: str, address: str) -> _Neighbor:
        return found.setdefault((host, address), _Neighbor(host, address))

    for read in reads.logs:
        for index, session in enumerate(read.facts.get("sessions") or ()):
            one = at(read.piece.host, str(session.get("neighbor", "")))
            lines = proof(read, f"sessions.{index}", session.get("state", ""))
            if session.get("state") == "up" and lines:
                one.up_after = lines[-1].line
            elif lines:
                one.downs.append(lines)
                one.reasons.append(str(session.get("reason", "")))
        for index, sent in enumerate(read.facts.get("notifications") or ()):
            if isinstance(sent.get("code"), int):
                shown = f"{sent['code']}/{sent.get('subcode', 0)}"
                entry = (sent["code"], int(sent.get("subcode") or 0), str(sent.get("direction", "")), proof(read, f"notifications.{index}", shown))
                at(read.piece.host, str(sent.get("neighbor", ""))).notified.append(entry)
    for shape in ("bgp-summary", "bgp-neighbors"):
        for read in reads.of(shape):
            for address, facts in (read.facts.get("by_neighbor") or {}).items():
                one = at(read.piece.host, address)
                one.established = bool(facts.get("established"))
                one.table = [*proof(read, f"by_neighbor.{address}.state", facts.get("state", ""))]
                code = facts.get("notification_code")
                if isinstance(code, int) and not one.established:
                    direction, _, pair = str(facts.get("notification", "")).partition(" ")
                    subcode = int(pair.partition("/")[2]) if pair.partition("/")[2].isdecimal() else 0
                    one.notified.append((code, subcode, direction, proof(read, f"by_neighbor.{address}.notification", f"{code}/{subcode}")))
    return found


def _judged(one: _Neighbor) -> Iterable[Finding]:
    rejected = [entry for entry in one.notified if entry[0] == 2]
    resets = [entry for entry in one.notified if entry[0] != 2]
    if rejected:
        yield _rejected(one, rejected)
    if resets or (one.downs and not rejected):
        yield _reset(one, resets)


def _rejected(one: _Neighbor, entries: Sequence[_Notified]) -> Finding:
    _, subcode, direction, _ = entries[-1]
    why = OPEN_ERRORS.get(subcode, f"subcode {subcode}")
    told = f"NOTIFICATION 2/{subcode}, {why}{f', {direction}' if direction else ''}"
    text = f"The OPEN of the session with {one.address}{_where(one)} was rejected: {told}."
    severity: Severity = "warning" if one.recovered else "fault"
    evidence = [*(value for entry in entries for value in entry[3]), *one.table]
    facts = {**_sides(one, direction), "code": 2, "subcode": subcode, "reason": why, "times": len(entries)}
    return finding("bgp.open-rejected", text, evidence, facts, severity=severity)


def _reset(one: _Neighbor, entries: Sequence[_Notified]) -> Finding:
    times = max(len(one.downs), len(entries), 1)
    reason, direction, codes = next((why for why in reversed(one.reasons) if why), ""), "", {}
    if entries:
        code, subcode, direction, _ = next((entry for entry in reversed(entries) if entry[0] != 6), entries[-1])  # a cease tells least
        codes = {"code": code, "subcode": subcode}
        reason = f"NOTIFICATION {code}/{subcode}, {CODES.get(code, 'unknown code')}{f', {direction}' if direction else ''}"
    on_purpose = any(_ON_PURPOSE.search(why) for why in one.reasons) or (bool(entries) and all(entry[0] == 6 for entry in entries))
    severity: Severity = "note" if on_purpose else "warning" if one.recovered and times < 2 else "fault"
    again = ", and is up again" if one.recovered else ", and nothing here shows it up again"
    count = f"{times} times" if times > 1 else "once"
    text = f"The session with {one.address}{_where(one)} went down {count}{again}{f': {reason}' if reason else ''}."
    evidence = [value for values in (*one.downs, *(entry[3] for entry in entries)) for value in values]
    facts = {**_sides(one, direction), **codes, "reason": reason or "no reason is told", "times": times}
    confidence: Confidence = "high" if entries else "medium"
    return finding("bgp.session-reset", text, [*evidence, *one.table], facts, severity=severity, confidence=confidence)


def _where(one: _Neighbor) -> str:
    return f" on {one.host}" if one.host else ""


def _sides(one: _Neighbor, direction: str) -> dict[str, str | int]:
    """As in captures: `neighbor` is who ended the session (where it is told), `receiver` the other side."""
    here = one.host or "the router of this log"
    return {"neighbor": here, "receiver": one.address} if direction == "sent" else {"neighbor": one.address, "receiver": here}
