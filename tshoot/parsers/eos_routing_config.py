"""`show running-config section bgp` (or route-map, prefix-list) of Arista EOS.

    router bgp 65012
       neighbor 2001:db9:122:100::1 remote-as 65012
       neighbor 2001:db9:122:100::1 update-source Loopback0
       redistribute connected route-map CONNECTED
       !
       address-family ipv6
          neighbor 2001:db9:122:100::1 activate
    ipv6 prefix-list PEERING
       seq 5 permit 2001:db9:121:100::/64 le 128

As the configuration of IOS, but that a `redistribute` outside of an address family is one of IPv4 and of IPv6.
"""

from __future__ import annotations

from tshoot.model.facts import CommandText, Parsed
from tshoot.parsers._declared import declared
from tshoot.parsers._reading import Reading
from tshoot.parsers._routing_config import RoutingConfig
from tshoot.parsers._shapes import ROUTING_CONFIG

FACTS = declared(ROUTING_CONFIG)


def parse(text: CommandText) -> Parsed:
    reading = Reading("eos_routing_config", text)
    config = RoutingConfig(reading, ("ipv4", "ipv6"))
    for line in reading.lines:
        if line.stream == "stdout" and config.take(line._replace(text=line.text.rstrip())):
            reading.skip(line)
    config.finish()
    return reading.parsed()
