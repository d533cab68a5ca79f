"""`show ipv6 route X` and `show ip route X` of Cisco IOS and IOS XE: one route in detail, or rows of the table.

    Routing entry for 2001:DB9:121:1::/64
      Known via "bgp 65012", distance 200, metric 0, type internal
      Route count is 1/1, share count 0
      Routing paths:
        2001:DB9:121:100::1
          Last updated 00:00:13 ago

    B   2001:DB9:121:1::/64 [200/0]
         via 2001:DB9:121:100::1

For IPv4 the detail has `Last update from 10.0.0.1 on Gi0/0, 00:14:26 ago` and `* 10.0.0.1, from 10.0.0.1, 00:14:26 ago, via Gi0/0`.
Absent: `% Route not found`, `% Network not in table`, `% Subnet not in table`. IOS says the latter two of an address that only a
default route covers, too. A next hop without an interface is resolved through another route.
"""

from __future__ import annotations

from tshoot.model.facts import CommandText, Parsed
from tshoot.parsers._declared import declared
from tshoot.parsers._reading import Reading
from tshoot.parsers._route import put_route
from tshoot.parsers._route_rows import RouteRows
from tshoot.parsers._shapes import ROUTE

FACTS = declared(ROUTE)

_STARTS = (("EX", "eigrp"), ("D", "eigrp"), ("B", "bgp"), ("O", "ospf"), ("ND", "nd"), ("i", "isis"), ("I", "isis"))
_LETTERS = {"R": "rip", "S": "static", "C": "connected", "L": "local", "LC": "local"}


def parse(text: CommandText) -> Parsed:
    reading = Reading("ios_show_route", text)
    rows = RouteRows(_protocol)
    for line in reading.lines:
        if line.stream == "stdout" and rows.take(line._replace(text=line.text.rstrip())):
            reading.skip(line)
    put_route(reading, text.command, rows.finished(), rows.absent)
    return reading.parsed()


def _protocol(code: str) -> str:
    letters = code.replace("*", " ").split()[0]
    return _LETTERS.get(letters) or next((protocol for start, protocol in _STARTS if letters.startswith(start)), "other")
