"""`show ip arp` and `show arp` of Cisco IOS and IOS XE.

    Protocol  Address          Age (min)  Hardware Addr   Type   Interface
    Internet  192.0.2.1               -   0012.7f57.ac02  ARPA   GigabitEthernet0/0
    Internet  192.0.2.7               0   Incomplete      ARPA

An age of `-` is the router's own address, which is permanent. Of other entries no state is printed.
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

_HEADER = re.compile(r"Protocol\s{1,9}Address\s{1,30}Age\s{0,3}\(min\)\s{1,9}Hardware Addr\s{1,9}Type\s{1,9}Interface\s{0,9}")


def parse(text: CommandText) -> Parsed:
    reading = Reading("ios_show_arp", text)
    rows = []
    for record in template_records(reading, "cisco_ios_show_ip_arp", "ip_address"):
        row, lines = record.fields, record.lines["ip_address"]
        age = int(row["age"]) * 60 if re.fullmatch("[0-9]{1,7}", row["age"]) else None
        state = "permanent" if row["age"] == "-" else None
        known = canonical_address(row["ip_address"])
        entry = neighbor(row["mac_address"], row["interface"], age, state, lines) if known else None
        if entry is not None:
            rows.append((row["ip_address"], entry))
    put_neighbors(reading, rows, (line for line in reading.lines if _HEADER.fullmatch(line.text)))
    return reading.parsed()
