"""`show mac address-table` of Cisco NX-OS.

Legend:
        * - primary entry, G - Gateway MAC, (R) - Routed MAC, O - Overlay MAC
   VLAN     MAC Address      Type      age     Secure NTFY Ports
---------+-----------------+--------+---------+------+----+------------------
*   10     c417.fe12.7d75   dynamic  0         F      F    Eth1/5
G    -     1234.1234.1234   static   -         F      F    sup-eth1(R)
"""

from __future__ import annotations

import re

from tshoot.model.facts import CommandText, Parsed
from tshoot.parsers._declared import declared
from tshoot.parsers._mac_table import mac_row, put_mac_table
from tshoot.parsers._reading import Line, Reading, is_separator
from tshoot.parsers._records import Record
from tshoot.parsers._shapes import MAC_TABLE

FACTS = declared(MAC_TABLE)

_HEADER = re.compile(r"\s{0,9}VLAN(?:/BD)?\s{1,20}MAC Address\s{1,20}Type\s{1,20}age\s{1,20}Secure\s{1,9}NTFY\s{1,9}Ports.{0,40}", re.IGNORECASE)
_ROW = re.compile(
    r"[*+GCEOP~ ]{0,4}\s{0,9}(?P<vlan>[0-9]{1,4}|-)\s{1,20}(?P<mac>[0-9A-Fa-f.]{14})\s{1,20}(?P<type>[a-z]{3,12})\s{1,20}\S{1,12}\s{1,20}[TF~]"
    r"\s{1,20}[TF~]\s{1,20}(?P<port>\S{1,60}(?: \S{1,40}){0,2})",
    re.IGNORECASE,
)
_FRAME = re.compile(r"\s{0,20}(?:Legend:|\S{1,3} - |age - |\(T\) - |\S{1,20} - primary entry|Note: )", re.IGNORECASE)


def parse(text: CommandText) -> Parsed:
    reading = Reading("nxos_show_mac_address_table", text)
    rows: list[Record] = []
    headers: list[Line] = []
    for line in (line for line in reading.lines if line.stream == "stdout"):
        words = line.text.rstrip()
        found = _ROW.fullmatch(words)
        row = mac_row(found["mac"], found["vlan"], found["port"], found["type"], (line,)) if found else None
        if row is not None:
            rows.append(row)
        elif _HEADER.fullmatch(words):
            headers.append(line)
        elif not is_separator(words) and not _FRAME.match(words):
            continue
        reading.skip(line)
    put_mac_table(reading, rows, headers)
    return reading.parsed()
