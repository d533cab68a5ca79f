"""`birdc show route for X all` and `birdc show route X all` of BIRD 2.

    BIRD 2.0.12 ready.
    Table master6:
    2001:db9:121:100::/64 unreachable [r1 07:04:37.095 from 2001:db9:121:100::1] * (100) [?]
        Type: BGP univ
        BGP.next_hop: 2001:db9:121:100::1
                         unicast [ospf1 07:04:17.626] I (50/20) [10.0.0.1]
        via fe80::6c78:eff:fe29:d38d on eth0
        Type: OSPF univ

The distance is BIRD's preference, where the higher one wins. The next hop of a BGP route is its attribute, not the gateway
that BIRD resolved it to; without `all` it is not printed. The time in brackets is no age: BIRD does not print one.
"""

from __future__ import annotations

from tshoot.model.facts import CommandText, Parsed
from tshoot.parsers._bird_routes import read_routes
from tshoot.parsers._declared import declared
from tshoot.parsers._reading import Reading
from tshoot.parsers._route import put_route
from tshoot.parsers._shapes import ROUTE

FACTS = declared(ROUTE, "age_seconds")


def parse(text: CommandText) -> Parsed:
    reading = Reading("bird_show_route", text)
    routes, none = read_routes(reading, text)
    put_route(reading, text.command, routes, none)
    if "next_hop" not in reading.facts:
        reading.forget("next_hops")
    return reading.parsed()
