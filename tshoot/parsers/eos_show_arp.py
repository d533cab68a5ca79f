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
from tshoot.parsers._neighbors import headers, neighbor, put_neighbors, template_neighbors
from tshoot.parsers._reading import Reading
from tshoot.parsers._records import Record
from tshoot.parsers._shapes import NEIGHBORS
from tshoot.parsers._values import duration

FACTS = declared(NEIGHBORS, "by_address.*.router")

_HEADER = re.compile(r"Address\s{1,30}Age \((?:sec|min)\)\s{1,9}Hardware Addr\s{1,9}Interface\s{0,9}")


def parse(text: CommandText) -> Parsed:
    reading = Reading("eos_show_arp", text)
    heads = headers(reading, _HEADER)
    unit = 0 if not heads else 60 if "(min)" in heads[0].text else 1
    put_neighbors(reading, template_neighbors(reading, "arista_eos_show_ip_arp", "ip_address", lambda record: _entry(record, unit)), heads)
    return reading.parsed()


def _entry(record: Record, unit: int) -> Record | None:
    """`unit`: seconds that an age counts in where it is a mere number."""
    row = record.fields
    state = "permanent" if row["age"].upper() == "N/A" else None
    interface = row["interface"].split(",")[0].strip()
    return neighbor(row["mac_address"], interface, _age(row["age"], unit), state, record.lines["ip_address"])


def _age(word: str, unit: int) -> int | None:
    if unit and re.fullmatch("[0-9]{1,7}", word):
        return int(word) * unit
    return duration(word)
