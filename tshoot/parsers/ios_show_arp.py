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
from tshoot.parsers._neighbors import headers, neighbor, put_neighbors, template_neighbors
from tshoot.parsers._reading import Reading
from tshoot.parsers._records import Record
from tshoot.parsers._shapes import NEIGHBORS

FACTS = declared(NEIGHBORS, "by_address.*.router")

_HEADER = re.compile(r"Protocol\s{1,9}Address\s{1,30}Age\s{0,3}\(min\)\s{1,9}Hardware Addr\s{1,9}Type\s{1,9}Interface\s{0,9}")


def parse(text: CommandText) -> Parsed:
    reading = Reading("ios_show_arp", text)
    put_neighbors(reading, template_neighbors(reading, "cisco_ios_show_ip_arp", "ip_address", _entry), headers(reading, _HEADER))
    return reading.parsed()


def _entry(record: Record) -> Record | None:
    row = record.fields
    age = int(row["age"]) * 60 if re.fullmatch("[0-9]{1,7}", row["age"]) else None
    return neighbor(row["mac_address"], row["interface"], age, "permanent" if row["age"] == "-" else None, record.lines["ip_address"])
