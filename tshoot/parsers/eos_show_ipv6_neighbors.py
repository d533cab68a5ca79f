"""`show ipv6 neighbors` of Arista EOS.

    IPv6 Address                                  Age Hardware Addr    State Interface
    fe80::5200:ff:fed7:ee0b                   3:22:44 5000.00d7.ee0b   REACH Et1
    2001:db8:1::50                            0:00:21 c417.fe12.7d75   STALE Vl10, Et2

Older releases print no state. Whether a neighbour is a router is not printed.
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

_HEADER = re.compile(r"IPv6 Address\s{1,60}Age\s{1,20}Hardware Addr\s{1,20}(?:State\s{1,9})?Interface\s{0,9}")
_ROW = re.compile(
    r"(?P<address>[0-9A-Fa-f:.]{2,45})(?:%[\w./-]{1,32})?\s{1,60}(?P<age>[0-9ywdhms:.]{1,16}|N/A|-)\s{1,20}(?P<mac>[0-9A-Fa-f.]{14}|\(?incomplete\)?)"
    r"(?:\s{1,20}(?P<state>[A-Z]{4,12}))?\s{1,20}(?P<interface>[A-Za-z][\w./-]{1,31})(?:, .{1,60})?",
    re.IGNORECASE,
)


def parse(text: CommandText) -> Parsed:
    reading = Reading("eos_show_ipv6_neighbors", text)
    rows: list[tuple[str, Record]] = []
    headers: list[Line] = []
    for line in (line for line in reading.lines if line.stream == "stdout"):
        words = line.text.rstrip()
        if _HEADER.fullmatch(words):
            headers.append(line)
        elif re.match(r"VRF: \S", words):
            pass
        elif (found := _ROW.fullmatch(words)) and canonical_address(found["address"]):
            entry = neighbor(found["mac"], found["interface"], duration(found["age"]), found["state"], (line,))
            if entry is None:
                continue
            rows.append((found["address"], entry))
        else:
            continue
        reading.skip(line)
    put_neighbors(reading, rows, headers)
    return reading.parsed()
