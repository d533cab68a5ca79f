"""`show ipv6 neighbors` of Cisco IOS and IOS XE.

    IPv6 Address                              Age Link-layer Addr State Interface
    2001:DB8:1::50                              0 c417.fe12.7d75  REACH Gi0/0
    FE80::203:FFFF:FE13:7D75                   12 -               INCMP Gi0/0

Ages are minutes; `-` is an entry that was configured. Whether a neighbour is a router is not printed.
"""

from __future__ import annotations

import re

from tshoot.model.facts import CommandText, Parsed
from tshoot.parsers._declared import declared
from tshoot.parsers._neighbors import neighbor, put_neighbors
from tshoot.parsers._reading import Reading
from tshoot.parsers._shapes import NEIGHBORS
from tshoot.parsers._template import template_records
from tshoot.parsers._values import canonical_address

FACTS = declared(NEIGHBORS, "by_address.*.router")

_HEADER = re.compile(r"IPv6\s{1,9}Address\s{1,60}Age\s{1,20}Link-layer\s{1,9}Addr\s{1,20}State\s{1,20}Interface\s{0,9}")


def parse(text: CommandText) -> Parsed:
    reading = Reading("ios_show_ipv6_neighbors", text)
    rows = []
    for record in template_records(reading, "cisco_ios_show_ipv6_neighbors", "address"):
        row, lines = record.fields, record.lines["address"]
        age = int(row["age"]) * 60 if re.fullmatch("[0-9]{1,7}", row["age"]) else None
        entry = neighbor(row["mac_address"], row["interface"], age, row["type"], lines) if canonical_address(row["address"]) else None
        if entry is not None:
            rows.append((row["address"], entry))
    put_neighbors(reading, rows, (line for line in reading.lines if _HEADER.fullmatch(line.text)))
    return reading.parsed()
