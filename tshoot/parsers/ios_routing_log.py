"""`show logging` and debug text of Cisco IOS, IOS XE, NX-OS and Arista EOS: what it says about BGP.

    *Mar  1 00:01:02.345: BGP(1): nettable_walker 2001:DB9:121:1::/64 no best path
    *Mar  1 00:01:02.345: BGP(1): no valid path for 2001:DB9:121:1::/64
    *Mar  1 00:02:02.345: BGP(1): Revise route installing 2001:DB9:121:1::/64 -> 2001:DB9:121:100::1 (::) to main IPv6 table
    *Mar  1 00:02:10.000: %BGP-5-ADJCHANGE: neighbor 2001:DB9:121:100::1 Down BGP Notification sent
    *Mar  1 00:02:10.000: %BGP-3-NOTIFICATION: sent to neighbor 2001:DB9:121:100::1 4/0 (hold time expired) 0 bytes

With any `service timestamps`, or none. Every other line stays unread. The lists are known, and may be empty, where the text has a line
of a log at all, or is what an `include` left of one.
"""

from __future__ import annotations

import re

from tshoot.model.facts import CommandText, Parsed
from tshoot.parsers._declared import declared
from tshoot.parsers._log_clock import LogClock
from tshoot.parsers._reading import Line, Reading
from tshoot.parsers._routing_log import RoutingLog
from tshoot.parsers._shapes import ROUTING_LOG
from tshoot.parsers._values import canonical_address, canonical_prefix

FACTS = declared(ROUTING_LOG)

_IP = r"[0-9A-Fa-f:.]{2,45}(?:%[\w./-]{1,32})?"
_NET = r"[0-9A-Fa-f:.]{2,45}(?:/[0-9]{1,3}| 255\.[0-9.]{5,11})?"
_BGP = r"BGP(?:\([0-9]{1,2}\))?: "
_INSTALL = re.compile(
    rf"{_BGP}(?:\([\w-]{{1,32}}\):? ?)?Revise route installing (?:[0-9]{{1,3}} of [0-9]{{1,3}} routes? for )?"
    rf"(?P<prefix>{_NET}) -> (?P<hop>{_IP}) ?\(.{{0,120}}",
    re.IGNORECASE,
)
_LOSSES = tuple(
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        rf"{_BGP}nettable_walker (?P<prefix>{_NET}) (?P<reason>no best path).{{0,80}}",
        rf"{_BGP}(?P<reason>no valid path) for (?P<prefix>{_NET}).{{0,80}}",
        rf"BGP(?:\([0-9]{{1,2}}\))?: .{{0,80}}\b(?P<reason>Remove_fwdroute) for (?P<prefix>{_NET}).{{0,80}}",
        rf"{_BGP}(?:\([\w-]{{1,32}}\) ?)?{_IP} rcv(?:d)? UPDATE about (?P<prefix>{_NET}) -- (?P<reason>withdrawn|unreachable).{{0,80}}",
    )
)
_CHANGE = re.compile(
    rf"%BGP-[0-9]-ADJCHANGE: .{{0,60}}?neighbor (?P<neighbor>{_IP})(?: \(VRF .{{1,60}}?\))?(?: vpn vrf [\w.-]{{1,64}})?(?: (?:active|passive))?"
    r" (?P<state>Up|Down)\b[ -]{0,3}(?P<reason>.{0,160})",
    re.IGNORECASE,
)
_EOS_CHANGE = re.compile(
    rf"%BGP-[0-9]-ADJCHANGE: peer (?P<neighbor>{_IP}) \(.{{1,80}}?\) old state (?P<old>\w{{1,16}})"
    rf" event (?P<reason>\w{{1,40}}) new state (?P<new>\w{{1,16}})",
    re.IGNORECASE,
)
_NOTIFICATION = re.compile(
    rf"%BGP-[0-9]-NOTIFICATION: (?P<way>sent to|received from) neighbor (?P<neighbor>{_IP})(?: \(VRF .{{1,60}}?\))?(?: (?:active|passive))?"
    r" (?P<code>[0-9]{1,3})/(?P<subcode>[0-9]{1,3}) \((?P<text>.{0,100}?)\)(?: [0-9]{1,5} bytes.{0,200})?",
    re.IGNORECASE,
)
_FOLLOWS = re.compile(r"%BGP(?:_SESSION)?-[0-9]-(?:NBR_RESET|ADJCHANGE): .{1,200}", re.IGNORECASE)  # says once more what a line before said
_START = re.compile(r"%[A-Z][A-Z0-9_]{0,30}-[0-7]-|\bBGP(?:\([0-9]{1,2}\))?: ")
_BUFFER = re.compile(r"Syslog logging: (?:enabled|disabled)|Log Buffer \([0-9]{1,10} bytes\)", re.IGNORECASE)


def parse(text: CommandText) -> Parsed:
    reading = Reading("ios_routing_log", text)
    log, clock, is_log = RoutingLog(), LogClock(), False
    for line in (line for line in reading.lines if line.stream == "stdout"):
        words = line.text.rstrip()
        start = _START.search(words[:240])
        if start is None:
            is_log = is_log or clock.at(words) is not None or _BUFFER.match(words) is not None
            continue
        is_log = True
        if _take(log, line, words[start.start() :], clock.at(words[: start.start()])):
            reading.skip(line)
    if is_log or (not text.stdout.strip() and re.search(r"\| *inc", text.command[:400])):
        log.put(reading)
    return reading.parsed()


def _take(log: RoutingLog, line: Line, message: str, at: float | None) -> bool:
    """Read one message; False where it says nothing that is asked for, or is torn."""
    found = next((one for pattern in (_INSTALL, *_LOSSES) if (one := pattern.match(message))), None)
    if found:
        return _take_route(log, line, found, at)
    found = next((one for pattern in (_NOTIFICATION, _CHANGE, _EOS_CHANGE) if (one := pattern.match(message))), None)
    if found:
        neighbor = canonical_address(found["neighbor"])
        if neighbor:
            _take_session(log, line, found, at, neighbor)
        return neighbor is not None
    return _FOLLOWS.match(message) is not None


def _take_route(log: RoutingLog, line: Line, found: re.Match[str], at: float | None) -> bool:
    prefix, hop = _prefix(found["prefix"]), found.groupdict().get("hop")
    next_hop = canonical_address(hop) if hop else None
    if prefix is None or (hop and next_hop is None):
        return False
    if next_hop:
        log.install(line, at, prefix, next_hop)
    else:
        log.loss(line, at, prefix, found["reason"])
    return True


def _take_session(log: RoutingLog, line: Line, found: re.Match[str], at: float | None, neighbor: str) -> None:
    said = found.groupdict()
    if "way" in said:
        direction = "sent" if said["way"].lower().startswith("sent") else "received"
        log.notification(line, at, neighbor, direction, (int(said["code"]), int(said["subcode"])), said["text"])
    elif "state" in said:
        log.session(line, at, neighbor, said["state"].lower() == "up", said["reason"].strip())
    elif "established" in (said["new"].lower(), said["old"].lower()):  # EOS tells every step of the state machine
        log.session(line, at, neighbor, said["new"].lower() == "established", said["reason"])


def _prefix(words: str) -> str | None:
    """`2001:DB9::/64`, `10.0.0.0/24`, or `10.0.0.0 255.255.255.0`; None where there is no length."""
    word, _, mask = words.partition(" ")
    return canonical_prefix(word, mask) if mask or "/" in word else None
