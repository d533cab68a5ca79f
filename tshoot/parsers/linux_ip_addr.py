"""`ip addr` of Linux (iproute2), also with `-4`, `-6`, `-s` or one interface.

    2: eth0@if2: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1500 qdisc noqueue state UP group default qlen 1000
        link/ether 02:14:b6:ff:b2:b6 brd ff:ff:ff:ff:ff:ff link-netns p
        inet 192.0.2.10/24 scope global eth0
           valid_lft forever preferred_lft forever
        inet6 2001:db8:1::1/64 scope global dadfailed tentative
           valid_lft forever preferred_lft forever

`dadfailed`: another host has the address (duplicate address detection, RFC 4862); `tentative` alone: still being checked. The
MAC address is not printed with `-4` or `-6`.
"""

from __future__ import annotations

import re
from typing import Any

from tshoot.model.facts import CommandText, Parsed
from tshoot.parsers._reading import Line, Reading
from tshoot.parsers._values import canonical_address, canonical_mac

FACTS = {
    "names": "list of str: the interfaces in order of appearance",
    "names.*": "str: one interface, such as eth0",
    "by_name": "dict: what is known of each interface, by its name",
    "by_name.*": "dict: one interface",
    "by_name.*.mtu": "int: bytes of the largest IP packet",
    "by_name.*.up": "bool: switched on and with carrier",
    "by_name.*.mac": "str: MAC address, lower case; absent where not printed",
    "by_name.*.ipv4": "str or None: first IPv4 address; absent where only IPv6 was asked for",
    "by_name.*.ipv6": "str or None: first IPv6 address that is neither link-local nor a duplicate; absent where only IPv4 was asked for",
    "by_name.*.addresses": "list: all addresses",
    "by_name.*.addresses.*": "dict: one address",
    "by_name.*.addresses.*.family": "str: ipv4 or ipv6",
    "by_name.*.addresses.*.address": "str: the address",
    "by_name.*.addresses.*.prefix_length": "int: length of its prefix in bits",
    "by_name.*.addresses.*.scope": "str: global, link or host",
    "by_name.*.addresses.*.tentative": "bool: not in use yet, or never, where duplicate address detection failed",
    "by_name.*.addresses.*.dadfailed": "bool: another host has the address",
    "dadfailed": "list of str: addresses that another host has",
    "dadfailed.*": "str: one of them",
}

_INTERFACE = re.compile(r"[0-9]{1,9}: ([A-Za-z0-9][A-Za-z0-9._:-]{0,31}?)(?:@[^:\s]{1,32})?: <([A-Z0-9_,-]{0,200})> mtu ([0-9]{1,7})(?: .{0,300})?")
_LINK = re.compile(r" {4}link/[a-z0-9_]{1,20}(?: (\S{1,60}))?(?: .{0,200})?")
_ADDRESS = re.compile(
    r" {4}inet(6?) ([0-9A-Fa-f:.]{2,45})(?: peer [0-9A-Fa-f:.]{2,45})?(?:/([0-9]{1,3}))?(?: metric [0-9]{1,10})?"
    r"(?: brd [0-9.]{7,15})? scope ([a-z0-9]{1,20})((?: \S{1,40}){0,12}) ?"
)
_DETAIL = re.compile(r" {7}valid_lft .{1,80}| {4}[RT]X: .{1,120}| {4,20}[0-9 ]{1,120}| {4}altname \S{1,128} {0,2}")


def parse(text: CommandText) -> Parsed:
    reading = Reading("linux_ip_addr", text)
    by_name: dict[str, dict[str, Any]] = {}
    failed: list[str] = []
    torn: set[str] = set()  # of whose lines some were not read: what they have none of is unknown
    name = ""
    for line in reading.lines:
        if line.stream == "stdout" and (found := _INTERFACE.fullmatch(line.text.rstrip())):
            name = found[1]
            _put_interface(reading, by_name, found, line, text.command)
        elif name and (found := _ADDRESS.fullmatch(line.text)):
            _put_address(reading, name, by_name[name], failed, found, line)
        elif name and (found := _LINK.fullmatch(line.text.rstrip())):
            reading.skip(line)
            if mac := canonical_mac(found[1] or ""):
                by_name[name]["mac"] = mac
                reading.note(["by_name", name, "mac"], line)
        elif name and _DETAIL.fullmatch(line.text):
            reading.skip(line)
        elif name and line.text.strip():
            torn.add(name)
    for name in torn:
        by_name[name] = {field: value for field, value in by_name[name].items() if value not in (None, [])}
    if by_name:
        reading.facts |= {"names": list(by_name), "by_name": by_name}
        if failed or not reading.rows_unread():
            reading.facts["dadfailed"] = failed
    return reading.parsed()


def _put_interface(reading: Reading, by_name: dict[str, dict[str, Any]], found: re.Match[str], line: Line, command: str) -> None:
    name = found[1]
    if name not in by_name:
        reading.note(["names", len(by_name)], line)
        reading.note(["names"], line)
        fields = {"mtu": int(found[3]), "up": {"UP", "LOWER_UP"} <= set(found[2].split(","))}
        asked = {"-4": ("ipv4",), "-6": ("ipv6",)}.get(next((word for word in command[:200].split() if word in ("-4", "-6")), ""), ("ipv4", "ipv6"))
        by_name[name] = {**fields, **dict.fromkeys(asked), "addresses": []}
        reading.note_fields(["by_name", name], fields, line)
    reading.skip(line)


def _put_address(reading: Reading, name: str, interface: dict[str, Any], failed: list[str], found: re.Match[str], line: Line) -> None:
    address = canonical_address(found[2])
    length = int(found[3] or (128 if found[1] else 32))
    if address is None or length > 128:
        return
    flags = found[5].split()
    entry = {
        "family": "ipv6" if found[1] else "ipv4",
        "address": address,
        "prefix_length": length,
        "scope": found[4],
        "tentative": "tentative" in flags,
        "dadfailed": "dadfailed" in flags,
    }
    reading.note_fields(["by_name", name, "addresses", len(interface["addresses"])], entry, line)
    interface["addresses"].append(entry)
    if entry["dadfailed"]:
        reading.note(["dadfailed", len(failed)], line)
        reading.note(["dadfailed"], line)
        failed.append(address)
    family = str(entry["family"])
    if interface.get(family) is None and (family == "ipv4" or (found[4] != "link" and not entry["dadfailed"])):
        interface[family] = address
        reading.note(["by_name", name, family], line)
