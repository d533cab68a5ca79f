"""The log file of FRR, or what syslog has of its bgpd: sessions and NOTIFICATIONs, and routes where `debug bgp zebra` is on.

    2026/11/21 07:08:07.312 BGP: [HZN6M-XRM1G] %NOTIFICATION: sent to neighbor 2001:db9:121:100::1 4/0 (Hold Timer Expired) 0 bytes
    2026/11/21 07:08:07.312 BGP: [PXVXG-TFNNT] %ADJCHANGE: neighbor 2001:db9:121:100::1(R1) in vrf default Down BGP Notification send
    2026/11/21 07:08:07.373 BGP: [G7K80-KF0HM] Tx route delete VRF 0 2001:db9:12::/64
    2026/11/21 07:08:15.476 BGP: [V15FP-4CPVK] Tx route add VRF 0 2001:db9:12::/64 metric 0 tag 0 count 1 nhg 0
    2026/11/21 07:08:15.476 BGP: [JQXM8-V0CKB]   nhop [1]: 2001:db9:121:100::1 if 0 VRF 0 wt 0

ADJCHANGE lines are there only with `bgp log-neighbor-changes` (off by default in FRR 8.4), so no such line proves nothing.
A route that bgpd hands to zebra need not be used by it; what one neighbour withdraws need not be lost. Other lines of the log
are understood as having no bearing.
"""

from __future__ import annotations

import re

from tshoot.model.facts import CommandText, Parsed
from tshoot.parsers._declared import declared
from tshoot.parsers._log_clock import LogClock
from tshoot.parsers._reading import Line, Reading
from tshoot.parsers._records import Record
from tshoot.parsers._routing_log import RoutingLog
from tshoot.parsers._shapes import ROUTING_LOG
from tshoot.parsers._values import canonical_address, canonical_prefix

FACTS = declared(ROUTING_LOG)

_CODE = re.compile(r"\[[A-Z0-9]{5}-[A-Z0-9]{5}\](?:\[EC [0-9]{1,12}\])? ?")
_NEIGHBOR = r"([0-9A-Fa-f:.]{2,45})(?:%[\w.-]{1,32})?(?:\([^()]{0,64}\))?"
_NOTIFICATION = re.compile(
    rf"%NOTIFICATION(?:\([^()]{{1,30}}\))?: (sent|received) (?:to|from) neighbor {_NEIGHBOR} ([0-9]{{1,3}})/([0-9]{{1,3}}) (\(.{{0,200}})"
)
_CHANGE = re.compile(rf"%ADJCHANGE: neighbor {_NEIGHBOR} (?:in vrf \S{{1,64}} )?(Up|Down)(?: (.{{1,200}}))?")
_ADD = re.compile(r"Tx route add VRF [0-9]{1,10} (\S{1,64}) ")
_DELETE = re.compile(r"Tx route delete VRF [0-9]{1,10} (\S{1,64})")
_HOP = re.compile(r" {1,4}nhop \[[0-9]{1,4}\]: ([0-9A-Fa-f:.]{2,45}) ")


def parse(text: CommandText) -> Parsed:
    reading = Reading("frr_routing_log", text)
    log, clock = RoutingLog(), LogClock(2000)  # syslog names no year: a leap year is taken
    dated = False
    installed: Record | None = None
    for line in reading.lines:
        at, said = clock.split(line.text)
        marked = _CODE.search(said[:200])
        message = said[marked.end() :] if marked else said[max(said.find("%"), 0) :]
        if at is not None and line.stream == "stdout":
            dated = True
            reading.skip(line)
        if installed is not None and (hop := _HOP.match(message)):
            installed.put("next_hop", canonical_address(hop[1]), line)
            reading.skip(line)
        installed = _read(log, line, at, message.rstrip())
    if dated or not (text.stdout.strip() or text.stderr.strip()):
        log.put(reading, once=True)
    return reading.parsed()


def _read(log: RoutingLog, line: Line, at: float | None, message: str) -> Record | None:
    """Take one message; the install that it begins, whose next hop stands on the line below."""
    if found := _NOTIFICATION.match(message):
        neighbor, code = canonical_address(found[2]), (int(found[3]), int(found[4]))
        if neighbor:
            log.notification(line, at, neighbor, found[1], code, f"{found[3]}/{found[4]} {found[5]}".strip())
    elif found := _CHANGE.match(message):
        neighbor = canonical_address(found[1])
        if neighbor:
            log.session(line, at, neighbor, found[2] == "Up", found[3] or "")
    elif (found := _ADD.match(message)) and (prefix := canonical_prefix(found[1])):
        return log.install(line, at, prefix)
    elif (found := _DELETE.match(message)) and (prefix := canonical_prefix(found[1])):
        log.loss(line, at, prefix, message)
    return None
