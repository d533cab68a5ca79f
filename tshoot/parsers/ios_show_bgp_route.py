"""`show bgp ipv6 unicast X` and `show ip bgp X` of Cisco IOS and IOS XE: one prefix and its paths.

    BGP routing table entry for 2001:DB9:121:1::/64, version 12
    Paths: (1 available, best #1, table default)
      Not advertised to any peer
      Refresh Epoch 1
      Local
        2001:DB9:121:100::1 (metric 409600) from 2001:DB9:121:100::1 (10.0.0.1)
          Origin incomplete, metric 0, localpref 100, valid, internal, best
          rx pathid: 0, tx pathid: 0x0

A next hop that no route leads to is `(inaccessible)`; a path of the own AS is `Local`. Absent: `% Network not in table`.
"""

from __future__ import annotations

import re

from tshoot.model.facts import CommandText, Parsed
from tshoot.parsers._bgp_paths import Paths, as_path
from tshoot.parsers._declared import declared
from tshoot.parsers._reading import Line, Reading
from tshoot.parsers._shapes import BGP_ROUTE

FACTS = declared(BGP_ROUTE)

_DETAIL = re.compile(
    r"(?:BGP Bestpath:|Flag: |Multipath: )"
    r"|\s{1,12}(?:Not advertised|Advertised to|Refresh Epoch|rx pathid|Originator:|Community:|Extended Community:|Cluster list|Large Community|"
    r"mpls labels|Updated on|Connector Attribute|AIGP|DMZ-Link|Dampinfo|Received from|[0-9]{1,9}(?: +[0-9]{1,9}){0,40}\s{0,20}$|\(received)",
    re.IGNORECASE,
)
_PEERS = re.compile(r"\s{1,9}(?:[0-9A-Fa-f:.]{2,45}(?: {1,40}|$)){1,8}")


def parse(text: CommandText) -> Parsed:
    reading = Reading("ios_show_bgp_route", text)
    paths = Paths(reading)
    groups = False  # update groups or peers are listed, which look like an AS path
    for line in (line._replace(text=line.text.rstrip()) for line in reading.lines if line.stream == "stdout"):
        if groups and _PEERS.fullmatch(line.text):
            reading.skip(line)
            continue
        groups = re.match(r"\s{1,9}Advertised to", line.text) is not None
        if _take(paths, line):
            reading.skip(line)
    paths.finish()
    return reading.parsed()


def _take(paths: Paths, line: Line) -> bool:
    if paths.take(line):
        return True
    if path := as_path(line.text):
        paths.before("as_path", path, line)
        return True
    return _DETAIL.match(line.text) is not None
