"""`show ipv6 neighbor` of Cisco NX-OS.

    IPv6 Adjacency Table for VRF default
    Total number of entries: 2
    Address         Age       MAC Address     Pref Source     Interface
    2001:db8:1::50  00:08:40  c417.fe12.7d75  50   icmpv6     Ethernet1/1
    fe80::203:ffff:fe13:7d75
                    00:01:46  0003.ff13.7d75  50   icmpv6     Ethernet1/1

A long address stands on a line of its own. No state is printed; an entry that is not resolved has INCOMPLETE for its MAC.
"""

from __future__ import annotations

import re

from tshoot.model.facts import CommandText, Parsed
from tshoot.parsers._declared import declared
from tshoot.parsers._neighbors import neighbor, put_neighbors
from tshoot.parsers._reading import Line, Reading
from tshoot.parsers._records import Record
from tshoot.parsers._shapes import NEIGHBORS
from tshoot.parsers._values import canonical_address, duration

FACTS = declared(NEIGHBORS, "by_address.*.router")

_HEADER = re.compile(r"Address\s{1,40}Age\s{1,20}MAC Address\s{1,20}Pref\s{1,9}Source\s{1,20}Interface.{0,60}")
_FRAME = re.compile(r"(?:Flags: )?\s{0,9}(?:[*+#]|[A-Z]{1,2}) {0,2} - \S|IPv6 Adjacency Table|Total number of entries")
_ROW = re.compile(
    r"(?P<address>[0-9A-Fa-f:]{2,45})?(?:%[\w.-]{1,32})?\s{1,40}(?P<age>[0-9ywdhms:.]{1,16}|-)\s{1,20}(?P<mac>[0-9A-Fa-f.]{14}|INCOMPLETE)"
    r"\s{1,20}[0-9]{1,3}\s{1,9}[\w-]{1,20}\s{1,20}(?P<interface>\S{1,32})(?:\s.{0,60})?",
    re.IGNORECASE,
)


def parse(text: CommandText) -> Parsed:
    reading = Reading("nxos_show_ipv6_neighbors", text)
    rows: list[tuple[str, Record]] = []
    headers: list[Line] = []
    waiting: tuple[str, Line] | None = None  # an address whose entry stands on the next line
    for line in (line for line in reading.lines if line.stream == "stdout"):
        words = line.text.rstrip()
        found = _ROW.fullmatch(words)
        if _HEADER.fullmatch(words):
            headers.append(line)
        elif found and (found["address"] or waiting):
            address, lines = (found["address"], (line,)) if found["address"] or not waiting else (waiting[0], (waiting[1], line))
            entry = neighbor(found["mac"], found["interface"], duration(found["age"]), None, lines) if canonical_address(address) else None
            waiting = None
            if entry is None:
                continue
            rows.append((address, entry))
        elif headers and ":" in words and canonical_address(words):
            waiting = (words, line)
        elif not _FRAME.match(words):
            continue
        reading.skip(line)
    put_neighbors(reading, rows, headers)
    return reading.parsed()
