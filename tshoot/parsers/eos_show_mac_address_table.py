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
from tshoot.parsers._mac_table import put_template_table
from tshoot.parsers._reading import Reading
from tshoot.parsers._shapes import MAC_TABLE

FACTS = declared(MAC_TABLE)

_HEADER = re.compile(r"\s{0,9}Vlan\s{1,9}Mac Address\s{1,20}Type\s{1,20}Ports.{0,40}", re.IGNORECASE)
_FRAME = re.compile(r"\s{0,30}(?:Multicast )?Mac Address Table|Total Mac Addresses", re.IGNORECASE)


def parse(text: CommandText) -> Parsed:
    reading = Reading("eos_show_mac_address_table", text)
    put_template_table(reading, "arista_eos_show_mac_address-table", "mac_address", _HEADER, _FRAME)
    return reading.parsed()
