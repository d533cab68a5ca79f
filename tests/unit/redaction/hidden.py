"""What must not be found in a redacted session, gathered without the code that redacts: from the scenario's devices and inputs, from texts by
plain expressions, from captures by the fields of tshark. And the search for it: in the bytes of the whole file, in every spelling, behind any
word, between any separators, among any other numbers.

What stays recognisable is named here, once: `_KEPT4`, `_KEPT6`, `_KEPT_MACS`, `ORDINARY`.
"""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network
from pathlib import Path
from typing import Any

_KEPT4 = tuple(map(IPv4Network, ["0.0.0.0/8", "127.0.0.0/8", "224.0.0.0/4", "248.0.0.0/5"]))
_RANGES4 = frozenset(  # the ranges that stay what they are: their own addresses
    [
        "10.0.0.0",
        "100.64.0.0",
        "169.254.0.0",
        "172.16.0.0",
        "192.0.2.0",
        "192.168.0.0",
        "198.18.0.0",
        "198.51.100.0",
        "203.0.113.0",
        "240.0.0.0",
        "128.0.0.0",
        "192.0.0.0",
    ]
)
_SOLICITED = bytes.fromhex("ff0200000000000000000001ff")
_KEPT6 = IPv6Network("::/8")
_RANGES6 = frozenset(map(IPv6Address, ["2000::", "2001:db8::", "3fff::", "fc00::", "fd00::", "fe80::"]))
_KEPT_MACS = (
    *["00005e0001", "00005e0002", "00000c07ac", "00000c9ff", "000573a0", "0007b400", "001c73000099", "0180c2", "01000c", "01005e", "011b19", "33330"],
    "f" * 12,
    "0" * 12,
)
# Words that anybody may use as a name, and that tshoot says itself (docs/security.md, ordinary words).
ORDINARY = {
    *("host", "router", "announcer", "server", "client", "network", "storage", "template", "templates", "volume", "volumes", "export", "exports"),
    *(
        "data",
        "vol",
        "mnt",
        "srv",
        "tmp",
        "var",
        "etc",
        "log",
        "home",
        "nfs",
        "iso",
        "root",
        "admin",
        "anybody",
        "net",
        "example",
        "esx",
        "localhost",
    ),
    *("vmkernel", "peer", "tshoot", "fe80"),  # the last is the prefix of link-local addresses
    "text without a prompt",  # the host of what was said before any prompt
}
_HEX = "[0-9A-Fa-f]"
_QUAD = r"\d{1,3}(?:\.\d{1,3}){3}(?!\d)"
_LABEL = r"(?:\w{0,30}[G-Zg-z_]\w{0,30}[:-])"  # peer:, eth0:, lladdr-
_IP4 = re.compile(rf"(?<!\d)(?<!\d\.){_QUAD}(?!(?:\.\d+){{3}})")  # not the first numbers of an OID
_IP6 = re.compile(rf"(?:(?<![\w:.])|(?<!\w){_LABEL})((?:{_HEX}{{0,4}}:){{2,7}}(?:{_QUAD}|{_HEX}{{0,4}}(?!\w)))")
_MAC = re.compile(
    rf"(?:(?<![\w:.-])|(?<!\w){_LABEL})({_HEX}{{1,2}}(?::{_HEX}{{1,2}}){{5}}|{_HEX}{{2}}(?:-{_HEX}{{2}}){{5}}|{_HEX}{{4}}\.{_HEX}{{4}}\.{_HEX}{{4}})(?![\w:])"
)
_NUMBERS = re.compile(r"\d{1,3}(?:(?:[._-]|\[\.\])\d{1,3}){3,}")
_SPREAD = re.compile(rf"{_HEX}{{1,8}}(?:[:._ -]{_HEX}{{1,8}}){{2,}}")
_DASHED4 = re.compile(r"(?<![\w-])(?:\d{1,3}-){3}\d{1,3}(?![\w-])")
_REVERSE4 = re.compile(r"(?<![\d.])((?:\d{1,3}\.){4})in-addr", re.IGNORECASE)
_REVERSE6 = re.compile(rf"((?:{_HEX}\.){{32}})ip6", re.IGNORECASE)
_HEX_RUN = re.compile(rf"(?<!{_HEX}){_HEX}{{8,}}(?!{_HEX})")
_FULL_NAME = re.compile(r"\b[a-z][a-z0-9-]*(?:\.[a-z0-9-]+)*\.(?:example|local|lan|corp|internal|test|invalid)(?:\.[a-z]+)*\b", re.IGNORECASE)
_SHARES = re.compile(r"(?:(?:\d+\.){3}\d+|\]|[a-z0-9-]+\.[a-z.]+):(/[\w.-]+(?:/[\w.-]+)*)|Path: \((/[^)]*)\)")
_VOLUMES = re.compile(r"/vmfs/volumes/([\w.-]+)")
_INTERFACE = re.compile(r"(?:vmk|vmnic|eth|wlan|lo|vlan|bond|br)(?:0|[1-9]\d*)")
_USERS = re.compile(r"\b([a-z][\w.-]*)@[a-z0-9]|\buser[ =:]+([a-z][\w.-]{2,})\b(?! (?:name|space))")
ADDRESS_FIELDS = [
    "eth.src",
    "eth.dst",
    "arp.src.hw_mac",
    "arp.dst.hw_mac",
    "icmpv6.opt.linkaddr",
    "ip.src",
    "ip.dst",
    "ipv6.src",
    "ipv6.dst",
    "arp.src.proto_ipv4",
    "arp.dst.proto_ipv4",
    "icmpv6.nd.ns.target_address",
    "icmpv6.nd.na.target_address",
    "icmpv6.opt.prefix",
    "bgp.update.path_attribute.next_hop",
    "bgp.open.identifier",
    "bgp.update.path_attribute.mp_reach_nlri.next_hop.ipv6",
    "bgp.nlri_prefix",
    "bgp.mp_reach_nlri_ipv6_prefix",
]
NAME_FIELDS = (
    "mount.path rpc.auth.machinename nfs.name portmap.uaddr dns.qry.name mount.dump.hostname mount.export.directory nfs.setclientid.client_id"
)
CHECK_FIELDS = [
    "frame.number",
    "frame.len",
    "frame.cap_len",
    "_ws.malformed",
    "ip.checksum.status",
    "tcp.checksum.status",
    "udp.checksum.status",
    "icmp.checksum.status",
    "icmpv6.checksum.status",
]


@dataclass(slots=True)
class Hidden:
    """Packed addresses; names as they are written, lower case."""

    ip4: set[bytes] = field(default_factory=set)
    ip6: set[bytes] = field(default_factory=set)
    mac: set[bytes] = field(default_factory=set)
    names: set[str] = field(default_factory=set)

    def take_text(self, text: str) -> None:
        """The addresses in `text`, and the names that its syntax shows to be names."""
        found = addresses_in(text)
        self.ip4 |= {one for one in found.ip4 if not _stays4(one)}
        self.ip6 |= {one for one in found.ip6 if not _stays6(one)}
        self.mac |= {one for one in found.mac if not one.hex().startswith(_KEPT_MACS)}
        for pattern in (_FULL_NAME, _SHARES, _VOLUMES, _USERS):
            for match in pattern.finditer(text):
                self.take_name(next((part for part in match.groups() if part), "") if match.re.groups else match.group())

    def take_name(self, name: str) -> None:
        """A host, user or path: as a whole, the first label of a host, each part of a path that is no ordinary word."""
        lower = name.lower().strip("/.")
        if _INTERFACE.fullmatch(lower) or lower.startswith("fe80:") or addresses_in(lower).ip6:
            return
        parts = [lower, *lower.split("/"), lower.partition(".")[0]]
        self.names |= {
            part for part in parts if len(part) > 1 and part not in ORDINARY and re.search("[a-z]", part) and not re.match(r"[\d.]+$", part)
        }

    def take_capture(self, path: Path) -> None:
        for line in tshark(path, (*ADDRESS_FIELDS, *NAME_FIELDS.split())):
            cells = line.split("\t")
            self.take_text("\n".join(cells[: len(ADDRESS_FIELDS)]).replace(",", "\n"))
            for cell in cells[len(ADDRESS_FIELDS) :]:
                for value in filter(None, cell.split(",")):
                    self.take_text(value)
                    self.take_name(value)

    def found_in(self, raw: bytes) -> set[str]:
        """What of this stands in `raw`, with the form in which it does."""
        text = re.sub(r"\\[nrt]", "\n", raw.decode("latin-1"))  # JSON's line ends begin no word
        seen = addresses_in(text)
        hits = {f"text {one.hex()}" for one in (seen.ip4 & self.ip4) | (seen.ip6 & self.ip6) | (seen.mac & self.mac)}
        hits |= {f"among numbers {one.hex()}" for one in _quads(text) & self.ip4}
        spread = "\n".join(re.sub("[:._ -]", "", run) for run in _SPREAD.findall(text)).lower()
        hits |= {f"spread {one.hex()}" for one in self.mac | self.ip6 if one.hex() in spread}
        digits = "\n".join(_HEX_RUN.findall(text)).lower()
        for one in self.ip4 | self.ip6 | self.mac:
            forms = {"packed": one in raw, "hex": one.hex() in digits, "reversed hex": len(one) == 4 and one[::-1].hex() in digits}
            hits |= {f"{form} {one.hex()}" for form, there in forms.items() if there}
        for mac in self.mac:
            interface = bytes([mac[0] ^ 2]) + mac[1:3] + b"\xff\xfe" + mac[3:]
            if interface in raw or interface.hex() in digits or any(one[8:] == interface for one in seen.ip6):
                hits.add(f"EUI-64 of {mac.hex()}")
        for one in {address[-3:] for address in self.ip6 | self.mac}:
            groups = (_SOLICITED + one, b"\x33\x33\xff" + one)
            if any(group in raw for group in groups) or groups[0] in seen.ip6 or groups[1] in seen.mac:
                hits.add(f"solicited node of {one.hex()}")
        lower = text.lower()
        words = set(re.findall(r"[a-z0-9]+", lower))
        for name in self.names:
            if set(re.findall(r"[a-z0-9]+", name)) <= words and re.search(rf"(?<![a-z0-9]){re.escape(name)}(?![a-z0-9])", lower):
                hits.add(f"name {name}")
        return hits


def addresses_in(text: str) -> Hidden:
    """Every address in `text`, in any spelling, those that stay included."""
    found = Hidden()
    found.ip4 = {packed for match in _IP4.finditer(text) if (packed := _four(match.group().split(".")))}
    found.ip4 |= {packed for match in _DASHED4.finditer(text) if (packed := _four(match.group().split("-")))}
    found.ip4 |= {packed for match in _REVERSE4.finditer(text) if (packed := _four(match[1].split(".")[3::-1]))}
    found.ip6 = {bytes.fromhex(match[1].replace(".", "")[::-1]) for match in _REVERSE6.finditer(text)}
    found.mac = {_mac(match[1]) for match in _MAC.finditer(text)}
    for match in _IP6.finditer(text):
        try:
            found.ip6.add(IPv6Address(match[1]).packed)
        except ValueError:
            continue
    return found


def _quads(text: str) -> set[bytes]:
    """Every four small numbers in a row, wherever the row begins."""
    found = set[bytes]()
    for row in _NUMBERS.finditer(text):
        numbers = list(map(int, re.findall(r"\d+", row.group())))
        found |= {bytes(numbers[at : at + 4]) for at in range(len(numbers) - 3) if max(numbers[at : at + 4]) < 256}
    return found


def hidden_in(session: Path, names: Iterable[str] = ()) -> Hidden:
    """What must be hidden of the session in the folder `session`; `names` are what else is known of it (devices, inputs)."""
    hidden = Hidden()
    for name in names:
        hidden.take_text(name)
        hidden.take_name(name)
    captures = set[str]()
    for line in (session / "session.jsonl").read_text("utf-8").splitlines()[1:]:
        value = json.loads(line)
        for one in _objects(value):
            if one.get("kind") == "capture" and "sha256" in one:
                captures.add(one["sha256"])
            for key in ("by", "author", "host"):
                if isinstance(one.get(key), str) and one[key] and one[key] != one.get("role"):
                    user, _, host = one[key].rpartition("@")
                    hidden.take_name(user or host)
                    hidden.take_name(host.partition(":")[0])
        hidden.take_text(json.dumps(value, ensure_ascii=False).replace("\\n", "\n").replace("\\r", "").replace("\\t", "\t"))
    for path in evidence(session):
        if path.name in captures:
            copied = _decoded(path)
            hidden.ip4 |= copied.ip4
            hidden.ip6 |= copied.ip6
            hidden.mac |= copied.mac
            hidden.names |= copied.names
        else:
            hidden.take_text(path.read_text("utf-8", "replace"))
    return hidden


def evidence(session: Path) -> list[Path]:
    return sorted(path for path in (session / "evidence").rglob("*") if path.is_file())


def tshark(path: Path, names: Iterable[str]) -> list[str]:
    """One line a frame: the fields `names`, with all checksums checked. Empty where tshark knows no such file."""
    checks = [option for name in ("ip", "tcp", "udp", "icmp") for option in ("-o", f"{name}.check_checksum:TRUE") if name != "icmp"]
    wanted = [option for name in names for option in ("-e", name)]
    done = subprocess.run(["tshark", "-n", "-r", path, *checks, "-T", "fields", *wanted], capture_output=True, text=True, check=False)
    return done.stdout.splitlines()


_known: dict[str, Hidden] = {}


def _decoded(path: Path) -> Hidden:
    """Of a capture in evidence, whose name is its sha256."""
    if path.name not in _known:
        _known[path.name] = Hidden()
        _known[path.name].take_capture(path)
    return _known[path.name]


@cache
def checks_of(path: Path) -> tuple[str, ...]:
    return tuple(tshark(path, CHECK_FIELDS))


def _objects(value: Any) -> Iterable[dict[str, Any]]:
    if isinstance(value, dict):
        yield value
    for item in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from _objects(item)


def _four(parts: list[str]) -> bytes | None:
    numbers = [int(part) for part in parts if part]
    return bytes(numbers) if len(numbers) == 4 and max(numbers) < 256 else None


def _mac(text: str) -> bytes:
    parts = re.split("[:-]", text)
    return bytes(int(part, 16) for part in parts) if len(parts) == 6 else bytes.fromhex(text.replace(".", ""))


def _stays4(packed: bytes) -> bool:
    address = IPv4Address(packed)
    return str(address) in _RANGES4 or any(address in network for network in _KEPT4)


def _stays6(packed: bytes) -> bool:
    address = IPv6Address(packed)
    own_group = packed[0] == 0xFF and not packed[1] & 0x10 and packed[:13] != _SOLICITED
    return address in _RANGES6 or address in _KEPT6 or own_group
