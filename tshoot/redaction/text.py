"""The map of texts: every address, name and unknown word of a line is replaced, and lines stay lines.

First addresses in all their spellings, then what is between them, word by word: words of the vocabulary stay, all others become words of the
same length and case. A word with dots, dashes, underscores or digits in it, and a path, stays as a whole or is mapped part by part, ordinary
words included; digits stay. Where an address becomes longer or shorter, blanks behind it make up for that, so that columns stay.
"""

from __future__ import annotations

import re
from ipaddress import IPv4Address, IPv6Address

from tshoot.redaction.addresses import AddressMap
from tshoot.redaction.letters import LetterPermutation
from tshoot.redaction.vocabulary import Vocabulary

_HEX = "[0-9A-Fa-f]"
_ADDRESS = re.compile(
    rf"(?P<uuid>\b{_HEX}{{8}}-{_HEX}{{4,8}}-{_HEX}{{4}}-(?:{_HEX}{{4}}-)?{_HEX}{{12}}\b)"
    rf"|(?P<mac>(?<![\w:.-])(?:{_HEX}{{1,2}}(?P<gap>[:-]){_HEX}{{1,2}}(?:(?P=gap){_HEX}{{1,2}}){{4}}|{_HEX}{{4}}\.{_HEX}{{4}}\.{_HEX}{{4}})(?![\w:]))"
    rf"|(?P<arpa6>(?:{_HEX}\.){{4,32}}ip6\.arpa)"
    r"|(?P<arpa4>(?<![\d.])(?:\d{1,3}\.){1,4}in-addr\.arpa)"
    rf"|(?P<ip6>(?<![\w:.])(?:{_HEX}{{0,4}}:){{2,8}}(?:{_HEX}{{1,4}}|\d{{1,3}}(?:\.\d{{1,3}}){{3}})?(?:(?<=::)|(?<!:)))"
    rf"(?!\w|:{_HEX})(?P<length6>/\d{{1,3}}(?!\d))?"
    r"|(?P<dotted>(?<![\d.])\d+(?:\.\d+){6,})"
    r"|(?P<ip4>(?<![\d.])\d{1,3}(?:\.\d{1,3}){3})(?!\d)(?P<port>(?:\.\d{1,5}){0,2}(?![\d]|\.\d))"
    r"(?P<length4>/\d{1,2}(?!\d)|(?=[ \t]+(?:mask[ \t]+|netmask[ \t]+|Mask:)?(?:255|0)(?:\.\d{1,3}){3}\b))?"
    r"|(?P<dashed>(?<![\w-])(?:[A-Za-z]+-)?\d{1,3}-\d{1,3}-\d{1,3}-\d{1,3}(?![\w-]))"
    rf"|(?P<dump>(?<!\w)(?=[0-9a-f ]*[a-fA-F])(?:(?:{_HEX}{{4}} ){{3,}}{_HEX}{{4}}|(?:{_HEX}{{2}} ){{5,}}{_HEX}{{2}})(?!\w)"
    rf"|(?<=bytes )(?:{_HEX}{{4}}){{1,2}}(?!\w))"
    rf"|(?P<hex>\b(?:0x)?(?=[0-9A-Fa-f]*[0-9])(?=[0-9A-Fa-f]*[A-Fa-f]|{_HEX}{{8}}\b){_HEX}{{8,}}\b)"
)
_MASK = re.compile(r"[ \t]+(?:mask[ \t]+|netmask[ \t]+|Mask:)?((?:255|0)(?:\.\d{1,3}){3})\b", re.IGNORECASE)
_CHUNK = re.compile(r"[\\/]*[\w\u0080-\uffff][\w\u0080-\uffff.@/\\~%+$-]*")
_RUN = re.compile(r"[A-Za-z]{2,}|[^\x00-\x7f]+")
_INTERFACE = re.compile(
    r"(?:vmk|vmnic|vmhba|if|eth|ens|eno|enp|wlan|bond|br|team|lo|tun|tap|dummy|veth|swp|vlan|vl|vxlan|gigabitethernet|gig?|tengigabitethernet|te|twe|"
    r"twentyfivegige|fortygigabitethernet|fo|hundredgige|hu|fastethernet|fa|ethernet|et|po|port-?channel|loopback|tunnel|management|mgmt|ma|serial|se|"
    r"null|nve|bdi|bvi|irb|ge|xe|ae|vrf|as|nfs|nfsv|ipv|ip|icmpv|v|rfc|frame|line|row|node|sample|packet|cpu|opid|hop|r|b|s|i|n|e|l|o)"
    r"[0-9]+(?:[a-z][0-9]+)*(?:[/.:][0-9]+)*",
)
_MNEMONIC = re.compile(r"%?[A-Z0-9_]+-(?:[A-Z0-9_]+-)?[0-7]-[A-Z0-9_]+")  # of a message of IOS, NX-OS, EOS
_TAG = re.compile(r"(?:bgp|ospf|ospfv3|eigrp|isis|rip|ripng|static|direct|local|hsrp|vrrp|vpc)-[0-9]+")  # of a route, NX-OS
_SYSTEM = frozenset(("bin", "boot", "dev", "etc", "lib", "lib64", "opt", "proc", "run", "sbin", "scratch", "sys", "tmp", "usr", "var", "vmfs"))
_MASKS4 = frozenset(((0xFFFFFFFF << (32 - length)) & 0xFFFFFFFF).to_bytes(4, "big") for length in range(1, 33))


class TextMap:
    """`line` maps one line of running text, `name` all of a name or path. With `back` maps of addresses and letters, the way back.

    `networks` are the networks that were seen with their length: an address that is one of them keeps its host bits zero. `known` are the
    addresses that were seen, so that they are recognised in hexadecimal, too.
    """

    def __init__(self, addresses: AddressMap, letters: LetterPermutation, words: Vocabulary, *, back: bool = False) -> None:
        self._addresses, self._letters, self._words, self._back = addresses, letters, words, back
        self.networks: dict[bytes, int] = {}
        self.known: set[bytes] = set()
        self._lines: dict[str, str] = {}

    # --- what is learnt first ---

    def learn(self, line: str) -> None:
        """Take note of the addresses and networks in a line."""
        for match in _ADDRESS.finditer(line):
            packed = _packed(match)
            if packed is None:
                continue
            self.known.add(packed)
            length = _length(match, line)
            if length is not None:
                self.learn_network(packed, length)

    def learn_network(self, address: bytes, length: int) -> None:
        if length <= len(address) * 8 and not _host(address, length):
            self.networks[address] = max(length, self.networks.get(address, 0))

    # --- the map ---

    def lines(self, text: str) -> str:
        return "\n".join(map(self.line, text.split("\n")))

    def line(self, line: str) -> str:
        found = self._lines.get(line)
        if found is None:
            found = self._line(line)
            if len(line) < 1000 and len(self._lines) < 1 << 16:
                self._lines[line] = found
        return found

    def _line(self, line: str) -> str:
        out, at, debt = list[str](), 0, 0
        for match in _ADDRESS.finditer(line):
            words, debt = _settled(self._between(line[at : match.start()]), debt)
            mapped = self._address(match, line)
            debt += len(mapped) - len(match.group())
            out += [words, mapped]
            at = match.end()
        words, _ = _settled(self._between(line[at:]), debt)
        return "".join([*out, words])

    def addresses_only(self, text: str) -> str:
        """`text` with its addresses mapped and all words as they are."""
        return "\n".join(
            _ADDRESS.sub(lambda match: self._address(match, match.string) if _packed(match) else match.group(), line) for line in text.split("\n")
        )

    def name(self, name: str) -> str:
        """A name or a path: all its words, ordinary ones included."""
        out, at = list[str](), 0
        for match in _ADDRESS.finditer(name):
            out += [self._path_or_name(name[at : match.start()]), self._address(match, name)]
            at = match.end()
        return "".join([*out, self._path_or_name(name[at:])])

    def whole(self, value: str) -> str:
        """A value: one word is mapped as a name, unless it is one of tshoot's own; several are text."""
        if " " in value or "\n" in value:
            return self.lines(value)
        return value if value.lower() in self._words.words or _INTERFACE.fullmatch(value.lower()) else self.line(value)

    def _path_or_name(self, text: str) -> str:
        return self._path(text) if text.startswith(("/", "\\")) else self._forced(text)

    def network(self, address: bytes, length: int) -> bytes:
        """A packed network address with its length: the host bits become zero."""
        mapped = self._packed_mapped(address)
        width = len(address) * 8
        length = min(length, width)
        return (int.from_bytes(mapped, "big") >> (width - length) << (width - length)).to_bytes(len(address), "big")

    def _packed_mapped(self, address: bytes) -> bytes:
        if address in _MASKS4:
            return address
        kinds = {4: self._addresses.ip4, 6: self._addresses.mac, 16: self._addresses.ip6}
        return kinds[len(address)](address)

    # --- addresses ---

    def _address(self, match: re.Match[str], line: str) -> str:
        packed = _packed(match)
        if match["uuid"]:
            return re.sub(f"{_HEX}+", lambda part: self._letters.hex(part.group()), match["uuid"])
        if match["dotted"]:
            return self._dotted(match["dotted"])
        if match["dump"]:
            return self._dump(match["dump"])
        if match["hex"]:
            return self._hexadecimal(match["hex"])
        if packed is None:  # only looks like one
            text = match.group()
            return re.sub(f"{_HEX}+", lambda part: self._letters.hex(part.group()), text) if text.count(":") > 3 else self._between(text)
        if match["mac"]:
            return _spelt_mac(self._addresses.mac(packed), match["mac"])
        if match["arpa4"] or match["arpa6"]:
            return self._reverse_name(packed, match)
        length = _length(match, line)
        if length is None and not self._back:
            length = self.networks.get(packed)
        mapped = self.network(packed, length) if length is not None and not _host(packed, length) else self._packed_mapped(packed)
        if match["dashed"]:
            return self._between(match["dashed"][: -len(_tail(match["dashed"]))]) + str(IPv4Address(mapped)).replace(".", "-")
        if len(packed) == 16:
            return _spelt_ip6(mapped, match["ip6"]) + (match["length6"] or "")
        return str(IPv4Address(mapped)) + (match["port"] or "") + (match["length4"] or "")

    def _reverse_name(self, packed: bytes, match: re.Match[str]) -> str:
        mapped = self._packed_mapped(packed)
        if match["arpa6"]:
            count = match["arpa6"].count(".") - 1
            return ".".join(reversed(mapped.hex()[:count])) + ".ip6.arpa"
        count = match["arpa4"].count(".") - 1
        return ".".join(str(byte) for byte in reversed(mapped[:count])) + ".in-addr.arpa"

    def _dotted(self, text: str) -> str:
        """Numbers of an object (an OID), in which addresses may stand: known ones are mapped."""
        parts = text.split(".")
        for at in range(len(parts) - 3):
            numbers = [int(part) for part in parts[at : at + 4] if len(part) <= 3]
            if len(numbers) == 4 and max(numbers) < 256 and bytes(numbers) in self.known:
                parts[at : at + 4] = map(str, self._packed_mapped(bytes(numbers)))
        return ".".join(parts)

    def _dump(self, text: str) -> str:
        """Bytes in hexadecimal; one number of two or four (an AS in a notification) stays unless it is a known address."""
        if " " not in text:
            return self._hexadecimal(f"0x{text}")[2:] if len(text) == 8 else text
        return re.sub(f"{_HEX}+", lambda part: self._letters.hex(part.group()), text)

    def _hexadecimal(self, text: str) -> str:
        """Known addresses as those; other numbers after 0x stay if they are short; other long ones are mapped as digits."""
        prefix, digits = ("0x", text[2:]) if text.startswith("0x") else ("", text)
        if len(digits) in (8, 12, 32):
            packed = bytes.fromhex(digits)
            for candidate, turn in ((packed, 1), (packed[::-1], -1)):
                if candidate in self.known and (len(packed) != 16 or turn == 1):
                    mapped = self._packed_mapped(candidate)[::turn].hex()
                    return prefix + (mapped.upper() if digits != digits.lower() else mapped)
        if prefix and len(digits) <= 8:
            return text
        return prefix + (self._letters.hex(digits) if not digits.isdecimal() else digits)

    # --- words ---

    def _between(self, text: str) -> str:
        return _CHUNK.sub(lambda match: self._chunk(match.group()), text)

    def _chunk(self, chunk: str) -> str:
        if not _RUN.search(chunk):
            return chunk
        core = chunk.rstrip(".-~%+$@/\\") or chunk
        rest, lower = chunk[len(core) :], core.lower()
        if _INTERFACE.fullmatch(lower) or lower in self._words.compounds:
            return chunk
        if "/" in core or "\\" in core:
            return self._path(core) + rest
        if _MNEMONIC.fullmatch(core) or _TAG.fullmatch(lower):
            return re.sub("[A-Za-z]+", lambda match: self._word(match.group()), core) + rest
        name, at, parent = core.partition("@")
        if at and (parent == "NONE" or _INTERFACE.fullmatch(parent.lower())):  # eth0@if7
            return f"{self._chunk(name)}@{parent}{rest}"
        if core.isascii() and core.isalpha():
            return self._word(core) + rest
        amount = re.fullmatch(r"([0-9][0-9.]*%?)([A-Za-z]+)", core)
        if amount:
            return amount[1] + self._word(amount[2]) + rest
        return self._forced(core) + rest

    def _word(self, word: str) -> str:
        return word if len(word) < 2 or word.lower() in self._words.words else self._forced_run(word)

    def _taken(self, word: str) -> bool:
        return word in self._words.words

    def _path(self, path: str) -> str:
        parts = re.split(r"([/\\]+)", path)
        names = [part for part in parts[::2] if part]
        if not path.startswith(("/", "\\")):
            return "".join(part if index % 2 else self._chunk(part) for index, part in enumerate(parts))
        system = bool(names) and names[0].lower() in _SYSTEM
        out, own = list[str](), not system
        for index, part in enumerate(parts):
            plain = index % 2 == 1 or not part
            out.append(part if plain else self._forced(part) if own else self._chunk(part))
            own = own or part == "volumes"
        return "".join(out)

    def _forced(self, text: str) -> str:
        return _RUN.sub(lambda match: self._forced_run(match.group()), text)

    def _forced_run(self, run: str) -> str:
        if not run.isascii():
            return "".join("x" if letter.isalnum() else letter for letter in run)
        if self._back and self._taken(self._letters.forced(run.lower())):
            return self._letters.forced(run)
        return self._letters.word(run, self._taken)


def _settled(text: str, debt: int) -> tuple[str, int]:
    """`text` with blanks taken away or added where there are several, for the `debt` characters that a line became longer."""
    if not debt:
        return text, 0

    def mend(match: re.Match[str]) -> str:
        nonlocal debt
        size = max(1, len(match.group()) - debt)
        debt -= len(match.group()) - size
        return " " * size

    return re.sub(" {2,}", mend, text), debt


def _packed(match: re.Match[str]) -> bytes | None:
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
            return bytes(map(int, _tail(match["dashed"]).split("-")))
        if match["arpa4"]:
            return bytes(map(int, reversed(match["arpa4"].split(".")[:-2]))).ljust(4, b"\0")
        if match["arpa6"]:
            return bytes.fromhex("".join(reversed(match["arpa6"].split(".")[:-2])).ljust(32, "0"))
    except ValueError:
        pass
    return None


def _tail(dashed: str) -> str:
    return "-".join(dashed.split("-")[-4:])


def _length(match: re.Match[str], line: str) -> int | None:
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


def _host(address: bytes, length: int) -> int:
    width = len(address) * 8
    return int.from_bytes(address, "big") & ((1 << max(0, width - length)) - 1)


def _spelt_mac(mac: bytes, like: str) -> str:
    """In the form of `like`: separators, case, leading zeros."""
    text = mac.hex()
    if "." in like:
        spelt = ".".join(text[at : at + 4] for at in (0, 4, 8))
    else:
        gap = "-" if "-" in like else ":"
        wide = all(len(part) == 2 for part in re.split("[:-]", like))
        spelt = gap.join(text[at : at + 2] if wide else f"{mac[at // 2]:x}" for at in range(0, 12, 2))
    return spelt.upper() if like != like.lower() else spelt


def _spelt_ip6(address: bytes, like: str) -> str:
    number = IPv6Address(address)
    mapped = "." in like and address[:12] == bytes(10) + b"\xff\xff"
    text = f"::ffff:{IPv4Address(address[12:])}" if mapped else number.exploded if len(like) == 39 else str(number)
    return text.upper() if like != like.lower() else text
