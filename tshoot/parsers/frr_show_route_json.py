"""`show ipv6 route X json` and `show ip route X json` of FRR's zebra.

    {
      "2001:db9:121:100::/64":[
        {
          "prefix":"2001:db9:121:100::/64",
          "protocol":"bgp",
          "distance":200,
          "metric":0,
          "uptime":"00:00:11",
          "nexthops":[ {"flags":0, "ip":"2001:db9:121:100::1", "afi":"ipv6", "weight":1} ]
        },
        {
          "protocol":"ospf6",
          "selected":true,
          "nexthops":[ {"fib":true, "ip":"fe80::348f:f2ff:fe52:d0a7", "interfaceName":"eth0", "active":true} ]
        }
      ]
    }

A next hop without `active` is inactive; one with `resolver` is what the recursive one before it was resolved to: of that
only the interface is taken. Without a route the object is empty, or its list is (`{"::/0":[]}`, FRR 8.4).
"""

from __future__ import annotations

from tshoot.model.facts import CommandText, Parsed
from tshoot.parsers._declared import declared
from tshoot.parsers._json_text import Node, lines_of, read_json
from tshoot.parsers._reading import Line, Reading
from tshoot.parsers._records import Record
from tshoot.parsers._route import put_route
from tshoot.parsers._shapes import ROUTE
from tshoot.parsers._values import canonical_address, canonical_prefix, duration, protocol_named

FACTS = declared(ROUTE)


def parse(text: CommandText) -> Parsed:
    reading = Reading("frr_show_route_json", text)
    document = read_json(reading, text)
    if document is None or document.items is None:
        return reading.parsed()
    entries: list[Record] = []
    absent: tuple[Line, ...] = lines_of(reading, document)
    for prefix, sources in document.each():
        if not canonical_prefix(prefix) or sources.items is None:
            absent = ()
            continue
        for _, source in sources.each():
            entries += _next_hops(reading, sources, prefix, source)
    put_route(reading, text.command, entries, absent)
    return reading.parsed()


def _next_hops(reading: Reading, above: Node, prefix: str, source: Node) -> list[Record]:
    """The entries of one source of the route, one a next hop."""
    entries: list[Record] = []
    for _, hop in source.get("nexthops").each():
        interface = hop.get("interfaceName").text()
        if hop.get("resolver").flag():
            if entries and interface and not entries[-1].fields["interface"]:
                entries[-1].put("interface", interface, *lines_of(reading, hop.get("interfaceName")))
            continue
        entries.append(_entry(reading, source, canonical_prefix(prefix), above))
        _add_hop(reading, entries[-1], hop)
    return entries


def _entry(reading: Reading, source: Node, prefix: str | None, above: Node) -> Record:
    entry = Record()
    known = source.get("protocol")
    protocol, process = protocol_named(known.text() or "")
    entry.put("prefix", prefix, *(lines_of(reading, source.get("prefix")) or lines_of(reading, above)))
    if known.text():
        entry.put("protocol", protocol, *lines_of(reading, known))
        entry.put("process", process, *lines_of(reading, known))
    for name in ("distance", "metric"):
        entry.put(name, source.get(name).whole(), *lines_of(reading, source.get(name)))
    selected, uptime = source.get("selected"), source.get("uptime")
    entry.put("selected", selected.flag(), *lines_of(reading, selected if selected.first else source))
    entry.put("age_seconds", duration(uptime.text() or ""), *lines_of(reading, uptime))
    return entry


def _add_hop(reading: Reading, entry: Record, hop: Node) -> None:
    address, interface = hop.get("ip"), hop.get("interfaceName")
    drops = hop.get("unreachable").flag() or hop.get("blackhole").flag() or hop.get("reject").flag()
    whole = lines_of(reading, hop)
    entry.put("next_hop", canonical_address(address.text() or "") or "", *(lines_of(reading, address) or whole))
    entry.put("interface", interface.text() or "", *(lines_of(reading, interface) or whole))
    entry.put("recursive", hop.get("recursive").flag(), *(lines_of(reading, hop.get("recursive")) or whole))
    entry.put("active", hop.get("active").flag() and not drops, *(lines_of(reading, hop.get("active")) or whole))
