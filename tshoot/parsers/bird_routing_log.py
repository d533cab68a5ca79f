"""The log file of BIRD 2: NOTIFICATIONs always, sessions and routes where `debug protocols { states, routes, events }` is on.

    2026-11-21 07:09:19.391 <TRACE> r1.ipv6 > added [best] 2001:db9:121:100::/64 0L 9G unicast
    2026-11-21 07:09:19.392 <WARN> Next hop address 2001:db9:121:100::1 resolvable through recursive route for 2001:db9:121:100::/64
    2026-11-21 07:09:19.392 <TRACE> r1.ipv6 > updated [best] 2001:db9:121:100::/64 0L 9G unreachable
    2026-11-21 07:09:26.158 <RMT> r1: Error: Hold timer expired
    2026-11-21 07:09:26.158 <TRACE> r1: BGP session closed
    2026-11-21 07:09:26.210 <TRACE> r1.ipv6 > removed [replaced] 2001:db9:121:100::/64 0L 9G unreachable

Names of protocols do not say which is BGP: those are that open sessions in this log, and their neighbours are the addresses
that they connect with, else the name. Next hops are not logged. Of the warning alone the route need not be its own next
hop's: only where the very route then becomes unreachable, and no other is warned of at that time, is it said to cover it.
"""

from __future__ import annotations

import re

from tshoot.model.facts import CommandText, Parsed
from tshoot.parsers._bird_errors import notification
from tshoot.parsers._declared import declared
from tshoot.parsers._log_clock import LogClock
from tshoot.parsers._reading import Line, Reading
from tshoot.parsers._records import Record
from tshoot.parsers._routing_log import RoutingLog
from tshoot.parsers._shapes import ROUTING_LOG
from tshoot.parsers._values import canonical_address, canonical_prefix

FACTS = declared(ROUTING_LOG)

_LEVEL = re.compile(r"(?:\S{1,64} bird(?:\[[0-9]{1,8}\])?: )?<(?:TRACE|RMT|INFO|WARN|ERR|AUTH|FATAL|BUG|DBG)> ")
_OF_PROTOCOL = re.compile(r"([A-Za-z_][A-Za-z0-9_]{0,63}): (.{1,300})")
_ROUTE = re.compile(
    r"([A-Za-z_][A-Za-z0-9_]{0,63})\.[a-z0-9-]{1,16} > (added|updated|removed)(?: \[([a-z]{1,12})\])? (\S{1,64})"
    r" [0-9]{1,6}L [0-9]{1,6}G ([a-z]{1,12})"
)
_CIRCLE = re.compile(r"Next hop address ([0-9A-Fa-f:.]{2,45}) resolvable through recursive route for (\S{1,64})")
_ADDRESS = re.compile(r"(?:Connecting to|Incoming connection from) ([0-9A-Fa-f:.]{2,45})(?:%\S{1,32})? ")
_BGP = re.compile(r"BGP session |Connecting to .{1,60} from local address|Incoming connection from ")
_Message = tuple[Line, float | None, str]


def parse(text: CommandText) -> Parsed:
    reading = Reading("bird_routing_log", text)
    clock = LogClock(2000)  # syslog names no year: a leap year is taken
    messages: list[_Message] = []
    for line in reading.lines:
        at, said = clock.split(line.text)
        level = _LEVEL.match(said)
        if level and line.stream == "stdout":
            messages.append((line, at, said[level.end() :].rstrip()))
            reading.skip(line)
    if messages or not (text.stdout.strip() or text.stderr.strip()):
        _Log(messages).log.put(reading, once=True)
    return reading.parsed()


class _Log:
    """One log, read twice: who speaks BGP with whom, then what happened."""

    def __init__(self, messages: list[_Message]) -> None:
        self.log = RoutingLog()
        self._neighbors: dict[str, str] = {}
        self._reasons: dict[str, str] = {}
        self._installs: dict[str, Record] = {}
        self._warned: dict[str, tuple[str, Line]] = {}  # prefix -> next hop that BIRD warned of, at the time below
        self._warned_at: float | None = None
        for _, _, said in messages:
            self._meet(said)
        for line, at, said in messages:
            if not self._route(line, at, said):
                self._event(line, at, said)

    def _meet(self, said: str) -> None:
        found = _OF_PROTOCOL.fullmatch(said)
        if found and _BGP.match(found[2]):
            self._neighbors.setdefault(found[1], found[1])
            if known := _ADDRESS.match(found[2]):
                self._neighbors[found[1]] = canonical_address(known[1]) or self._neighbors[found[1]]

    def _event(self, line: Line, at: float | None, said: str) -> None:
        if circle := _CIRCLE.match(said):
            hop, prefix = canonical_address(circle[1]), canonical_prefix(circle[2])
            if hop and prefix:
                if self._warned_at != at:
                    self._warned_at, self._warned = at, {}
                self._warned[prefix] = (hop, line)
            return
        found = _OF_PROTOCOL.fullmatch(said)
        if not found:
            return
        name, message = found[1], found[2]
        neighbor = self._neighbors.get(name, name)
        if known := notification(message):
            self._reasons[name] = message
            self.log.notification(line, at, neighbor, known[0], (known[1], known[2]), message)
        elif message == "BGP session established":
            self.log.session(line, at, neighbor, True, "")
        elif message == "BGP session closed":
            self.log.session(line, at, neighbor, False, self._reasons.pop(name, ""))

    def _route(self, line: Line, at: float | None, said: str) -> bool:
        """Take a change of a route that came by BGP."""
        found = _ROUTE.fullmatch(said)
        prefix = canonical_prefix(found[4]) if found and found[1] in self._neighbors else None
        if found is None or prefix is None:
            return found is not None
        if found[2] == "removed" and found[3] in ("sole", "replaced", "best"):
            self.log.loss(line, at, prefix, said)
        elif found[3] == "best" and found[5] == "unicast":
            self._installs[prefix] = self.log.install(line, at, prefix)
        elif found[3] == "best":
            self.log.loss(line, at, prefix, said)
            self._cover(prefix, at)
        return True

    def _cover(self, prefix: str, at: float | None) -> None:
        """The best route became unreachable: if BIRD has just warned of this prefix and of no other, its next hop is inside."""
        if prefix in self._installs and self._warned_at == at and len(self._warned) == 1 and prefix in self._warned:
            self._installs[prefix].put("next_hop", *self._warned[prefix])
