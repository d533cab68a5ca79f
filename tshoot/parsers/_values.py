"""Words of routers' and switches' outputs as plain values: addresses, prefixes, MAC addresses, durations, protocols.

Every function takes one word as printed and gives None where it is no such thing. Nothing here raises, and
nothing here looks at more than a short word.
"""

from __future__ import annotations

import ipaddress
import re

_LONGEST_WORD = 64
_CLOCK = re.compile(r"([0-9]{1,4}):([0-9]{2}):([0-9]{2})(?:\.[0-9]{1,6})?")
_UNITS = re.compile(r"(?:[0-9]{1,5}[ywdhms]){1,6}")
_UNIT = re.compile(r"([0-9]{1,5})([ywdhms])")
_SECONDS = {"y": 365 * 86400, "w": 7 * 86400, "d": 86400, "h": 3600, "m": 60, "s": 1}
_MAC = re.compile(r"[0-9a-f]{4}\.[0-9a-f]{4}\.[0-9a-f]{4}|[0-9a-f]{2}(?:[:-][0-9a-f]{2}){5}", re.IGNORECASE)
_NAMES = (
    ("bgp", "bgp"),
    ("eigrp", "eigrp"),
    ("ospf", "ospf"),
    ("isis", "isis"),
    ("is-is", "isis"),
    ("rip", "rip"),
    ("static", "static"),
    ("connected", "connected"),
    ("direct", "connected"),
    ("attached", "connected"),
    ("local", "local"),
    ("kernel", "kernel"),
    ("nd", "nd"),
)


def canonical_address(word: str) -> str | None:
    """The address as `ipaddress` writes it, without a zone (`%Vlan2`)."""
    found = _address(word)
    return None if found is None else str(found)


def _address(word: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    if len(word) > _LONGEST_WORD:
        return None
    try:
        return ipaddress.ip_address(word.partition("%")[0])
    except ValueError:
        return None


def canonical_prefix(word: str, mask: str = "") -> str | None:
    """`2001:DB9::/64`, `10.0.0.0/24`, or `10.0.0.0` with the mask `255.255.255.0` or `24`; a bare address stands for itself alone."""
    found = network(f"{word}/{mask}" if mask else word)
    return None if found is None else str(found)


def address(word: str) -> str | None:
    """`word` if it is an IPv4 or IPv6 address."""
    try:
        ipaddress.ip_address(word)
    except ValueError:
        return None
    return word


def prefix_length(word: str) -> int | None:
    """The length of an IPv4 netmask (`255.255.255.0`), or of an IPv6 prefix written as a number; None where it is neither."""
    if re.fullmatch("[0-9]{1,3}", word):
        return int(word) if int(word) <= 128 else None
    if address(word) is None or ":" in word:
        return None
    host_bits = int(ipaddress.IPv4Address(word)) ^ 0xFFFFFFFF
    return 32 - host_bits.bit_length() if host_bits & (host_bits + 1) == 0 else None


def network(word: str) -> ipaddress.IPv4Network | ipaddress.IPv6Network | None:
    """The prefix `word`, or the address `word` as a prefix of full length."""
    if len(word) > _LONGEST_WORD:
        return None
    try:
        return ipaddress.ip_network(word, strict=False)
    except ValueError:
        return None


def canonical_mac(word: str) -> str | None:
    """`0011.2233.44ff`, `00-11-22-33-44-FF` or `00:11:22:33:44:ff` as the last."""
    if not _MAC.fullmatch(word):
        return None
    digits = re.sub(r"[.:-]", "", word).lower()
    return ":".join(digits[at : at + 2] for at in range(0, 12, 2))


def duration(word: str) -> int | None:
    """Seconds of `00:01:02`, `1d02h`, `2w3d`, `1y5w`; `never` is none."""
    if found := _CLOCK.fullmatch(word):
        return int(found[1]) * 3600 + int(found[2]) * 60 + int(found[3])
    if _UNITS.fullmatch(word):
        return sum(int(count) * _SECONDS[unit] for count, unit in _UNIT.findall(word))
    return None


def protocol_named(words: str) -> tuple[str, str]:
    """Protocol and process of `bgp 65012`, `ospf-1`, `isis CORE`, `direct`: the first as in `_shapes.PROTOCOLS`, the second as printed."""
    name = re.match(r"[a-z-]{0,20}[a-z]", words.lower())
    printed = name[0] if name else ""
    known = next((protocol for start, protocol in _NAMES if printed.startswith(start)), "other")
    process = re.search(r"[ -]([A-Za-z0-9_.]{1,40})$", words.strip()) if known != "other" else None
    return known, process[1] if process else ""
