"""How addresses are spelt in texts: found, read and written again in the same form.

IPv4 with port, length or mask behind it, with dashes, in reverse names; IPv6 in all its forms; MACs with colons, dashes or dots, also as the
client of a DHCP lease; a word and a colon may stand in front. UUIDs, numbers of objects, dumps and long numbers, in which addresses may stand.

No line makes the expression try for ever: it looks ahead by bounded steps only, and whatever is long is matched once, from its beginning.
"""

from __future__ import annotations

import re
from ipaddress import IPv4Address, IPv6Address

HEX = "[0-9A-Fa-f]"
_QUAD = r"\d{1,3}(?:\.\d{1,3}){3}"
_MAC = (
    rf"(?:01[:-])?{HEX}{{1,2}}(?P<gap>[:-]){HEX}{{1,2}}(?:(?P=gap){HEX}{{1,2}}){{4}}(?!\w|(?P=gap)(?:{HEX}{{1,4}}(?!\w)|:))"
    rf"|(?<=STRING: ){HEX}{{2}}(?: {HEX}{{2}}){{5}}(?! ?{HEX}{{2}}\b)"  # Hex-STRING of net-snmp
)
_DOTTED_MAC = (
    rf"(?<!{HEX})(?<!{HEX}\.)(?:01{HEX}{{2}}\.{HEX}{{4}}\.{HEX}{{4}}\.{HEX}{{2}}|{HEX}{{4}}\.{HEX}{{4}}\.{HEX}{{4}}"
    rf"|{HEX}{{2}}(?:\.{HEX}{{2}}){{5}}(?<![\d.]{{17}})(?!\.{HEX}))(?!\w)"  # the last with a letter: 00.50.56.01.02.03 may be numbers
)
_IP6 = (  # the dotted tail first: its first number would else be taken for the last group
    rf"(?:{HEX}{{0,4}}:){{2,8}}(?:(?P<quad>{_QUAD})(?!\d)|(?:(?<=:){HEX}{{1,4}}(?!(?:\.\d{{1,3}}){{3}}(?!\d))|(?<=::))(?!\w|:{HEX}))"
)
# of what is no number of a longer row: 1.3.6.1.…
_FIRST = r"(?<!\d)(?<!\d\.)"
ADDRESS = re.compile(
    rf"(?P<uuid>\b{HEX}{{8}}-{HEX}{{4,8}}-{HEX}{{4}}-(?:{HEX}{{4}}-)?{HEX}{{12}}\b)"
    rf"|(?P<label>(?<!\w)(?!{HEX}{{1,4}}[:-])\w++[:-](?!:(?!:)))?"
    rf"(?:(?P<mac>(?(label)|(?<![\w:-])(?<!\w\.))(?:{_MAC})|{_DOTTED_MAC})|(?P<ip6>(?(label)|(?<![\w:])(?<!\w\.))(?:{_IP6}))(?P<length6>/\d{{1,3}}(?!\d))?)"
    rf"|(?P<arpa6>(?:{HEX}\.){{4,32}}(?i:ip6\.arpa))"
    rf"|(?P<arpa4>(?<![\d.])(?:\d{{1,3}}\.){{1,4}}(?i:in-addr\.arpa))"
    rf"|(?P<dotted>{_FIRST}(?:\d+(?:\.\d+){{6,}}|(?<=\.)\d+(?:\.\d+){{4,5}}))"
    rf"|(?P<ip4>{_FIRST}{_QUAD})(?!\d)(?P<port>(?:\.\d{{1,5}}){{0,2}}(?![\d]|\.\d))"
    r"(?P<length4>/\d{1,2}(?!\d)|(?=[ \t]+(?:mask[ \t]+|netmask[ \t]+|Mask:)?(?:255|0)(?:\.\d{1,3}){3}\b))?"
    r"|(?P<dashed>(?<!\d)(?<!\d-)(?:(?<![\w-])[A-Za-z]+-)?\d{1,3}-\d{1,3}-\d{1,3}-\d{1,3}(?![\w-]))"
    rf"|(?P<dump>(?<!\w)(?:(?:{HEX}{{4}} ){{3,}}{HEX}{{4}}|(?:{HEX}{{2}} ){{5,}}{HEX}{{2}})(?![\w:]|[.-]\w)"
    rf"|(?<=bytes )(?:{HEX}{{4}}){{1,2}}(?!\w))"
    rf"|(?P<hex>(?<![0-9A-Za-z])(?:0x)?(?={HEX}*[0-9]){HEX}{{8,}}(?![0-9A-Za-z]))",
    re.ASCII,
)
_MASK = re.compile(r"[ \t]+(?:mask[ \t]+|netmask[ \t]+|Mask:)?((?:255|0)(?:\.\d{1,3}){3})\b", re.IGNORECASE)
MASKS4 = frozenset(((0xFFFFFFFF << (32 - length)) & 0xFFFFFFFF).to_bytes(4, "big") for length in range(1, 33))


def packed(match: re.Match[str]) -> bytes | None:
    """The address that was matched; None where it only looks like one."""
    try:
        if match["mac"]:
            return _packed_mac(match["mac"])
        if match["ip6"]:
            return IPv6Address(match["ip6"]).packed
        if match["ip4"]:
            return packed4(match["ip4"])
        if match["dashed"]:
            return bytes(map(int, tail(match["dashed"]).split("-")))
        if match["arpa4"]:
            return bytes(map(int, reversed(match["arpa4"].split(".")[:-2]))).ljust(4, b"\0")
        if match["arpa6"]:
            return bytes.fromhex("".join(reversed(match["arpa6"].split(".")[:-2])).ljust(32, "0"))
    except ValueError:
        pass
    return None


def packed4(text: str) -> bytes | None:
    """Four numbers with dots between them, leading zeros or not; None where one is too large."""
    numbers = [int(part) for part in text.split(".")]
    return bytes(numbers) if max(numbers) < 256 else None


def _packed_mac(text: str) -> bytes:
    parts = re.split("[:. -]", text)
    return bytes.fromhex("".join(parts if "." in text else (part.zfill(2) for part in parts)))[-6:]  # a lease's client begins with its kind, 01


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


def spelt_digits(digits: str, like: str) -> str:
    """`digits` in the places of the last hexadecimal digits of `like`, in the case of those."""
    rest = iter(reversed(digits.upper() if like != like.lower() else digits))
    return "".join(reversed([next(rest, old) if old in "0123456789abcdefABCDEF" else old for old in reversed(like)]))


def spelt_mac(mac: bytes, like: str) -> str:
    """In the form of `like`: separators, case, leading zeros."""
    parts = re.split("[:-]", like)
    if len(parts) == 1 or all(len(part) == 2 for part in parts):
        return spelt_digits(mac.hex(), like)
    short = ("-" if "-" in like else ":").join([*parts[:-6], *(f"{byte:x}" for byte in mac)])
    return short.upper() if like != like.lower() else short


def spelt_ip6(address: bytes, like: str) -> str:
    number = IPv6Address(address)
    text = _with_quad(address) if "." in like else number.exploded if len(like) == 39 else str(number)
    return text.upper() if like != like.lower() else text


def _with_quad(address: bytes) -> str:
    """The last 32 bits as an IPv4 address."""
    head = "::ffff:" if address[:12] == bytes(10) + b"\xff\xff" else str(IPv6Address(address[:12] + b"\xff" * 4)).removesuffix("ffff:ffff")
    return head + str(IPv4Address(address[12:]))
