"""`ip neigh` of Linux (iproute2), for IPv4 and IPv6, also with `-s`.

    2001:db8:1::77 dev eth0 FAILED
    2001:db8:1::1 dev eth0 lladdr 1a:7d:4a:27:e2:ef router REACHABLE
    192.0.2.1 dev eth0 lladdr 1a:7d:4a:27:e2:ef  ref 1 used 4/4/4probes 4 REACHABLE

With `dev eth0` in the command the rows do not name the interface: then it is that one. The age (`-s`) is the time since the
entry was last confirmed; of an entry without a MAC address it means nothing. An empty output is an empty table.
"""

from __future__ import annotations

import re

from tshoot.model.facts import CommandText, Parsed
from tshoot.parsers._declared import declared
from tshoot.parsers._neighbors import put_neighbors
from tshoot.parsers._reading import Line, Reading
from tshoot.parsers._records import Record
from tshoot.parsers._shapes import NEIGHBORS
from tshoot.parsers._values import canonical_address, canonical_mac

FACTS = declared(NEIGHBORS)

_STATE = r"(?:PERMANENT|NOARP|REACHABLE|STALE|NONE|INCOMPLETE|DELAY|PROBE|FAILED)"
_ROW = re.compile(
    rf"(?P<address>[0-9A-Fa-f:.]{{2,45}})(?: dev (?P<interface>[A-Za-z0-9][A-Za-z0-9._:@-]{{0,31}}))?(?: lladdr (?P<mac>[0-9a-f:.]{{2,59}}))?"
    rf"(?P<rest>(?: {{1,3}}[a-z0-9_/-]{{1,40}}){{0,12}}) (?P<state>{_STATE}(?:,{_STATE}){{0,2}}) ?"
)
_PROXY = re.compile(r"[0-9A-Fa-f:.]{2,45}(?: dev [A-Za-z0-9][A-Za-z0-9._:@-]{0,31})? {1,2}proxy ?")
_USED = re.compile(r"used [0-9]{1,9}/([0-9]{1,9})/")
_DEVICE = re.compile(r" dev ([A-Za-z0-9][A-Za-z0-9._:@-]{0,31})")


def parse(text: CommandText) -> Parsed:
    reading = Reading("linux_ip_neigh", text)
    device = _DEVICE.search(text.command[:400])
    rows: list[tuple[str, Record]] = []
    for line in reading.lines:
        found = _ROW.fullmatch(line.text)
        if found and (address := canonical_address(found["address"])):
            rows.append((address, _neighbor(found, device[1] if device else None, line)))
        elif _PROXY.fullmatch(line.text):
            reading.skip(line)  # an address that the host answers for, no neighbour
    put_neighbors(reading, rows, (), empty=text.exit_status == 0)
    return reading.parsed()


def _neighbor(found: re.Match[str], device: str | None, line: Line) -> Record:
    entry = Record()
    mac = canonical_mac(found["mac"] or "") or ""
    entry.put("mac", mac, line)
    entry.put("interface", found["interface"] or device, line)
    entry.put("state", found["state"].partition(",")[0].lower(), line)
    if ":" in found["address"]:
        entry.put("router", "router" in found["rest"].split(), line)
    if mac and (used := _USED.search(found["rest"])):
        entry.put("age_seconds", int(used[1]), line)
    return entry
