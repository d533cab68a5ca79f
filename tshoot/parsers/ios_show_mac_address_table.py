"""`show mac address-table` of Cisco IOS and IOS XE switches.

              Mac Address Table
    -------------------------------------------

    Vlan    Mac Address       Type        Ports
    ----    -----------       --------    -----
      10    c417.fe12.7d75    DYNAMIC     Gi1/0/5
     All    0100.0ccc.cccc    STATIC      CPU
    Total Mac Addresses for this criterion: 2

The Catalyst 4500 and 6500 have other columns; all layouts are read by the template of ntc-templates.
"""

from __future__ import annotations

import re

from tshoot.model.facts import CommandText, Parsed
from tshoot.parsers._declared import declared
from tshoot.parsers._mac_table import mac_row, put_mac_table
from tshoot.parsers._reading import Reading, is_separator
from tshoot.parsers._shapes import MAC_TABLE
from tshoot.parsers._template import template_records

FACTS = declared(MAC_TABLE)

_HEADER = re.compile(
    r"\s{0,9}(?:Vlan\s{1,9}Mac Address\s{1,20}Type|vlan\s{1,9}mac address\s{1,20}type|Destination Address\s{1,9}Address Type)\b.{0,80}"
)
_FRAME = re.compile(
    r"\s{0,30}(?:Mac Address Table|Unicast Entries|Multicast Entries|Legend:|Total Mac Addresses|\S{1,20} - primary entry|age - |n/a - )",
    re.IGNORECASE,
)


def parse(text: CommandText) -> Parsed:
    reading = Reading("ios_show_mac_address_table", text)
    rows = []
    for record in template_records(reading, "cisco_ios_show_mac-address-table", "destination_address"):
        fields, lines = record.fields, tuple(record.all_lines())
        port = " ".join(fields["destination_port"])
        row = mac_row(fields["destination_address"], fields["vlan_id"], port, fields["type"], lines)
        if row is not None:
            rows.append(row)
    headers = [line for line in reading.lines if _HEADER.fullmatch(line.text)]
    reading.skip(*(line for line in reading.lines if _FRAME.match(line.text) or is_separator(line.text.rstrip())))
    put_mac_table(reading, rows, headers)
    return reading.parsed()
