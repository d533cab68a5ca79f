"""`show ip bgp X`, `show ipv6 bgp X` and `show bgp ipv6 unicast X` of Cisco NX-OS: one prefix and its paths.

    BGP routing table information for VRF default, address family IPv6 Unicast
    BGP routing table entry for 2001:db9:121:1::/64, version 50
    Paths: (1 available, best #1)
    Flags: (0x08001a) (high32 00000000) on xmit-list, is in u6rib, is best u6rib route, is in HW

      Advertised path-id 1
      Path type: internal, path is valid, is best path, no labeled nexthop, in rib
      AS-Path: NONE, path sourced internal to AS
        2001:db9:121:100::1 (metric 2) from 2001:db9:121:100::1 (10.0.0.1)
          Origin incomplete, MED 0, localpref 100, weight 0

What is wrong with a path stands before it: `path is invalid(rnh not resolved)`, `(inaccessible, …)` behind its next hop.
"""

from __future__ import annotations

import re

from tshoot.model.facts import CommandText, Parsed
from tshoot.parsers._bgp_paths import Paths
from tshoot.parsers._declared import declared
from tshoot.parsers._reading import Line, Reading
from tshoot.parsers._shapes import BGP_ROUTE

FACTS = declared(BGP_ROUTE)

_TYPE = re.compile(r"\s{1,9}Path type: (\w[\w-]{1,20}), path is (valid|invalid).{0,200}", re.IGNORECASE)
_AS_PATH = re.compile(r"\s{1,9}AS-Path: (NONE|[0-9{}()., ]{1,300}?) ?, path (?:sourced|locally).{0,80}", re.IGNORECASE)
_DETAIL = re.compile(
    r"(?:BGP routing table information for VRF|Flags: |Multipath: )"
    r"|\s{1,12}(?:Advertised path-id|Path-id [0-9]{1,5} |Not advertised|Originator:|Community:|Extcommunity:|Imported|Received |"
    r"[0-9A-Fa-f:.]{2,45} {0,40}$)",
    re.IGNORECASE,
)


def parse(text: CommandText) -> Parsed:
    reading = Reading("nxos_show_bgp_route", text)
    paths = Paths(reading)
    for line in reading.lines:
        if line.stream == "stdout" and _take(paths, line._replace(text=line.text.rstrip())):
            reading.skip(line)
    paths.finish()
    return reading.parsed()


def _take(paths: Paths, line: Line) -> bool:
    if found := _TYPE.fullmatch(line.text):
        paths.before("valid", found[2].lower() == "valid", line)
        paths.before("best", re.search("is best path", line.text, re.IGNORECASE) is not None, line)
        paths.before("internal", found[1].lower().endswith("internal"), line)
    elif found := _AS_PATH.fullmatch(line.text):
        paths.before("as_path", "" if found[1].upper() == "NONE" else " ".join(found[1].split()), line)
    elif not paths.take(line):
        return _DETAIL.match(line.text) is not None
    return True
