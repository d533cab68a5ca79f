"""The routes that `birdc show route` of BIRD 2 prints, one record a route, with its attributes where `all` was asked for.

    2001:db9:121:100::/64 unreachable [r1 07:04:37.095 from 2001:db9:121:100::1] * (100) [?]
        Type: BGP univ
        BGP.next_hop: 2001:db9:121:100::1
                         unicast [ospf1 07:04:17.626] I (50/20) [10.0.0.1]
        via fe80::6c78:eff:fe29:d38d on eth0
        Type: OSPF univ

The numbers in parentheses are preference and metric (OSPF's external routes have two), `*` marks the route in use.
BIRD 1 prints otherwise: not read.
"""

from __future__ import annotations

import re

from tshoot.model.facts import CommandText
from tshoot.parsers._reading import Line, Reading
from tshoot.parsers._records import Record
from tshoot.parsers._values import canonical_address, canonical_prefix, protocol_named

_ROUTE = re.compile(
    r"(?P<prefix>[0-9A-Fa-f:.]{2,45}/[0-9]{1,3})? {1,40}(?P<kind>unicast|unreachable|blackhole|prohibited)"
    r" \[(?P<name>[A-Za-z_][A-Za-z0-9_]{0,63}) (?P<since>[0-9:. -]{4,30})(?: from (?P<from>[0-9A-Fa-f:.]{2,45})(?:%\S{1,32})?)?\]"
    r"(?P<mark> [*!])?(?: (?P<flags>[A-Z][A-Z0-9]{0,2}))?"
    r" \((?P<preference>[0-9]{1,5})(?:/(?P<metric>[0-9]{1,10}|[-?]))?(?:/[0-9]{1,10})?\)(?P<rest>.{0,80})"
)
_VIA = re.compile(r"\t(?:via (?P<address>[0-9A-Fa-f:.]{2,45}) on|dev) (?P<interface>[A-Za-z0-9][A-Za-z0-9._:@-]{0,31})(?: .{0,120})?")
_ATTRIBUTE = re.compile(r"\t([A-Za-z][A-Za-z0-9_.]{0,40}):(?: (.{0,400}))?")
_HEADER = re.compile(r"BIRD [0-9][0-9.A-Za-z+-]{0,40} ready\.|Access restricted|Table [A-Za-z0-9_]{1,64}:")
_NONE = re.compile(r"Network not found|Network not in table")
_TYPES = {"device": "connected", "inherit": "kernel"}


def read_routes(reading: Reading, text: CommandText) -> tuple[list[Record], list[Line]]:
    """The routes in order, and the lines by which BIRD said that there is none: its greeting, where nothing else follows and birdc is content."""
    routes: list[Record] = []
    none: list[Line] = []
    greeting: list[Line] = []
    prefix: tuple[str, Line] | None = None
    for line in reading.lines:
        written = line.text.rstrip()
        if found := _ROUTE.fullmatch(written):
            if found["prefix"] and (known := canonical_prefix(found["prefix"])):
                prefix = known, line
            if prefix:
                routes.append(_route(found, prefix, line))
                reading.skip(line)
        elif routes and ((via := _VIA.fullmatch(written)) or (attribute := _ATTRIBUTE.fullmatch(written))):
            _add_hop(routes[-1], via, line) if via else _add_attribute(routes[-1], attribute, line)
            reading.skip(line)
        elif _NONE.fullmatch(written):
            none.append(line)
            reading.skip(line)
        elif _HEADER.fullmatch(written):
            greeting.append(line)
            reading.skip(line)
    if not routes and not none and text.exit_status == 0 and not reading.parsed().unread:
        none = [line for line in greeting if line.text.startswith("BIRD")]
    return routes, none


def _route(found: re.Match[str], prefix: tuple[str, Line], line: Line) -> Record:
    route = Record()
    route.put("prefix", prefix[0], prefix[1])
    route.put("protocol", _guessed(found), line)
    route.put("process", found["name"], line)
    route.put("distance", int(found["preference"]), line)
    route.put("metric", int(found["metric"]) if (found["metric"] or "").isdecimal() else None, line)
    route.put("selected", found["mark"] == " *", line)
    route.put("active", found["kind"] == "unicast", line)
    route.put("from", canonical_address(found["from"] or ""), line)
    route.put("interface", "", line)
    if route.fields["protocol"] != "bgp":
        route.put("next_hop", "", line)
        route.put("recursive", False, line)
    return route


def _guessed(found: re.Match[str]) -> str:
    """The protocol, by what the line shows; a line `Type:` knows better."""
    if re.fullmatch(r" \[(?:AS[0-9.]{1,12})?[ie?]\]", found["rest"]):
        return "bgp"
    return "ospf" if (found["flags"] or "") in ("I", "IA", "E1", "E2") else protocol_named(found["name"])[0]


def _add_hop(route: Record, via: re.Match[str], line: Line) -> None:
    """One hop; of several the first counts."""
    address = canonical_address(via["address"] or "") or ""
    if "gateway" in route:
        return
    route.put("gateway", address, line)
    route.put("interface", via["interface"], line)
    if route.fields["protocol"] != "bgp":
        route.put("next_hop", address, line)


def _add_attribute(route: Record, attribute: re.Match[str] | None, line: Line) -> None:
    if attribute is None:
        return
    name, value = attribute[1], (attribute[2] or "").strip()
    if name == "Type" and value:
        _add_type(route, value.split()[0].lower(), line)
    elif name == "BGP.next_hop":
        hops = [hop for hop in map(canonical_address, value.split()) if hop]
        if hops:
            route.put("next_hop", hops[0], line)
            route.put("recursive", route.fields.get("gateway") not in (*hops, ""), line)
    elif name.startswith("BGP."):
        route.put(name, value, line)


def _add_type(route: Record, printed: str, line: Line) -> None:
    protocol = _TYPES.get(printed) or protocol_named(printed)[0]
    route.put("protocol", protocol, line)
    if protocol == "bgp":
        for name in ("next_hop", "recursive"):  # the next hop of BGP is an attribute, that of `via` is what it was resolved to
            route.fields.pop(name, None)
            route.lines.pop(name, None)
    elif "next_hop" not in route:
        route.put("next_hop", route.fields.get("gateway", ""), line)
        route.put("recursive", False, line)
