"""`show bgp ipv6 unicast X json` of FRR's bgpd.

    {
      "prefix":"2001:db9:f00::/48",
      "paths":[
        {
          "aspath":{ "string":"65000", "length":1 },
          "origin":"IGP",
          "valid":true,
          "bestpath":{ "overall":true, "selectionReason":"First path received" },
          "nexthops":[ {"ip":"2001:db9:121:100::1", "scope":"global", "metric":20, "accessible":true, "used":true} ],
          "peer":{ "peerId":"2001:db9:121:100::1", "routerId":"10.0.0.1", "type":"internal" }
        }
      ]
    }

Of two next hops, a global and a link-local one, the global one counts. Without the prefix: `{}`.
"""

from __future__ import annotations

from tshoot.model.facts import CommandText, Parsed
from tshoot.parsers._bgp_route import origin, put_no_prefix, put_paths, sender
from tshoot.parsers._declared import declared
from tshoot.parsers._json_text import Node, lines_of, read_json
from tshoot.parsers._reading import Reading
from tshoot.parsers._records import Record
from tshoot.parsers._shapes import BGP_ROUTE
from tshoot.parsers._values import canonical_address, canonical_prefix

FACTS = declared(BGP_ROUTE)


def parse(text: CommandText) -> Parsed:
    reading = Reading("frr_show_bgp_route_json", text)
    document = read_json(reading, text)
    if document is None or document.items is None:
        return reading.parsed()
    prefix = document.get("prefix")
    named = canonical_prefix(prefix.text() or "")
    if named:
        put_paths(reading, named, lines_of(reading, prefix), [_path(reading, path) for _, path in document.get("paths").each()])
    elif not document.items:
        put_no_prefix(reading, *lines_of(reading, document))
    return reading.parsed()


def _path(reading: Reading, path: Node) -> Record:
    record = Record()
    whole = lines_of(reading, path)
    hops = [hop for _, hop in path.get("nexthops").each()]
    hop = next((hop for hop in hops if hop.get("scope").text() != "link-local"), hops[0] if hops else Node(None, None, 0, 0))
    best, valid, kind, peer = path.get("bestpath", "overall"), path.get("valid"), path.get("peer", "type"), path.get("peer", "peerId")
    came_from = canonical_address(peer.text() or "")
    record.put("next_hop", canonical_address(hop.get("ip").text() or ""), *lines_of(reading, hop.get("ip")))
    record.put("accessible", hop.get("accessible").flag() if hop.first else None, *(lines_of(reading, hop.get("accessible")) or whole))
    record.put("from", sender(came_from) if came_from else None, *lines_of(reading, peer))
    record.put("best", best.flag(), *(lines_of(reading, best) or whole))
    record.put("valid", valid.flag(), *(lines_of(reading, valid) or whole))
    record.put("internal", (kind.text() or "").endswith("internal"), *(lines_of(reading, kind) or whole))
    record.put("as_path", path.get("aspath", "string").text(), *lines_of(reading, path.get("aspath", "string")))
    record.put("origin", origin(path.get("origin").text() or ""), *lines_of(reading, path.get("origin")))
    return record
