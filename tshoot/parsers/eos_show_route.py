"""`show ip route X` and `show ipv6 route X` of Arista EOS.

    VRF: default
    Codes: C - connected, S - static, K - kernel,
           O - OSPF, IA - OSPF inter area, B - Other BGP Routes,
           B I - iBGP, B E - eBGP, R - RIP

     B I      10.1.0.0/24 [200/0]
               via 10.0.0.1, Ethernet1

EOS prints neither ages nor whether a next hop was resolved through another route: those facts stay unknown. Where nothing covers
an IPv4 address it prints the legend and `Gateway of last resort is not set` alone; without that line an empty table says nothing.
"""

from __future__ import annotations

import re

from tshoot.model.facts import CommandText, Parsed
from tshoot.parsers._declared import declared
from tshoot.parsers._reading import Reading
from tshoot.parsers._route import asked_for, put_route
from tshoot.parsers._route_rows import RouteRows
from tshoot.parsers._shapes import ROUTE

FACTS = declared(ROUTE, "recursive", "age_seconds")

_LETTERS = {"C": "connected", "S": "static", "K": "kernel", "R": "rip", "B": "bgp", "A": "other"}
_NO_DEFAULT = re.compile(r"Gateway of last resort is not set\s{0,9}", re.IGNORECASE)


def parse(text: CommandText) -> Parsed:
    reading = Reading("eos_show_route", text)
    rows = RouteRows(_protocol, resolves=False)
    empty = []
    for line in reading.lines:
        if line.stream == "stdout" and rows.take(line._replace(text=line.text.rstrip())):
            reading.skip(line)
            if _NO_DEFAULT.fullmatch(line.text) and asked_for(text.command):
                empty.append(line)
    entries = rows.finished()
    put_route(reading, text.command, entries, rows.absent or ([] if reading.rows_unread(*empty) else empty))
    return reading.parsed()


def _protocol(code: str) -> str:
    words = code.replace("*", " ").split()
    if words[0] == "A" and words[-1] == "B":
        return "bgp"
    starts = (("O", "ospf"), ("I", "isis"))
    return _LETTERS.get(words[0]) or next((protocol for start, protocol in starts if words[0].startswith(start)), "other")
