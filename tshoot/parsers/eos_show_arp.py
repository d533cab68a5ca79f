"""`show ip arp` and `show arp` of Arista EOS.

    Address         Age (sec)  Hardware Addr   Interface
    192.0.2.50        0:00:05  c417.fe12.7d75  Vlan10, Port-Channel1
    192.0.2.1             N/A  001c.7300.1319  Management1

Ages are hours, minutes and seconds (older releases: minutes, `Age (min)`); N/A is a static entry. The interface may be followed by the port.
"""

from __future__ import annotations

import re

from tshoot.model.facts import CommandText, Parsed
from tshoot.parsers._declared import declared
from tshoot.parsers._neighbors import neighbor, put_neighbors
from tshoot.parsers._reading import Reading
from tshoot.parsers._shapes import NEIGHBORS
from tshoot.parsers._template import template_records
from tshoot.parsers._values import canonical_address, duration

FACTS = declared(NEIGHBORS, "by_address.*.router")

_HEADER = re.compile(r"Address\s{1,30}Age \((sec|min)\)\s{1,9}Hardware Addr\s{1,9}Interface\s{0,9}")
_UNITS = {"min": 60, "sec": 1}


def parse(text: CommandText) -> Parsed:
    reading = Reading("eos_show_arp", text)
    headers = [(line, found[1]) for line in reading.lines if (found := _HEADER.fullmatch(line.text))]
    unit = _UNITS[headers[0][1]] if headers else 0
    rows = []
    for record in template_records(reading, "arista_eos_show_ip_arp", "ip_address"):
        row, lines = record.fields, record.lines["ip_address"]
        state = "permanent" if row["age"].upper() == "N/A" else None
        interface = row["interface"].split(",")[0].strip()
        entry = neighbor(row["mac_address"], interface, _age(row["age"], unit), state, lines) if canonical_address(row["ip_address"]) else None
        if entry is not None:
            rows.append((row["ip_address"], entry))
    put_neighbors(reading, rows, (line for line, _ in headers))
    return reading.parsed()


def _age(word: str, unit: int) -> int | None:
    if unit and re.fullmatch("[0-9]{1,7}", word):
        return int(word) * unit
    return duration(word)
