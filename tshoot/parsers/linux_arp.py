"""`arp -a` and `arp -an` of Linux (net-tools).

    ? (192.0.2.20) at 02:00:00:00:00:20 [ether] PERM on eth0
    ? (192.0.2.77) at <incomplete> on eth0
    gw.example.net (192.0.2.1) at 1a:7d:4a:27:e2:ef [ether] on eth0

Only permanent and incomplete entries say their state. An empty output is an empty table.
"""

from __future__ import annotations

import re

from tshoot.model.facts import CommandText, Parsed
from tshoot.parsers._declared import declared
from tshoot.parsers._neighbors import neighbor, put_neighbors
from tshoot.parsers._reading import Line, Reading
from tshoot.parsers._records import Record
from tshoot.parsers._shapes import NEIGHBORS
from tshoot.parsers._values import canonical_address

FACTS = declared(NEIGHBORS, "by_address.*.age_seconds", "by_address.*.router")

_ROW = re.compile(
    r"\S{1,255} \((?P<address>[0-9.]{7,15})\) at (?P<mac>[0-9a-fA-F:]{11,17}|<incomplete>)(?: \[[a-z]{1,12}\])?(?P<flags>(?: [A-Z]{2,8}){0,4})"
    r"(?: netmask \S{1,15})? {1,2}on (?P<interface>[A-Za-z0-9][A-Za-z0-9._:@-]{0,31})"
)
_NONE = re.compile(r"arp: in [0-9]{1,9} entries no match found\.|\S{1,255} \([0-9.]{7,15}\) -- no entry")


def parse(text: CommandText) -> Parsed:
    reading = Reading("linux_arp", text)
    rows: list[tuple[str, Record]] = []
    for line in reading.lines:
        found = _ROW.fullmatch(line.text.rstrip())
        address = canonical_address(found["address"]) if found else None
        entry = _neighbor(found, line) if found else None
        if address and entry:
            rows.append((address, entry))
        elif _NONE.fullmatch(line.text.rstrip()):
            reading.skip(line)
    put_neighbors(reading, rows, (), empty=text.exit_status in (0, 1))
    return reading.parsed()


def _neighbor(found: re.Match[str], line: Line) -> Record | None:
    return neighbor(found["mac"], found["interface"], None, "permanent" if "PERM" in found["flags"].split() else None, (line,))
