"""`birdc show route for X all` of BIRD 2, and what of it came by BGP: BIRD has no BGP table of its own.

    Table master6:
    2001:db9:f00::/48    unreachable [r1 07:06:16.545 from 2001:db9:121:100::1] * (100) [AS65000i]
        Type: BGP univ
        BGP.origin: IGP
        BGP.as_path: 65000
        BGP.next_hop: 2001:db9:10::1
        BGP.local_pref: 100

A next hop that cannot be resolved makes the route `unreachable`. The best path is the one in use, so none is where another
protocol has won. Whether a path came by iBGP is known only where its AS path is empty or a route reflector passed it on.
"""

from __future__ import annotations

from tshoot.model.facts import CommandText, Parsed
from tshoot.parsers._bgp_route import origin, put_no_prefix, put_paths
from tshoot.parsers._bird_routes import read_routes
from tshoot.parsers._declared import declared
from tshoot.parsers._reading import Reading
from tshoot.parsers._records import Record
from tshoot.parsers._shapes import BGP_ROUTE

FACTS = declared(BGP_ROUTE, "paths.*.valid")


def parse(text: CommandText) -> Parsed:
    reading = Reading("bird_show_bgp_route", text)
    routes, none = read_routes(reading, text)
    paths = [route for route in routes if route.fields["protocol"] == "bgp"]
    if paths:
        first = paths[0]
        of_prefix = [path for path in paths if path.fields["prefix"] == first.fields["prefix"]]
        put_paths(reading, first.fields["prefix"], first.lines["prefix"], [_path(path) for path in of_prefix])
    elif routes:
        put_no_prefix(reading, *(line for route in routes for line in route.lines["prefix"]))
    elif none:
        put_no_prefix(reading, *none)
    return reading.parsed()


def _path(route: Record) -> Record:
    path = Record()
    for name, known in (("next_hop", "next_hop"), ("best", "selected"), ("accessible", "active"), ("as_path", "BGP.as_path")):
        if known in route:
            path.put(name, route.fields[known], *route.lines[known])
    if "BGP.origin" in route:
        path.put("origin", origin(route.fields["BGP.origin"]), *route.lines["BGP.origin"])
    came = next((name for name in ("from", "gateway") if route.fields.get(name)), None)
    if came:  # BIRD names the sender only where it is not the gateway
        path.put("from", route.fields[came], *route.lines[came])
    reflected = next((name for name in ("BGP.originator_id", "BGP.cluster_list") if name in route), None)
    if route.fields.get("BGP.as_path") == "" or reflected:
        path.put("internal", True, *route.lines[reflected or "BGP.as_path"])
    return path
