"""How addresses are spelt in texts: found, read and written again in the same form.

IPv4 with port, length or mask behind it, with dashes, in reverse names; IPv6 in all its forms; MACs with colons, dashes or dots; UUIDs, numbers
of objects, dumps and long hexadecimal numbers, in which addresses may stand.
"""

from __future__ import annotations

import re
from ipaddress import IPv4Address, IPv6Address

HEX = "[0-9A-Fa-f]"
ADDRESS = re.compile(
    rf"(?P<uuid>\b{HEX}{{8}}-{HEX}{{4,8}}-{HEX}{{4}}-(?:{HEX}{{4}}-)?{HEX}{{12}}\b)"
    rf"|(?P<mac>(?<![\w:.-])(?:{HEX}{{1,2}}(?P<gap>[:-]){HEX}{{1,2}}(?:(?P=gap){HEX}{{1,2}}){{4}}|{HEX}{{4}}\.{HEX}{{4}}\.{HEX}{{4}})(?![\w:]))"
    rf"|(?P<arpa6>(?:{HEX}\.){{4,32}}ip6\.arpa)"
    r"|(?P<arpa4>(?<![\d.])(?:\d{1,3}\.){1,4}in-addr\.arpa)"
    rf"|(?P<ip6>(?<![\w:.])(?:{HEX}{{0,4}}:){{2,8}}(?:{HEX}{{1,4}}|\d{{1,3}}(?:\.\d{{1,3}}){{3}})?(?:(?<=::)|(?<!:)))"
    rf"(?!\w|:{HEX})(?P<length6>/\d{{1,3}}(?!\d))?"
    r"|(?P<dotted>(?<![\d.])\d+(?:\.\d+){6,})"
    r"|(?P<ip4>(?<![\d.])\d{1,3}(?:\.\d{1,3}){3})(?!\d)(?P<port>(?:\.\d{1,5}){0,2}(?![\d]|\.\d))"
    r"(?P<length4>/\d{1,2}(?!\d)|(?=[ \t]+(?:mask[ \t]+|netmask[ \t]+|Mask:)?(?:255|0)(?:\.\d{1,3}){3}\b))?"
    r"|(?P<dashed>(?<![\w-])(?:[A-Za-z]+-)?\d{1,3}-\d{1,3}-\d{1,3}-\d{1,3}(?![\w-]))"
    rf"|(?P<dump>(?<!\w)(?=[0-9a-f ]*[a-fA-F])(?:(?:{HEX}{{4}} ){{3,}}{HEX}{{4}}|(?:{HEX}{{2}} ){{5,}}{HEX}{{2}})(?!\w)"
    rf"|(?<=bytes )(?:{HEX}{{4}}){{1,2}}(?!\w))"
    rf"|(?P<hex>\b(?:0x)?(?=[0-9A-Fa-f]*[0-9])(?=[0-9A-Fa-f]*[A-Fa-f]|{HEX}{{8}}\b){HEX}{{8,}}\b)"
)
_MASK = re.compile(r"[ \t]+(?:mask[ \t]+|netmask[ \t]+|Mask:)?((?:255|0)(?:\.\d{1,3}){3})\b", re.IGNORECASE)
MASKS4 = frozenset(((0xFFFFFFFF << (32 - length)) & 0xFFFFFFFF).to_bytes(4, "big") for length in range(1, 33))


def packed(match: re.Match[str]) -> bytes | None:
    """The address that was matched; None where it only looks like one."""
    try:
        if match["mac"]:
            parts = re.split("[:-]", match["mac"])
            return bytes(int(part, 16) for part in parts) if len(parts) == 6 else bytes.fromhex(match["mac"].replace(".", ""))
        if match["ip6"]:
            return IPv6Address(match["ip6"]).packed
        if match["ip4"]:
            return bytes(map(int, match["ip4"].split(".")))
        if match["dashed"]:
            return bytes(map(int, tail(match["dashed"]).split("-")))
        if match["arpa4"]:
            return bytes(map(int, reversed(match["arpa4"].split(".")[:-2]))).ljust(4, b"\0")
        if match["arpa6"]:
            return bytes.fromhex("".join(reversed(match["arpa6"].split(".")[:-2])).ljust(32, "0"))
    except ValueError:
        pass
    return None


def tail(dashed: str) -> str:
    return "-".join(dashed.split("-")[-4:])


def network_length(match: re.Match[str], line: str) -> int | None:
    """The length of the network that stands behind an address, as number or as mask."""
    if match["length6"]:
        return int(match["length6"][1:])
    if not match["ip4"]:
        return None
    if match["length4"]:
        return min(int(match["length4"][1:]), 32)
    mask = _MASK.match(line, match.end())
    if mask is None or match["port"]:
        return None
    try:
        number = int(IPv4Address(mask[1]))
    except ValueError:
        return None
    number = number if number >> 31 else number ^ 0xFFFFFFFF
    inverse = number ^ 0xFFFFFFFF
    return 32 - inverse.bit_length() if inverse & (inverse + 1) == 0 else None


def host_bits(address: bytes, length: int) -> int:
    width = len(address) * 8
    return int.from_bytes(address, "big") & ((1 << max(0, width - length)) - 1)


def spelt_mac(mac: bytes, like: str) -> str:
    """In the form of `like`: separators, case, leading zeros."""
    text = mac.hex()
    if "." in like:
        spelt = ".".join(text[at : at + 4] for at in (0, 4, 8))
    else:
        gap = "-" if "-" in like else ":"
        wide = all(len(part) == 2 for part in re.split("[:-]", like))
        spelt = gap.join(text[at : at + 2] if wide else f"{mac[at // 2]:x}" for at in range(0, 12, 2))
    return spelt.upper() if like != like.lower() else spelt


def spelt_ip6(address: bytes, like: str) -> str:
    number = IPv6Address(address)
    mapped = "." in like and address[:12] == bytes(10) + b"\xff\xff"
    text = f"::ffff:{IPv4Address(address[12:])}" if mapped else number.exploded if len(like) == 39 else str(number)
    return text.upper() if like != like.lower() else text
