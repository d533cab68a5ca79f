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
from tshoot.parsers._mac_table import put_template_table
from tshoot.parsers._reading import Reading
from tshoot.parsers._shapes import MAC_TABLE

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
    put_template_table(reading, "cisco_ios_show_mac-address-table", "destination_address", _HEADER, _FRAME)
    return reading.parsed()
