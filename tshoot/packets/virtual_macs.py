"""MAC addresses that belong to a group of devices and move between them: whoever answers may use its own beside them.

VRRP and CARP (RFC 9568 §7.3), HSRP versions 1 and 2 and for IPv6, GLBP (Cisco), Network Load Balancing (Microsoft: unicast
02:bf, multicast 03:bf and 01:00:5e:7f; its senders hide 02:bf behind 02:01 to 02:20, which alone prove nothing).
"""

from __future__ import annotations

import re

_VIRTUAL = re.compile(
    r"00:00:5e:00:0[12]:|"
    r"00:00:0c:07:ac:|00:00:0c:9f:f|00:05:73:a0:0|00:07:b4:|"
    r"0[23]:bf:|01:00:5e:7f:"
)


def is_virtual(mac: str) -> bool:
    return _VIRTUAL.match(mac) is not None
