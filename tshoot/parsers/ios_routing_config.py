"""`show running-config | section router bgp` (or route-map, prefix-list) of Cisco IOS, IOS XE and NX-OS, and FRR's running configuration.

    router bgp 65012
     neighbor 2001:DB9:122:100::1 remote-as 65012
     neighbor 2001:DB9:122:100::1 update-source Loopback0
     address-family ipv6
      redistribute connected route-map CONNECTED
      neighbor 2001:DB9:122:100::1 activate
    ipv6 prefix-list PEERING seq 5 permit 2001:DB9:121:100::/64 le 128
    route-map CONNECTED deny 10
     match ipv6 address prefix-list PEERING

A statement outside of an address family is one of IPv4. A part that the text does not show is unknown, not absent: without a line
`router bgp` there is neither `as` nor `redistribute`.
"""

from __future__ import annotations

from tshoot.model.facts import CommandText, Parsed
from tshoot.parsers._declared import declared
from tshoot.parsers._reading import Reading
from tshoot.parsers._routing_config import RoutingConfig
from tshoot.parsers._shapes import ROUTING_CONFIG

FACTS = declared(ROUTING_CONFIG)


def parse(text: CommandText) -> Parsed:
    reading = Reading("ios_routing_config", text)
    config = RoutingConfig(reading, ("ipv4",))
    for line in reading.lines:
        if line.stream == "stdout" and config.take(line._replace(text=line.text.rstrip())):
            reading.skip(line)
    config.finish()
    return reading.parsed()
