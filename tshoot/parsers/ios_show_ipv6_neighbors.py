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
from tshoot.parsers._neighbors import headers, neighbor, put_neighbors, template_neighbors
from tshoot.parsers._reading import Reading
from tshoot.parsers._records import Record
from tshoot.parsers._shapes import NEIGHBORS

FACTS = declared(NEIGHBORS, "by_address.*.router")

_HEADER = re.compile(r"IPv6\s{1,9}Address\s{1,60}Age\s{1,20}Link-layer\s{1,9}Addr\s{1,20}State\s{1,20}Interface\s{0,9}")


def parse(text: CommandText) -> Parsed:
    reading = Reading("ios_show_ipv6_neighbors", text)
    put_neighbors(reading, template_neighbors(reading, "cisco_ios_show_ipv6_neighbors", "address", _entry), headers(reading, _HEADER))
    return reading.parsed()


def _entry(record: Record) -> Record | None:
    row = record.fields
    age = int(row["age"]) * 60 if re.fullmatch("[0-9]{1,7}", row["age"]) else None
    return neighbor(row["mac_address"], row["interface"], age, row["type"], record.lines["address"])
