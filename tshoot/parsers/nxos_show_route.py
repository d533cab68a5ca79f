"""`show ip route X` and `show ipv6 route X` of Cisco NX-OS.

    IPv6 Routing Table for VRF "default"
    '*' denotes best ucast next-hop
    '[x/y]' denotes [preference/metric]

    2001:db9:121:1::/64, ubest/mbest: 1/0
        *via 2001:db9:121:100::1, [200/0], 00:00:13, bgp-65012, internal, tag 65012

`*` marks the next hops in use. One without an interface is resolved through another route. Absent: `Route not found`.
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

_ABSENT = re.compile(r"\s{0,9}(?:% ?)?(?:Route not found|Network not in table)\.?\s{0,9}", re.IGNORECASE)
_PREFIX = re.compile(r"([0-9A-Fa-f:.]{2,45}/[0-9]{1,3}), ubest/mbest: [0-9]{1,3}/[0-9]{1,3}(?:, \w{1,20})?", re.IGNORECASE)
_HOP = re.compile(
    r"\s{2,9}(?P<mark>\*{0,2})via (?P<hop>[0-9A-Fa-f:.]{2,45})?(?:%[\w.:-]{1,40})?(?:, )?(?P<port>[A-Za-z][A-Za-z-]{0,20}[0-9][0-9/.:]{0,16})?"
    r"(?:, )?\[(?P<distance>[0-9]{1,5})/(?P<metric>[0-9]{1,10})\], (?P<age>[0-9ywdhms:.]{1,16}), (?P<source>[A-Za-z0-9_.-]{1,40})(?P<rest>.{0,160})",
    re.IGNORECASE,
)
_FRAME = re.compile(
    r"(?:IP Route Table|IPv6 Routing Table) for VRF|'.{1,12}'.{0,20} denotes |\s{3,12}(?:client-specific|recursive next hop|extended)"
)
_SOURCES = {"am": "connected", "attached": "connected", "hmm": "connected", "discard": "other"}


def parse(text: CommandText) -> Parsed:
    reading = Reading("nxos_show_route", text)
    entries: list[Record] = []
    absent: list[Line] = []
    prefix: Record | None = None
    for line in reading.lines:
        words = line.text.rstrip() if line.stream == "stdout" else ""
        if _ABSENT.fullmatch(words):
            absent.append(line)
        elif found := _PREFIX.match(words):
            prefix = Record()
            prefix.put("prefix", canonical_prefix(found[1]), line)
            prefix = prefix if "prefix" in prefix else None
        elif prefix and (found := _HOP.fullmatch(words)):
            entries.append(_entry(prefix, found, line))
        elif not _FRAME.match(words):
            continue
        reading.skip(line)
    put_route(reading, text.command, entries, absent)
    return reading.parsed()


def _entry(prefix: Record, found: re.Match[str], line: Line) -> Record:
    entry = Record()
    entry.put("prefix", prefix.fields["prefix"], *prefix.lines["prefix"])
    protocol, process = protocol_named(found["source"])
    connected = found["source"] in _SOURCES or protocol in ("connected", "local")
    hop = "" if connected else canonical_address(found["hop"] or "") or ""
    values = {
        "protocol": _SOURCES.get(found["source"], protocol),
        "process": process,
        "distance": int(found["distance"]),
        "metric": int(found["metric"]),
        "next_hop": hop,
        "interface": found["port"] or "",
        "recursive": bool(hop) and not found["port"],
        "age_seconds": duration(found["age"]),
        "active": True,
        "selected": "*" in found["mark"],
    }
    for name, value in values.items():
        entry.put(name, value, line)
    return entry
