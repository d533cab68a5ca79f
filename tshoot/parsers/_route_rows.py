"""Reading rows and details of routes as Cisco IOS prints them, and Arista EOS after it.

A dialect says which protocol a row's letters stand for. Everything else is told apart by its form: a row
`B   2001:DB9::/64 [200/0]` with its `via …` behind or below it, or `Routing entry for …` with its paths.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from tshoot.parsers._reading import Line
from tshoot.parsers._records import Record
from tshoot.parsers._values import canonical_address, canonical_prefix, duration, protocol_named

_IP = r"[0-9A-Fa-f:.]{2,45}(?:%[\w./-]{1,32})?"
_PORT = r"[A-Za-z][A-Za-z-]{0,30}[0-9][0-9/.:]{0,16}|Null0|[A-Za-z][\w./:-]{0,31}"
_SINCE = r"[0-9][0-9ywdhms:.]{1,15}"
_ABSENT = re.compile(r"% ?(?:Route not found|(?:Network|Subnet) not in table)\s{0,9}", re.IGNORECASE)
_ENTRY = re.compile(rf"Routing entry for ({_IP}/[0-9]{{1,3}})(?:, supernet)?", re.IGNORECASE)
_KNOWN = re.compile(r'\s{1,9}Known via "([\w .-]{1,60})", distance ([0-9]{1,5}), metric ([0-9]{1,10})', re.IGNORECASE)
_LAST = re.compile(rf"\s{{1,9}}Last update[d]?(?: from {_IP})?(?: on (?:{_PORT}),?)? ({_SINCE}) ago", re.IGNORECASE)
_BLOCK = re.compile(
    rf"\s{{1,9}}[*>]? {{0,4}}({_IP})(?:, from {_IP})?(?:, ({_SINCE}) ago)?(?:, indirectly connected|, (?:via )?({_PORT}))?(?: \(.{{1,40}})?",
    re.IGNORECASE,
)
_ATTACHED = re.compile(rf"\s{{1,9}}[*>]? {{0,4}}(?:directly connected|receive),? via ({_PORT}).{{0,60}}", re.IGNORECASE)
_DETAIL = re.compile(
    r"\s{1,12}(?:Route count is|Routing paths|Routing Descriptor Blocks|From |Redistribut|Tag |Advertised by|Route metric|Route tag|AS Hops|"
    r"Total delay|Reliability|Loading|MPLS |Attached|Variably|Opaque|Repair|Backup|Not flushed|Share count|Installed|Prefix )",
    re.IGNORECASE,
)
_CODE = r" {0,3}(?P<code>[A-Za-z][A-Za-z0-9]{0,4}\*?(?: ?(?:[EN][12]|IA|EX|L[12]|ia|su|[IEBO]|\*))?(?: {0,3}[*+%&p])?)"
_ROW = re.compile(rf"{_CODE}\s{{1,20}}(?P<prefix>{_IP}(?:/[0-9]{{1,3}})?)(?P<rest>(?:\s.{{0,300}})?)")
_SUBNETS = re.compile(r"\s{1,20}[0-9.]{7,15}(?:/([0-9]{1,2}))? is (?:variably )?subnetted, [0-9]{1,9} subnets", re.IGNORECASE)
_COST = re.compile(r"\s{0,40}\[([0-9]{1,3})/([0-9]{1,10})\](?: tag [0-9]{1,10})?")
_VIA = re.compile(rf"[\s,]{{0,60}}via (?P<hop>{_IP})(?:, (?P<age>{_SINCE}))?(?:, (?P<port>{_PORT}))?(?:%[\w-]{{1,32}})?\s{{0,9}}", re.IGNORECASE)
_DIRECT = re.compile(
    rf"\s{{0,60}}(?:is directly connected(?:, (?P<age>{_SINCE}))?, (?P<on>{_PORT})|is a summary(?:, {_SINCE})?, (?P<null>{_PORT})"
    rf"|via (?P<port>{_PORT})(?:, (?:directly connected|receive))?)\s{{0,9}}",
    re.IGNORECASE,
)
_FRAME = re.compile(
    r"(?:IPv6 Routing Table|(?:Source )?Codes:|VRF(?: name)?: |WARNING: |! IP routing not enabled"
    r"|Gateway of last resort|Routing Table:|Load for |Time source is)"
    r"|\s{4,9}[A-Za-z0-9*+%&]{1,4}(?: [A-Z0-9]{1,2})? {1,3}- \S",
    re.IGNORECASE,
)


class RouteRows:
    """What the lines so far said: one entry a next hop, and the lines by which the device said that there is no route.

    `protocol_of`: letters of a row -> a name of `_shapes.PROTOCOLS`. `resolves`: a next hop without an interface is
    resolved through another route (a device that always prints the resolved interface does not show it).
    """

    def __init__(self, protocol_of: Callable[[str], str], resolves: bool = True) -> None:
        self.absent: list[Line] = []
        self._entries: list[Record] = []
        self._protocol_of = protocol_of
        self._resolves = resolves
        self._route: Record | None = None  # prefix, protocol, distance, metric of the route being read
        self._hops = 0  # how many next hops it has so far
        self._detail = False  # in `Routing entry for …`
        self._mask = ""  # of rows below `10.0.0.0/24 is subnetted`

    def finished(self) -> list[Record]:
        """All entries, once no line is left."""
        self._end()
        return self._entries

    def take(self, line: Line) -> bool:
        """Read one line; False where it is not understood."""
        if _ABSENT.fullmatch(line.text):
            self.absent.append(line)
            return True
        if found := _ENTRY.match(line.text):
            return self._start(line, found[1], detail="known subnets" not in line.text)
        if self._detail and line.text[:1].isspace() and self._in_detail(line):
            return True
        return self._in_table(line)

    def _end(self) -> None:
        """The route being read is over; one whose next hops were not printed is an entry all the same."""
        if self._route is not None and not self._hops and "protocol" in self._route:
            self._route.put("active", True, *self._route.lines["protocol"])
            self._entries.append(self._route)
        self._route, self._hops = None, 0

    def _start(self, line: Line, prefix: str, detail: bool) -> bool:
        self._end()
        self._detail = detail
        known = canonical_prefix(prefix)
        if known and detail:
            self._route = Record()
            self._route.put("prefix", known, line)
        return known is not None

    def _in_detail(self, line: Line) -> bool:
        route = self._route
        if route is None:
            return False
        if found := _KNOWN.match(line.text):
            protocol, process = protocol_named(found[1])
            for name, value in (("protocol", protocol), ("process", process), ("distance", int(found[2])), ("metric", int(found[3]))):
                route.put(name, value, line)
        elif found := _LAST.fullmatch(line.text):
            (self._entries[-1] if self._hops else route).put("age_seconds", duration(found[1]), line)
        elif (found := _ATTACHED.fullmatch(line.text)) and "protocol" in route:
            self._hop(line, "", found[1])
        elif (found := _BLOCK.fullmatch(line.text)) and (hop := canonical_address(found[1])) and "protocol" in route:
            self._hop(line, hop, found[3] or "", found[2] or "")
        else:
            return _DETAIL.match(line.text) is not None
        return True

    def _in_table(self, line: Line) -> bool:
        if found := _SUBNETS.match(line.text):
            self._end()
            self._mask = found[1] or ""
        elif _FRAME.match(line.text):
            self._end()
        elif (found := _ROW.fullmatch(line.text)) and (prefix := self._prefix(found["prefix"])):
            return self._row(line, found["code"], prefix, found["rest"])
        else:
            return line.text[:1].isspace() and self._paths(line)
        return True

    def _prefix(self, word: str) -> str | None:
        """A row below `10.0.0.0/24 is subnetted` has that length where it names none; a row without any is none."""
        if "/" in word:
            return canonical_prefix(word)
        return canonical_prefix(word, self._mask) if self._mask and ":" not in word else None

    def _row(self, line: Line, code: str, prefix: str, rest: str) -> bool:
        self._end()
        self._detail, self._route = False, Record()
        self._route.put("prefix", prefix, line)
        self._route.put("protocol", self._protocol_of(code), line)
        self._route.put("process", "", line)
        if rest.strip() and not self._paths(line._replace(text=rest)):
            self._route = None
            return False
        return True

    def _paths(self, line: Line) -> bool:
        """What follows the prefix: `[200/0] via …`, on the row itself or on a line of its own."""
        route, rest = self._route, line.text
        if route is None:
            return False
        cost = _COST.match(rest)
        if cost:
            route.put("distance", int(cost[1]), line)
            route.put("metric", int(cost[2]), line)
            rest = rest[cost.end() :]
        if (found := _VIA.fullmatch(rest)) and (hop := canonical_address(found["hop"])):
            self._hop(line, hop, found["port"] or "", found["age"] or "")
        elif found := _DIRECT.fullmatch(rest):
            if cost is None and route.fields["protocol"] in ("connected", "local"):  # no other route's cost goes without saying
                route.put("distance", 0, line)
                route.put("metric", 0, line)
            self._hop(line, "", found["on"] or found["null"] or found["port"], found["age"] or "")
        else:
            return cost is not None and not rest.strip()
        return True

    def _hop(self, line: Line, hop: str, port: str, age: str = "") -> None:
        """One more next hop of the route being read."""
        entry = Record()
        if self._route is not None:
            entry.fields, entry.lines = dict(self._route.fields), dict(self._route.lines)
        entry.put("next_hop", hop, line)
        entry.put("interface", port, line)
        if self._resolves:
            entry.put("recursive", bool(hop) and not port, line)
        entry.put("active", True, line)
        entry.put("age_seconds", duration(age), line)
        self._entries.append(entry)
        self._hops += 1
