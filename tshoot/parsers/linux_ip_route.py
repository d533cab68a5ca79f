"""`ip route` and `ip -6 route` of Linux (iproute2): the routes of a table, one entry a next hop.

    default via 192.0.2.1 dev eth0
    192.0.2.0/24 dev eth0 proto kernel scope link src 192.0.2.10
    198.51.100.0/24
        nexthop via 192.0.2.1 dev eth0 weight 1
    unreachable 2001:db9:121:100::/64 dev lo proto bird metric 32 pref medium

`default` is of the family of its gateway; without one, IPv6 where the command has `-6`. The keys are those of esxcfg_route, so
that a playbook may ask `entries | route_to(address)` of either.
"""

from __future__ import annotations

import ipaddress
import re
from typing import Any

from tshoot.model.facts import CommandText, Parsed
from tshoot.parsers._linux_route import LinuxRoute, read_route
from tshoot.parsers._reading import Line, Reading
from tshoot.parsers._values import canonical_prefix

FACTS = {
    "entries": "list: the routes in order of appearance",
    "entries.*": "dict: one route",
    "entries.*.network": "str: network address; 0.0.0.0 or :: for the default route",
    "entries.*.prefix_length": "int: length of its prefix in bits; 0 for the default route",
    "entries.*.gateway": "str or None: next hop; None where the network is on the link",
    "entries.*.interface": "str: the interface it leaves by; empty where none is printed",
    "entries.*.type": "str: unicast, unreachable, blackhole, prohibit, local, …",
    "entries.*.protocol": "str: where it comes from, as in a lookup; absent where not printed",
    "entries.*.metric": "int: metric; absent where not printed",
    "default_gateway": "str or None: next hop of the first default route; None where there is none",
    "default_interface": "str or None: interface of the first default route; None where there is none",
}

_HOP = re.compile(r"\tnexthop (via .{1,300}|dev .{1,200})")


def parse(text: CommandText) -> Parsed:
    reading = Reading("linux_ip_route", text)
    entries: list[dict[str, Any]] = []
    above: LinuxRoute | None = None
    for line in reading.lines:
        if line.stream != "stdout":
            continue
        hop = _HOP.fullmatch(line.text.rstrip())
        route = _hop_of(above, hop[1]) if hop else read_route(line.text)
        if route is None:
            continue
        reading.skip(line)
        if not hop:
            above = route
        if (route.interface or route.gateway or route.kind != "unicast") and (entry := _entry(route, text.command)):
            reading.note_fields(["entries", len(entries)], entry, line)
            entries.append(entry)
            _put_default(reading, entry, line)
    if entries or (text.exit_status == 0 and not text.stdout.strip() and not text.stderr.strip()):
        reading.facts["entries"] = entries
        if not reading.parsed().unread:
            reading.facts = {"default_gateway": None, "default_interface": None} | reading.facts
    return reading.parsed()


def _hop_of(above: LinuxRoute | None, hop: str) -> LinuxRoute | None:
    """One of several next hops of the route on a line above."""
    route = read_route(f"{above.target} {hop}") if above else None
    return route._replace(proto=above.proto, metric=above.metric) if above and route else None


def _entry(route: LinuxRoute, command: str) -> dict[str, Any] | None:
    if route.target == "default":
        six = ":" in route.gateway or (not route.gateway and " -6" in command[:200])
        prefix: str | None = "::/0" if six else "0.0.0.0/0"
    else:
        prefix = canonical_prefix(route.target)
    if prefix is None:
        return None
    network = ipaddress.ip_network(prefix)
    entry: dict[str, Any] = {
        "network": str(network.network_address),
        "prefix_length": network.prefixlen,
        "gateway": route.gateway or None,
        "interface": route.interface,
        "type": route.kind,
    }
    known = {"protocol": route.protocol(), "metric": route.metric}
    return entry | {name: value for name, value in known.items() if value is not None}


def _put_default(reading: Reading, entry: dict[str, Any], line: Line) -> None:
    if entry["prefix_length"] == 0 and entry["type"] == "unicast" and "default_interface" not in reading.facts:
        reading.put("default_gateway", entry["gateway"], line)
        reading.put("default_interface", entry["interface"], line)
