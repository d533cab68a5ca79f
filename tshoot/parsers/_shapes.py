"""Facts that several platforms give in one shape, so that one playbook reads them all.

A route is a route whether IOS, FRR or BIRD printed it. A parser of such a command has one of these as its
`FACTS`; what its platform does not print is left out and so unknown. Addresses are written as Python's
`ipaddress` writes them, prefixes with their length, MAC addresses as aa:bb:cc:dd:ee:ff, protocols in lower
case as in `PROTOCOLS`, durations in seconds.
"""

from __future__ import annotations

from collections.abc import Mapping

PROTOCOLS = ("bgp", "eigrp", "ospf", "isis", "rip", "static", "connected", "local", "kernel", "nd", "other")

_HOP = "an address; empty where the route is connected"

# one lookup: `show ipv6 route X`, `show ip route X`, `birdc show route for X all`, `ip route get X`
ROUTE: Mapping[str, str] = {
    "found": "bool: the table has a route; false where the device said that there is none",
    "prefix": "str: the prefix of the route in use",
    "protocol": "str: where the route in use comes from: " + ", ".join(PROTOCOLS),
    "process": "str: process or AS number as printed, empty where there is none",
    "distance": "int: administrative distance (BIRD: preference)",
    "metric": "int: metric",
    "next_hop": f"str: the first next hop of the route in use, {_HOP}",
    "interface": "str: the first outgoing interface, empty where not printed",
    "next_hops": "list[str]: all next hops of the route in use",
    "recursive": "bool: the next hop is itself resolved through another route",
    "age_seconds": "int: how long ago the route was last updated",
    "active": "bool: the route is used for forwarding; false where the device holds it inactive or unreachable",
    "entries": "list: every entry that was printed, in order",
    "entries.*.prefix": "str",
    "entries.*.protocol": "str",
    "entries.*.distance": "int",
    "entries.*.metric": "int",
    "entries.*.next_hop": f"str: {_HOP}",
    "entries.*.interface": "str",
    "entries.*.active": "bool: usable for forwarding",
    "entries.*.selected": "bool: the one in use",
}

# one prefix in the BGP table: `show bgp ipv6 unicast X`
BGP_ROUTE: Mapping[str, str] = {
    "found": "bool: the BGP table has the prefix; false where the device said `Network not in table`",
    "prefix": "str",
    "best": "bool: a path is chosen as best",
    "next_hop": "str: next hop of the best path, of the first one where none is best",
    "next_hop_accessible": "bool: the same path's next hop can be resolved",
    "from": "str: the neighbour that the same path came from, `local` where it is the device's own",
    "internal": "bool: the same path came by iBGP",
    "paths": "list: every path, in order",
    "paths.*.next_hop": "str",
    "paths.*.from": "str",
    "paths.*.best": "bool",
    "paths.*.valid": "bool",
    "paths.*.accessible": "bool: its next hop can be resolved",
    "paths.*.internal": "bool",
    "paths.*.as_path": "str: `Local` or the AS numbers, empty for a path of the own AS",
    "paths.*.origin": "str: igp, egp or incomplete (incomplete: redistributed)",
}

# `show bgp ipv6 unicast summary`
BGP_SUMMARY: Mapping[str, str] = {
    "router_id": "str",
    "local_as": "str",
    "neighbors": "list[str]: addresses, in order",
    "established": "list[str]: the neighbours whose session is up",
    "down": "list[str]: the others",
    "by_neighbor.*.address": "str: the key again, for whoever picks one of several",
    "by_neighbor.*.as": "str: AS number of the neighbour",
    "by_neighbor.*.state": "str: established, idle, active, connect, opensent, openconfirm, shut",
    "by_neighbor.*.established": "bool",
    "by_neighbor.*.uptime_seconds": "int: since the last change of state",
    "by_neighbor.*.prefixes": "int: prefixes received; absent where the session is down",
}

# `show bgp ipv6 unicast neighbors [X]`
BGP_NEIGHBORS: Mapping[str, str] = {
    "neighbors": "list[str]: addresses, in order",
    "by_neighbor.*.address": "str: the key again, for whoever picks one of several",
    "by_neighbor.*.as": "str",
    "by_neighbor.*.local_as": "str",
    "by_neighbor.*.state": "str: as in the summary",
    "by_neighbor.*.established": "bool",
    "by_neighbor.*.uptime_seconds": "int: since the session came up; absent where it is down",
    "by_neighbor.*.internal": "bool: iBGP",
    "by_neighbor.*.hold_time": "int: seconds, as agreed",
    "by_neighbor.*.dropped": "int: how often the session was lost",
    "by_neighbor.*.last_reset_seconds": "int: seconds since the last reset",
    "by_neighbor.*.last_reset_reason": "str: as printed",
    "by_neighbor.*.notification": "str: `sent 4/0` or `received 2/2` (code/subcode) of the last reset, empty where none is named",
    "by_neighbor.*.notification_code": "int: 1 header, 2 OPEN, 3 UPDATE, 4 hold timer expired, 5 state machine, 6 cease; absent where none is named",
}

# `show ipv6 neighbors`, `show ip arp`, `arp -a`, `ip neigh`
NEIGHBORS: Mapping[str, str] = {
    "addresses": "list[str]: every address with an entry",
    "by_address.*.mac": "str: empty where the entry is incomplete",
    "by_address.*.interface": "str",
    "by_address.*.state": "str: reachable, stale, delay, probe, incomplete, failed, permanent, or as printed in lower case",
    "by_address.*.age_seconds": "int",
    "by_address.*.router": "bool: the neighbour said that it is a router",
    "by_mac.*": "list[str]: the addresses of one MAC",
}

# `show mac address-table`
MAC_TABLE: Mapping[str, str] = {
    "macs": "list[str]",
    "by_mac.*.vlan": "str",
    "by_mac.*.port": "str",
    "by_mac.*.type": "str: dynamic, static or as printed",
    "entries": "list: every row (a MAC may stand in several VLANs)",
    "entries.*.mac": "str",
    "entries.*.vlan": "str",
    "entries.*.port": "str",
    "entries.*.type": "str",
}

# `show running-config | section router bgp` (and route-map, prefix-list), FRR's running configuration, bird.conf as text
ROUTING_CONFIG: Mapping[str, str] = {
    "as": "str: the local AS",
    "redistribute": "list: every redistribution into BGP",
    "redistribute.*.protocol": "str: connected, static, ospf, …",
    "redistribute.*.family": "str: ipv4 or ipv6",
    "redistribute.*.route_map": "str: empty where nothing filters",
    "networks": "list[str]: prefixes of `network` statements",
    "neighbors": "list[str]",
    "by_neighbor.*.remote_as": "str",
    "by_neighbor.*.update_source": "str",
    "by_neighbor.*.next_hop_self": "bool",
    "route_maps": "list: every entry, in order",
    "route_maps.*.name": "str",
    "route_maps.*.action": "str: permit or deny",
    "route_maps.*.sequence": "int",
    "route_maps.*.matches": "list[str]: as written",
    "prefix_lists": "list: every line, in order",
    "prefix_lists.*.name": "str",
    "prefix_lists.*.action": "str: permit or deny",
    "prefix_lists.*.prefix": "str",
    "prefix_lists.*.ge": "int",
    "prefix_lists.*.le": "int",
}

# `show logging`, debug output, FRR's and BIRD's log: what it says about BGP
ROUTING_LOG: Mapping[str, str] = {
    "installs": "list: routes that BGP put into the routing table",
    "installs.*.prefix": "str",
    "installs.*.next_hop": "str",
    "installs.*.at": "float: seconds, as a clock; absent where the line has no time",
    "losses": "list: prefixes for which BGP lost its path (`no best path`, `no valid path`, withdrawn, unreachable)",
    "losses.*.prefix": "str",
    "losses.*.reason": "str: as printed",
    "losses.*.at": "float",
    "self_covering": "list: installs whose next hop lies inside the prefix itself",
    "self_covering.*.prefix": "str",
    "self_covering.*.next_hop": "str",
    "flapping": "list[str]: prefixes with at least two installs and two losses in turn",
    "period_seconds": "float: of the prefix that flaps most often: mean time from install to install; absent where lines have no times",
    "sessions": "list: neighbours that went up or down, in order",
    "sessions.*.neighbor": "str",
    "sessions.*.state": "str: up or down",
    "sessions.*.reason": "str: as printed",
    "sessions.*.at": "float",
    "notifications": "list: in order",
    "notifications.*.neighbor": "str",
    "notifications.*.direction": "str: sent or received",
    "notifications.*.code": "int",
    "notifications.*.subcode": "int",
    "notifications.*.text": "str: as printed",
    "notifications.*.at": "float",
}
