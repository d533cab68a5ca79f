"""`show ip arp` of Cisco NX-OS.

    IP ARP Table for context default
    Total number of entries: 2
    Address         Age       MAC Address     Interface       Flags
    192.168.228.1   00:00:43  0000.abcd.1111  mgmt0
    192.168.228.9   00:00:05  INCOMPLETE      Vlan10

Above it stands a legend of flags. Of complete entries no state is printed.
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

_HEADER = re.compile(r"Address\s{1,20}Age\s{1,20}MAC Address\s{1,20}Interface(?:\s{1,20}(?:Physical Interface\s{1,9})?Flags)?\s{0,9}")
_FRAME = re.compile(r"(?:Flags: )?\s{0,9}(?:[*+#]|[A-Z]{1,2}) {0,2} - \S|IP ARP Table|Total number of entries")


def parse(text: CommandText) -> Parsed:
    reading = Reading("nxos_show_arp", text)
    reading.skip(*(line for line in reading.lines if _FRAME.match(line.text)))
    put_neighbors(reading, template_neighbors(reading, "cisco_nxos_show_ip_arp", "ip_address", _entry), headers(reading, _HEADER))
    return reading.parsed()


def _entry(record: Record) -> Record | None:
    row = record.fields
    return neighbor(row["mac_address"], row["interface"], duration(row["age"]), None, record.lines["ip_address"])
