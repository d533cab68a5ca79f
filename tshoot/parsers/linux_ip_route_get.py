"""`ip route get X` and `ip -6 route get X` of Linux (iproute2): the route that the kernel would take to one address.

    2001:db8:99::1 from :: via 2001:db8:1::1 dev eth0 proto ra src 2001:db8:1::10 metric 1024 pref medium
    8.8.8.8 via 192.0.2.1 dev eth0 src 192.0.2.10 uid 0
        cache

Without a route: `RTNETLINK answers: Network is unreachable`. A route of the type unreachable answers `No route to host`, one of the
type prohibit `Permission denied`. Neither the prefix nor the distance is printed, and for IPv4 no protocol.
"""

from __future__ import annotations

import re
from typing import Any

from tshoot.model.facts import CommandText, Parsed
from tshoot.parsers._declared import declared
from tshoot.parsers._linux_route import DROPS, LinuxRoute, read_route
from tshoot.parsers._reading import Line, Reading
from tshoot.parsers._shapes import ROUTE
from tshoot.parsers._values import canonical_address

FACTS = declared(ROUTE, "prefix", "process", "distance", "recursive", "age_seconds", "entries.*.prefix", "entries.*.distance")

_NONE = re.compile(r"RTNETLINK answers: Network is unreachable|ip: RTNETLINK answers: Network (?:is )?unreachable")
_DROPPED = re.compile(r"(?:ip: )?RTNETLINK answers: (?:No route to host|Permission denied)")
_CACHE = re.compile(r" {4}cache.{0,120}")


def parse(text: CommandText) -> Parsed:
    reading = Reading("linux_ip_route_get", text)
    for line in reading.lines:
        route = read_route(line.text) if line.stream == "stdout" else None
        if route and canonical_address(route.target) and "found" not in reading.facts:
            _put(reading, route, line)
        elif _CACHE.fullmatch(line.text):
            reading.skip(line)
        elif _NONE.match(line.text):
            reading.put("found", False, line)
            reading.put("entries", [], line)
        elif _DROPPED.match(line.text):
            reading.put("found", True, line)
            reading.put("active", False, line)
    return reading.parsed()


def _put(reading: Reading, route: LinuxRoute, line: Line) -> None:
    entry: dict[str, Any] = {"next_hop": route.gateway, "interface": route.interface, "active": route.kind not in DROPS, "selected": True}
    if (protocol := route.protocol()) is not None:
        entry["protocol"] = protocol
    if route.metric is not None:
        entry["metric"] = route.metric
    for name, value in entry.items():
        if name != "selected":
            reading.put(name, value, line)
    reading.put("found", True, line)
    reading.put("next_hops", [route.gateway] if route.gateway else [], line)
    reading.put("entries", [entry], line)
    reading.note_fields(["entries", 0], entry, line)
