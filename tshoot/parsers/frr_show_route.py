"""`show ipv6 route X` and `show ip route X` of FRR's zebra: one block a source of the route, the chosen one marked `best`.

    Routing entry for 2001:db9:121:100::/64
      Known via "bgp", distance 200, metric 0
      Last update 00:00:11 ago
        2001:db9:121:100::1 inactive, weight 1

    Routing entry for 2001:db9:121:100::/64
      Known via "ospf6", distance 250, metric 20, best
      Last update 00:00:22 ago
      * fe80::348f:f2ff:fe52:d0a7, via eth0, weight 1

A next hop marked `(recursive)` is followed, further right, by what it was resolved to: of that only the interface is
taken. Without a route: `% Network not in table`, or nothing at all (FRR 8.4).
"""

from __future__ import annotations

import re

from tshoot.model.facts import CommandText, Parsed
from tshoot.parsers._declared import declared
from tshoot.parsers._reading import Line, Reading
from tshoot.parsers._records import Record
from tshoot.parsers._route import put_route
from tshoot.parsers._shapes import ROUTE
from tshoot.parsers._values import canonical_address, canonical_prefix, duration, protocol_named

FACTS = declared(ROUTE)

_ENTRY = re.compile(r"Routing entry for (\S{1,64})")
_SOURCE = re.compile(r' {2}Known via "([^"]{1,40})", distance ([0-9]{1,3}), metric ([0-9]{1,10})(.{0,200})')
_UPDATE = re.compile(r" {2}Last update (\S{1,30}) ago")
_HOP = re.compile(
    r"(?P<indent> {2}[* ] {1,8})(?:(?P<address>[0-9A-Fa-f:.]{2,45})|directly connected|(?P<drop>unreachable|blackhole))(?P<rest>[, (].{0,200}|)"
)
_INTERFACE = re.compile(r"(?:via|directly connected,) ([A-Za-z0-9][A-Za-z0-9._:@-]{0,31})")
_TOP = 4  # the column of a next hop; what it was resolved to stands two further right
_LOOKUP = re.compile(r"show ip(?:v6)? route (?:vrf \S{1,64} )?[0-9A-Fa-f]{0,4}[:.]")
_NONE = re.compile(r"% ?Network not in (?:table|RIB)")


def parse(text: CommandText) -> Parsed:
    reading = Reading("frr_show_route", text)
    entries: list[Record] = []
    absent: list[Line] = []
    block = Record()
    for line in reading.lines:
        if found := _ENTRY.fullmatch(line.text.rstrip()):
            block = Record()
            block.put("prefix", canonical_prefix(found[1]), line)
            reading.skip(line)
        elif _NONE.match(line.text):
            absent.append(line)
        elif "prefix" in block and _head(block, line):
            reading.skip(line)
        elif "protocol" in block and (hop := _HOP.fullmatch(line.text.rstrip())):
            reading.skip(line)
            if len(hop["indent"]) > _TOP:
                _resolved(entries, hop, line)
            else:
                entries.append(_next_hop(block, hop, line))
    put_route(reading, text.command, entries, absent)
    if not entries and not (text.stdout.strip() or text.stderr.strip()) and text.exit_status in (0, None) and _LOOKUP.search(text.command[:400]):
        reading.facts |= {"found": False, "entries": []}
    return reading.parsed()


def _head(block: Record, line: Line) -> bool:
    """Read one of the lines above the next hops."""
    if found := _SOURCE.fullmatch(line.text.rstrip()):
        protocol, process = protocol_named(found[1])
        block.put("protocol", protocol, line)
        block.put("process", process, line)
        block.put("distance", int(found[2]), line)
        block.put("metric", int(found[3]), line)
        block.put("selected", "best" in re.split("[, ]+", found[4]), line)
    elif found := _UPDATE.fullmatch(line.text.rstrip()):
        block.put("age_seconds", duration(found[1]), line)
    else:
        return False
    return True


def _next_hop(block: Record, hop: re.Match[str], line: Line) -> Record:
    entry = Record()
    entry.fields, entry.lines = dict(block.fields), dict(block.lines)
    interface = _INTERFACE.search(hop[0])
    entry.put("next_hop", canonical_address(hop["address"]) if hop["address"] else "", line)
    entry.put("interface", interface[1] if interface else "", line)
    entry.put("recursive", "(recursive" in hop["rest"], line)
    entry.put("active", not hop["drop"] and not re.match(r" \(?inactive|.{0,100}\(blackhole", hop["rest"]), line)
    return entry


def _resolved(entries: list[Record], hop: re.Match[str], line: Line) -> None:
    """The interface of what a recursive next hop was resolved to is the interface of the route."""
    interface = _INTERFACE.search(hop[0])
    if entries and interface and not entries[-1].fields["interface"]:
        entries[-1].put("interface", interface[1], line)
