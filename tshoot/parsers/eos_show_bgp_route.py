"""`show ip bgp X`, `show ipv6 bgp X` and `show bgp ipv6 unicast X` of Arista EOS: one prefix and its paths.

    BGP routing table information for VRF default
    Router identifier 10.0.0.2, local AS number 65012
    BGP routing table entry for 2001:db9:121:1::/64
     Paths: 1 available
      Local
        2001:db9:121:100::1 from 2001:db9:121:100::1 (10.0.0.1)
          Origin INCOMPLETE, metric 0, localpref 100, IGP metric 20, weight 0, tag 0
          Received 00:01:10 ago, valid, internal, best
          Rx SAFI: Unicast

A path whose next hop no route leads to is `invalid`, and `IGP metric` is `-`. A prefix that is not there: the head without an entry.
"""

from __future__ import annotations

import re

from tshoot.model.facts import CommandText, Parsed
from tshoot.parsers._bgp_paths import Paths, as_path
from tshoot.parsers._declared import declared
from tshoot.parsers._reading import Line, Reading
from tshoot.parsers._shapes import BGP_ROUTE

FACTS = declared(BGP_ROUTE)

_RECEIVED = re.compile(r"\s{2,12}(?:Received|Updated) [0-9ywdhms:.]{2,16} ago, (.{1,200})", re.IGNORECASE)
_UNRESOLVED = re.compile(r"IGP metric (?:-|4294967295)", re.IGNORECASE)
_DETAIL = re.compile(
    r"(?:BGP routing table information for VRF|Router identifier)"
    r"|\s{1,12}(?:Not advertised|Advertised to|Originator:|Community:|Extended Community:|Cluster list|Large Community|Rx path id|Rx SAFI|Tunnel RIB|"
    r"Local MPLS|Remote MPLS|peer-group |AIGP|BGP unicast)",
    re.IGNORECASE,
)


def parse(text: CommandText) -> Parsed:
    reading = Reading("eos_show_bgp_route", text)
    paths = Paths(reading)
    peers = False  # the peers that it is advertised to are listed
    for line in (line._replace(text=line.text.rstrip()) for line in reading.lines if line.stream == "stdout"):
        listed = peers and re.fullmatch(r"\s{2,9}(?:(?:peer-group )?[\w:.%-]{2,60}(?: {1,40}|$)){1,8}", line.text)
        peers = bool(listed) or re.match(r"\s{1,9}Advertised to", line.text) is not None
        if listed or _take(paths, line):
            reading.skip(line)
    paths.finish()
    return reading.parsed()


def _take(paths: Paths, line: Line) -> bool:
    if paths.take(line):
        if paths.current is not None and _UNRESOLVED.search(line.text):
            paths.current.put("accessible", False, line)
    elif found := _RECEIVED.fullmatch(line.text):
        paths.words(line, found[1])
    elif path := as_path(line.text):
        paths.before("as_path", path, line)
    else:
        return _DETAIL.match(line.text) is not None
    return True
