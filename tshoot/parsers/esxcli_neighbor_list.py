"""`esxcli network ip neighbor list` of ESXi: the ARP and neighbour table of its VMkernel interfaces.

    Neighbor                   Mac Address        Vmknic    Expiry  State      Type
    -------------------------  -----------------  ------  --------  ---------  -------
    172.16.0.2                 00:1f:ca:88:96:8c  vmk0    1139 sec             Unknown
    fe80::6e62:6dff:fea3:2ec2  6c:62:6d:a3:2e:c2  vmk0       0 sec  Reachable  Unknown

Older ones have no Type. The state is printed for IPv6 alone. Expiry is the time left, no age; of an incomplete entry
(`(incomplete)` for its MAC address) it is a random number.
"""

from __future__ import annotations

from tshoot.model.facts import CommandText, Parsed
from tshoot.parsers._declared import declared
from tshoot.parsers._neighbors import neighbor, put_neighbors
from tshoot.parsers._reading import Line, Reading, cells, dashed_columns
from tshoot.parsers._records import Record
from tshoot.parsers._shapes import NEIGHBORS
from tshoot.parsers._values import canonical_address

FACTS = declared(NEIGHBORS, "by_address.*.age_seconds", "by_address.*.router")


def parse(text: CommandText) -> Parsed:
    reading = Reading("esxcli_neighbor_list", text)
    rows: list[tuple[str, Record]] = []
    heads: list[Line] = []
    columns: dict[str, slice] = {}
    before: Line | None = None
    for line in reading.lines:
        if before and (found := dashed_columns(before, line)) and {"Neighbor", "Mac Address", "Vmknic"} <= set(found):
            columns = found
            heads += [before, line]
            reading.skip(before, line)
        elif columns and line.stream == "stdout":
            row = cells(line.text, columns)
            address = canonical_address(row["Neighbor"])
            entry = neighbor(row["Mac Address"], row["Vmknic"], None, row.get("State") or None, (line,)) if address and row["Vmknic"] else None
            if address and entry:
                rows.append((address, entry))
        before = line
    put_neighbors(reading, rows, heads)
    return reading.parsed()
