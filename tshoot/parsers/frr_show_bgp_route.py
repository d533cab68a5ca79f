"""`show bgp ipv6 unicast X` of FRR's bgpd: one prefix, its paths in order.

    BGP routing table entry for 2001:db9:f00::/48, version 8
    Paths: (1 available, no best path)
      Not advertised to any peer
      65000
        2001:db9:10::1 (inaccessible) from 2001:db9:121:100::1 (10.0.0.1)
          Origin IGP, metric 0, localpref 100, invalid, internal
          Last update: Sat Nov 21 07:05:09 2026

The line above the one with the next hop is the AS path. Without the prefix: `% Network not in table`.
"""

from __future__ import annotations

import re

from tshoot.model.facts import CommandText, Parsed
from tshoot.parsers._bgp_route import origin, put_no_prefix, put_paths, sender
from tshoot.parsers._declared import declared
from tshoot.parsers._reading import Line, Reading
from tshoot.parsers._records import Record
from tshoot.parsers._shapes import BGP_ROUTE
from tshoot.parsers._values import canonical_address, canonical_prefix

FACTS = declared(BGP_ROUTE)

_ENTRY = re.compile(r"BGP routing table entry for (\S{1,64}?)(?:, version [0-9]{1,10})?")
_ADDRESS = r"(?:[A-Za-z0-9._-]{1,64}\()?([0-9A-Fa-f:.]{2,45})\)?"
_HOP = re.compile(rf" {{4}}{_ADDRESS}((?: \([a-z][^()]{{0,40}}\)){{0,3}}) from {_ADDRESS} \([0-9.]{{7,15}}\).{{0,80}}")
_DETAIL = re.compile(r" {6}Origin (\S{1,12}), (.{0,300})")
_OTHER = re.compile(
    r"Paths: \(|  (?:Not a|A)dvertised to |    \(fe80:"
    r"|      (?:Last update|Community|Large Community|Extended Community|Originator|AddPath ID|Cluster list)"
)
_PEERS = re.compile(r"  [0-9A-Fa-f:.]{2,45}(?: [0-9A-Fa-f:.]{2,45}){0,200} ?")
_NONE = re.compile(r"% ?Network not in table")


def parse(text: CommandText) -> Parsed:
    reading = Reading("frr_show_bgp_route", text)
    paths: list[Record] = []
    prefix, said = "", []
    before: Line | None = None
    for line in reading.lines:
        written = line.text.rstrip()
        if found := _ENTRY.fullmatch(written):
            prefix, said = canonical_prefix(found[1]) or "", [line]
        elif _NONE.match(written):
            put_no_prefix(reading, line)
        elif prefix and (hop := _HOP.fullmatch(written)):
            paths.append(_path(reading, hop, line, before))
        elif paths and (detail := _DETAIL.fullmatch(written)):
            _add_detail(paths[-1], detail, line)
        elif _OTHER.match(written) or _PEERS.fullmatch(written):
            reading.skip(line)
        before = line
    if prefix:
        put_paths(reading, prefix, said, paths)
    return reading.parsed()


def _path(reading: Reading, hop: re.Match[str], line: Line, before: Line | None) -> Record:
    path = Record()
    came_from = canonical_address(hop[3])
    path.put("next_hop", canonical_address(hop[1]), line)
    path.put("from", sender(came_from) if came_from else None, line)
    path.put("accessible", "(inaccessible" not in hop[2], line)
    if before is not None and (written := re.fullmatch(r"  (\S.{0,400})", before.text.rstrip())):
        path.put("as_path", written[1].partition(",")[0], before)
        reading.skip(before)
    return path


def _add_detail(path: Record, detail: re.Match[str], line: Line) -> None:
    words = [word.partition(" ")[0] for word in detail[2].split(", ")]
    path.put("origin", origin(detail[1]), line)
    path.put("valid", "valid" in words, line)
    path.put("best", "best" in words, line)
    path.put("internal", "internal" in words or "confed-internal" in words, line)
