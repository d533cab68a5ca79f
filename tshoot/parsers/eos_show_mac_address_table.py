"""`show mac address-table` of Arista EOS.

              Mac Address Table
    ------------------------------------------------------------------
    Vlan    Mac Address       Type        Ports      Moves   Last Move
    ----    -----------       ----        -----      -----   ---------
      10    c417.fe12.7d75    DYNAMIC     Et5        1       0:02:31 ago
    Total Mac Addresses for this criterion: 1

A table of multicast addresses may follow; it is read in the same way.
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

_HEADER = re.compile(r"\s{0,9}Vlan\s{1,9}Mac Address\s{1,20}Type\s{1,20}Ports.{0,40}", re.IGNORECASE)
_FRAME = re.compile(r"\s{0,30}(?:Multicast )?Mac Address Table|Total Mac Addresses", re.IGNORECASE)


def parse(text: CommandText) -> Parsed:
    reading = Reading("eos_show_mac_address_table", text)
    rows = []
    for record in template_records(reading, "arista_eos_show_mac_address-table", "mac_address"):
        fields, lines = record.fields, tuple(record.all_lines())
        row = mac_row(fields["mac_address"], fields["vlan_id"], " ".join(fields["destination_port"]), fields["type"], lines)
        if row is not None:
            rows.append(row)
    headers = [line for line in reading.lines if _HEADER.fullmatch(line.text)]
    reading.skip(*(line for line in reading.lines if _FRAME.match(line.text) or is_separator(line.text.rstrip())))
    put_mac_table(reading, rows, headers)
    return reading.parsed()
