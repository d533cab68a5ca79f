"""The map of addresses: IPv4, IPv6 and MAC, each to another of its kind.

- Subnets stay subnets. Link-local, documentation and private ranges are mapped to themselves as a whole, so that an address remains
  recognisable as what it is; loopback, the unspecified address, masks and assigned multicast groups stay altogether.
- An IPv6 address is three parts: network (64 bits), upper part of the interface id (40), lower part (24). The lower part is mapped as that
  of a MAC is, and independent of all else: so EUI-64 ids, solicited-node groups and their MACs fit the addresses they were made of.
- A MAC keeps its group and local bits; those of virtual routers (VRRP, HSRP, GLBP, VARP) and of protocols stay.
"""

from __future__ import annotations

from collections.abc import Callable
from ipaddress import IPv4Network, IPv6Network

from tshoot.redaction.bits import PrefixPermutation

_RANGES4 = (  # RFC 6890
    "10.0.0.0/8 100.64.0.0/10 169.254.0.0/16 172.16.0.0/12 192.0.2.0/24 192.168.0.0/16 198.18.0.0/15 198.51.100.0/24 203.0.113.0/24 240.0.0.0/5"
)
_KEPT4 = "0.0.0.0/8 127.0.0.0/8 224.0.0.0/4 248.0.0.0/5"  # the last and the first also hold masks and wildcard masks
_RANGES6 = "2000::/3 2001:db8::/32 3fff::/20 fc00::/8 fd00::/8"
_KEPT6 = "::/8 fe80::/10"  # of networks: the interface ids of link-local addresses are mapped
_EMBEDDING = (bytes(10) + b"\xff\xff", bytes.fromhex("0064ff9b") + bytes(8))  # ::ffff:a.b.c.d, 64:ff9b::a.b.c.d (RFC 6052)
_SOLICITED = bytes.fromhex("ff0200000000000000000001ff")  # RFC 4291 2.7.1
_ISATAP = (bytes.fromhex("00005efe"), bytes.fromhex("02005efe"))  # interface ids 0:5efe:a.b.c.d (RFC 5214 6.1)
# VRRP (RFC 9568), HSRP, HSRP version 2, HSRP for IPv6, GLBP, VARP: beginnings of MACs in hex
_VIRTUAL = ("00005e0001", "00005e0002", "00000c07ac", "00000c9ff", "000573a0", "0007b400", "001c73000099")
_PROTOCOLS = ("0180c2", "01000c", "01005e", "011b19", "ffffffffffff", "000000000000")


class AddressMap:
    """`ip4`, `ip6` and `mac` take and give packed addresses; `back` is the way back."""

    def __init__(self, key: bytes, *, back: bool = False) -> None:
        kept6 = [*_prefixes(_KEPT6, IPv6Network, 128), (0, 64)]
        self._v4 = _way(PrefixPermutation(key, "ipv4", 32, _prefixes(_RANGES4, IPv4Network, 32), _prefixes(_KEPT4, IPv4Network, 32)), back)
        self._network = _way(PrefixPermutation(key, "ipv6 network", 64, _prefixes(_RANGES6, IPv6Network, 128), kept6), back)
        self._upper = _way(PrefixPermutation(key, "ipv6 interface", 40, [(0, 40)]), back)
        self._low = _way(PrefixPermutation(key, "interface low", 24), back)
        self._vendor = _way(PrefixPermutation(key, "mac vendor", 22), back)
        self._known: dict[bytes, bytes] = {}

    def ip4(self, address: bytes) -> bytes:
        return self._remembered(address, lambda: self._v4(int.from_bytes(address, "big")).to_bytes(4, "big"))

    def ip6(self, address: bytes) -> bytes:
        return self._remembered(address, lambda: self._ip6(address))

    def mac(self, address: bytes) -> bytes:
        return self._remembered(address, lambda: self._mac(address))

    def _remembered(self, address: bytes, find: Callable[[], bytes]) -> bytes:
        found = self._known.get(address)
        if found is None:
            if len(self._known) > 1 << 18:
                self._known.clear()
            found = self._known[address] = find()
        return found

    def _ip6(self, address: bytes) -> bytes:
        if address[:12] in _EMBEDDING:
            return address[:12] + self.ip4(address[12:])
        if address[:13] == _SOLICITED:
            return address[:13] + self._lower(address[13:])
        if address[0] == 0xFF:
            # Groups that IANA assigned stay (RFC 4291: flag T is 0); of others the group id is somebody's own.
            return address if not address[1] & 0x10 else address[:2] + self._group(address[2:])
        if int.from_bytes(address, "big") <= 1:
            return address
        network = self._network(int.from_bytes(address[:8], "big")).to_bytes(8, "big")
        return network + self._interface(address[8:])

    def _group(self, rest: bytes) -> bytes:
        """112 bits of a group that somebody made up: prefix (RFC 3306), if it has one, and group id."""
        network = self._network(int.from_bytes(rest[2:10], "big")).to_bytes(8, "big")
        return rest[:2] + network + rest[10:11] + self._lower(rest[11:])

    def _interface(self, identifier: bytes) -> bytes:
        if not any(identifier):
            return identifier  # the network itself
        if identifier[3:5] == b"\xff\xfe":
            mac = self.mac(bytes([identifier[0] ^ 2]) + identifier[1:3] + identifier[5:])
            return bytes([mac[0] ^ 2]) + mac[1:3] + b"\xff\xfe" + mac[3:]
        if identifier[:4] in _ISATAP:
            return identifier[:4] + self.ip4(identifier[4:])
        return self._upper(int.from_bytes(identifier[:5], "big")).to_bytes(5, "big") + self._lower(identifier[5:])

    def _lower(self, low: bytes) -> bytes:
        """The last 24 bits; all zero stays so."""
        number = int.from_bytes(low, "big")
        mapped = number and (self._low(number) or self._low(0))  # what would become zero takes the place of zero
        return mapped.to_bytes(3, "big")

    def _mac(self, address: bytes) -> bytes:
        text = address.hex()
        if text.startswith((*_VIRTUAL, *_PROTOCOLS)):
            return address
        if text.startswith("3333"):
            return address[:3] + self._lower(address[3:]) if text.startswith("3333ff") else address
        first = int.from_bytes(address[:3], "big")
        vendor = self._vendor((first >> 18 << 16) | (first & 0xFFFF))
        mapped = (vendor >> 16 << 18) | (first & 0x030000) | (vendor & 0xFFFF)
        return mapped.to_bytes(3, "big") + self._lower(address[3:])


def embedded(address: bytes) -> bytes | None:
    """The IPv4 address that an IPv6 address holds as it is, and still holds when it is mapped; None where there is none."""
    holds = len(address) == 16 and (address[:12] in _EMBEDDING or (address[8:12] in _ISATAP and address[0] != 0xFF))
    return address[12:] if holds else None


def _way(permutation: PrefixPermutation, back: bool) -> Callable[[int], int]:
    return permutation.back if back else permutation.forward


def _prefixes(text: str, kind: type[IPv4Network] | type[IPv6Network], width: int) -> list[tuple[int, int]]:
    networks = [kind(part) for part in text.split()]
    return [(int(network.network_address) >> (width - network.prefixlen), network.prefixlen) for network in networks]
