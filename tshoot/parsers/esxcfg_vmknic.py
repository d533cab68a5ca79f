"""`esxcfg-vmknic -l`: the VMkernel interfaces of an ESXi host, one row an address.

    Interface  Port Group/DVPort/Opaque Network        IP Family IP Address                Netmask         Broadcast       MAC Address       MTU     TSO MSS   Enabled Type                NetStack
    vmk0       Management Network                      IPv4      172.26.64.10              255.255.255.192 172.26.64.63    88:e9:a4:6b:b8:54 1500    65535     true    STATIC              defaultTcpipStack
    vmk0       Management Network                      IPv6      fe80::8ae9:a4ff:fe6b:b854 64                              88:e9:a4:6b:b8:54 1500    65535     true    STATIC, PREFERRED   defaultTcpipStack

5.x has no NetStack column. An IPv6 row holds the prefix length under Netmask. A name longer than its column pushes the
rest to the right, so a row is cut at what cannot be mistaken: the last address family before the MAC address. Of a row
that is torn only the name is taken: it stays unread, and the interface is not said to be missing.
"""  # noqa: E501

from __future__ import annotations

import re
from typing import Any

from tshoot.model.facts import CommandText, Parsed
from tshoot.parsers._reading import Line, Reading
from tshoot.parsers._values import address, prefix_length

FACTS = {
    "names": "list of str: the interfaces in order of appearance",
    "names.*": "str: one interface, such as vmk0",
    "by_name": "dict: what is known of each interface, by its name",
    "by_name.*": "dict: one interface",
    "by_name.*.mtu": "int: bytes of the largest IP packet",
    "by_name.*.enabled": "bool: the interface is enabled",
    "by_name.*.portgroup": "str: port group, distributed port or opaque network",
    "by_name.*.mac": "str: MAC address, lower case",
    "by_name.*.netstack": "str: TCP/IP stack; defaultTcpipStack where the host names none",
    "by_name.*.ipv4": "str or None: first IPv4 address",
    "by_name.*.ipv4_netmask": "str or None: its netmask",
    "by_name.*.addresses": "list: all addresses",
    "by_name.*.addresses.*": "dict: one address",
    "by_name.*.addresses.*.family": "str: ipv4 or ipv6",
    "by_name.*.addresses.*.address": "str: the address",
    "by_name.*.addresses.*.prefix_length": "int: length of its prefix in bits",
    "by_name.*.addresses.*.type": "str: how it was assigned, such as STATIC or DHCP",
}

_MAC = re.compile(r"\s([0-9A-Fa-f]{2}(?::[0-9A-Fa-f]{2}){5})\s")
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9._:-]{0,31}")
_TORN = re.compile(r"(vmk[0-9]{1,5})\s")
_FAMILY = re.compile(r"\s(IPv[46])(?=\s)")


def parse(text: CommandText) -> Parsed:
    reading = Reading("esxcfg_vmknic", text)
    names: dict[str, None] = {}
    by_name: dict[str, Any] = {}
    for line in reading.lines:
        if line.text.startswith("Interface") and "MAC Address" in line.text:
            reading.put("names", [], line)
            reading.put("by_name", by_name, line)
        elif row := _row(line.text):
            if row["name"] not in names:
                reading.note(["names", len(names)], line)
                names[row["name"]] = None
            _add(reading, by_name, row, line)
        elif torn := _TORN.match(line.text):
            names.setdefault(torn[1])
    for name, found in (("names", names), ("by_name", by_name)):
        if found:
            reading.facts[name] = list(found) if name == "names" else found
        elif reading.rows_unread():
            reading.forget(name)
    return reading.parsed()


def _row(row: str) -> dict[str, Any] | None:
    """The cells of one row; None where it is none."""
    mac = _MAC.search(row)
    family = mac and max(_FAMILY.finditer(row, 0, mac.start() + 1), key=lambda found: found.start(), default=None)
    name, *portgroup = row[: family.start()].split(None, 1) if family else [""]
    if not mac or not family or not _NAME.fullmatch(name):
        return None
    numbers = row[family.end() : mac.start()].split()
    rest = row[mac.end() :].split()
    if len(rest) < 3 or not re.fullmatch("[0-9]{1,6}", rest[0]) or rest[2] not in ("true", "false"):
        return None
    words = rest[3:]
    netstack = [word for word in words if not word.rstrip(",").isupper()]
    return {
        "name": name,
        "family": family[1].lower(),
        "numbers": numbers,
        "type": " ".join(word for word in words if word not in netstack),
        "interface": {
            "mtu": int(rest[0]),
            "enabled": rest[2] == "true",
            "portgroup": portgroup[0].strip() if portgroup else "",
            "mac": mac[1].lower(),
            "netstack": netstack[0] if netstack else "defaultTcpipStack",
        },
    }


def _add(reading: Reading, by_name: dict[str, Any], row: dict[str, Any], line: Line) -> None:
    name = row["name"]
    if name not in by_name:
        by_name[name] = {**row["interface"], "ipv4": None, "ipv4_netmask": None, "addresses": []}
        reading.note_fields(["by_name", name], row["interface"], line)
    reading.note(["by_name", name], line)
    reading.note(["names"], line)
    given = address(row["numbers"][0]) if len(row["numbers"]) >= 2 else None
    length = prefix_length(row["numbers"][1]) if given else None
    if given is None or length is None:
        return
    interface = by_name[name]
    entry = {"family": row["family"], "address": given, "prefix_length": length, "type": row["type"]}
    reading.note_fields(["by_name", name, "addresses", len(interface["addresses"])], entry, line)
    interface["addresses"].append(entry)
    if row["family"] == "ipv4" and interface["ipv4"] is None:
        interface |= {"ipv4": given, "ipv4_netmask": row["numbers"][1]}
        reading.note_fields(["by_name", name], {"ipv4": None, "ipv4_netmask": None}, line)
