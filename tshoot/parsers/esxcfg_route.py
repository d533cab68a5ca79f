"""The IPv4 routes of an ESXi host's TCP/IP stack. `esxcfg-route -l`:

    VMkernel Routes:
    Network          Netmask          Gateway          Interface
    172.26.64.0      255.255.255.192  Local Subnet     vmk0
    default          0.0.0.0          172.26.64.1      vmk0

`esxcli network ip route ipv4 list` says the same with `0.0.0.0` for the local subnet and a fifth column:

    Network      Netmask          Gateway      Interface  Source
    -----------  ---------------  -----------  ---------  ------
    default      0.0.0.0          172.26.64.1  vmk0       MANUAL
    172.26.64.0  255.255.255.192  0.0.0.0      vmk0       MANUAL

Where a row could not be read and no default route was, whether there is one is not known; nor, where none was read, whether there is any.
"""

from __future__ import annotations

from typing import Any

from tshoot.model.facts import CommandText, Parsed
from tshoot.parsers._reading import Reading, is_separator
from tshoot.parsers._values import address, prefix_length

FACTS = {
    "entries": "list: the routes in order of appearance",
    "entries.*": "dict: one route",
    "entries.*.network": "str: network address; 0.0.0.0 for the default route",
    "entries.*.prefix_length": "int: length of its prefix in bits; 0 for the default route",
    "entries.*.gateway": "str or None: next hop; None where the network is on the link",
    "entries.*.interface": "str: the VMkernel interface it leaves by",
    "default_gateway": "str or None: next hop of the default route; None where there is none",
    "default_interface": "str or None: interface of the default route; None where there is none",
}


def parse(text: CommandText) -> Parsed:
    reading = Reading("esxcfg_route", text)
    entries: list[dict[str, Any]] = []
    columns = 0
    for line in reading.lines:
        words = line.text.replace("Local Subnet", "0.0.0.0").split()  # noqa: S104 (a word of the output, nothing is bound)
        if words[:4] == ["Network", "Netmask", "Gateway", "Interface"]:
            columns = len(words)
            for name, nothing in (("entries", entries), ("default_gateway", None), ("default_interface", None)):
                reading.put(name, nothing, line)
        elif line.text.strip() == "VMkernel Routes:" or is_separator(line.text):
            reading.skip(line)
        elif columns and len(words) == columns and (entry := _entry(words)):
            reading.note_fields(["entries", len(entries)], entry, line)
            entries.append(entry)
            if entry["prefix_length"] == 0 and reading.facts["default_interface"] is None:
                reading.forget("default_gateway", "default_interface")
                reading.put("default_gateway", entry["gateway"], line)
                reading.put("default_interface", entry["interface"], line)
    if reading.rows_unread():
        if reading.facts.get("default_interface") is None:
            reading.forget("default_gateway", "default_interface")
        if not entries:
            reading.forget("entries")
    return reading.parsed()


def _entry(words: list[str]) -> dict[str, Any] | None:
    """One route; None where the words are none."""
    network, gateway = ("0.0.0.0" if words[0] == "default" else words[0]), words[2]  # noqa: S104
    length = prefix_length(words[1])
    if length is None or "." not in words[1] or not address(network) or not address(gateway):
        return None
    return {"network": network, "prefix_length": length, "gateway": None if gateway == "0.0.0.0" else gateway, "interface": words[3]}  # noqa: S104
