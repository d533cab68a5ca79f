"""The addresses of a text, each in the form in which it was spelt, and what was learnt of them: which are networks, and which there are at all."""

from __future__ import annotations

import re
from collections.abc import Callable
from ipaddress import IPv4Address

from tshoot.redaction.addresses import AddressMap, embedded
from tshoot.redaction.known import Known, spelt
from tshoot.redaction.letters import LetterPermutation
from tshoot.redaction.spellings import ADDRESS, HEX, MASKS4, host_bits, network_length, packed, packed4, spelt_ip6, spelt_mac, tail


class SpeltAddresses:
    """`mapped` is the map of one match of `ADDRESS`; `words` maps what only looks like an address.

    `networks` are the networks that were seen with their length: an address that is one of them keeps its host bits zero. `known` are the
    addresses that were seen, so that they are recognised in other spellings, too; `shown` are those that were written in their place. `check`
    is asked again and again within a line, so that one without an end can be left, too.
    """

    def __init__(self, addresses: AddressMap, letters: LetterPermutation, words: Callable[[str], str], *, back: bool) -> None:
        self._addresses, self._letters, self._words, self._back = addresses, letters, words, back
        self.networks: dict[bytes, int] = {}
        self.known = Known()
        self.shown: set[bytes] = set()
        self._alone: set[bytes] = set()  # IPv4 addresses that were seen without a port behind them
        self.check: Callable[[], None] = lambda: None

    def learn(self, line: str) -> None:
        """Take note of the addresses and networks in a line."""
        for match in ADDRESS.finditer(line):
            self.check()
            address = packed(match)
            quad = packed4(match["quad"]) if match["quad"] else address and embedded(address)
            if quad:
                self.known.add(quad)
            if address is None:
                continue
            self.known.add(address)
            if not match["port"]:
                self._alone.add(address)
            size = network_length(match, line)
            if size is not None:
                self.learn_network(address, size)

    def left(self, text: str) -> list[str]:
        """The known addresses that stand in a text that was mapped, as they stand there, but for those that others became."""
        return [
            text[start:end] for start, end, address in self.known.find(text, self.check, but=self.shown) if self._packed_mapped(address) != address
        ]

    def learn_network(self, address: bytes, size: int) -> None:
        if size <= len(address) * 8 and not host_bits(address, size):
            self.networks[address] = max(size, self.networks.get(address, 0))

    def network(self, address: bytes, length: int) -> bytes:
        """A packed network address with its length: the host bits become zero."""
        mapped = self._packed_mapped(address)
        width = len(address) * 8
        length = min(length, width)
        return self._noted((int.from_bytes(mapped, "big") >> (width - length) << (width - length)).to_bytes(len(address), "big"))

    def _noted(self, mapped: bytes) -> bytes:
        self.shown.add(mapped)
        quad = embedded(mapped)
        if quad:
            self.shown.add(quad)
        return mapped

    def _packed_mapped(self, address: bytes) -> bytes:
        if address in MASKS4:
            return address
        kinds = {4: self._addresses.ip4, 6: self._addresses.mac, 16: self._addresses.ip6}
        return self._noted(kinds[len(address)](address))

    def one(self, address: bytes) -> bytes:
        """A packed address that stands alone: one that is a known network stays one."""
        size = self.networks.get(address)
        return self._packed_mapped(address) if size is None else self.network(address, size)

    def mapped(self, match: re.Match[str], line: str) -> str:
        address = packed(match)
        if match["uuid"]:
            return self._other_digits(match["uuid"])
        if match["dotted"]:  # numbers of an object (an OID)
            return self.known_mapped(match["dotted"])
        if match["dump"]:
            return self._dump(match["dump"])
        if match["hex"]:
            return self._hexadecimal(match["hex"])
        if address is None:
            return self._no_address(match)
        if match["port"] and (other := self._no_port(match["ip4"] + match["port"], address)):
            return other + (match["length4"] or "")
        label = self._words(match["label"] or "")
        if match["mac"]:
            return label + spelt_mac(self._packed_mapped(address), match["mac"]) + (match["length6"] or "")
        if match["arpa4"] or match["arpa6"]:
            return self._reverse_name(address, match)
        size = network_length(match, line)
        if size is None and not self._back:
            size = self.networks.get(address)
        mapped = self.network(address, size) if size is not None and not host_bits(address, size) else self._packed_mapped(address)
        if match["dashed"]:
            return self._words(match["dashed"][: -len(tail(match["dashed"]))]) + str(IPv4Address(mapped)).replace(".", "-")
        if len(address) == 16:
            return label + spelt_ip6(mapped, match["ip6"]) + (match["length6"] or "")
        return str(IPv4Address(mapped)) + (match["port"] or "") + (match["length4"] or "")

    def known_mapped(self, text: str, others: Callable[[str], str] = str) -> str:
        """`text` with the addresses in it that are known from elsewhere mapped, and the rest as `others` maps it."""
        out, at = list[str](), 0
        for start, end, address in self.known.find(text, self.check):
            out += [others(text[at:start]), spelt(self.one(address), text[start:end])]
            at = end
        return "".join([*out, others(text[at:])])

    def _no_port(self, text: str, address: bytes) -> str:
        """Five or six numbers in which a known address stands elsewhere than at their beginning, or a MAC; "" where they are address and port."""
        if any(len(known) == 6 for _, _, known in self.known.find(text, self.check)):
            return self.known_mapped(text)
        numbers = text.split(".")
        for at in range(1, len(numbers) - 3):
            quad = packed4(".".join(numbers[at : at + 4]))
            if quad in self._alone and quad is not None and address not in self._alone:
                return ".".join([*numbers[:at], str(IPv4Address(self.one(quad))), *numbers[at + 4 :]])
        return ""

    def _other_digits(self, text: str) -> str:
        def other(part: re.Match[str]) -> str:
            self.check()
            return self._letters.hex(part.group())

        return re.sub(f"{HEX}+", other, text)

    def _no_address(self, match: re.Match[str]) -> str:
        """What only looks like one: a time, perhaps with an IPv4 address right behind it, or a longer number in groups."""
        text = match.group()
        quad = packed4(match["quad"]) if match["quad"] else None
        if quad:
            before, _, after = text.rpartition(match["quad"])
            return self._words(before) + str(IPv4Address(self.one(quad))) + after
        return self._other_digits(text) if text.count(":") > 3 else self._words(text)

    def _reverse_name(self, address: bytes, match: re.Match[str]) -> str:
        mapped = self._packed_mapped(address)
        if match["arpa6"]:
            count = match["arpa6"].count(".") - 1
            return ".".join(reversed(mapped.hex()[:count])) + match["arpa6"][-9:]
        count = match["arpa4"].count(".") - 1
        return ".".join(str(byte) for byte in reversed(mapped[:count])) + match["arpa4"][-13:]

    def _dump(self, text: str) -> str:
        """Bytes in hexadecimal; one number of two or four (an AS in a notification) stays unless it is a known address, as do numbers in a row."""
        if " " not in text:
            return self._hexadecimal(f"0x{text}")[2:] if len(text) == 8 else text
        return self.known_mapped(text) if text.replace(" ", "").isdecimal() else self._other_digits(text)

    def _hexadecimal(self, text: str) -> str:
        """Known addresses as those; other numbers after 0x stay if they are short, as do decimal ones; other long ones are mapped as digits."""
        prefix, digits = ("0x", text[2:]) if text.startswith("0x") else ("", text)
        if len(digits) in (8, 12, 32):
            number = bytes.fromhex(digits)
            for candidate, turn in ((number, 1), (number[::-1], -1)):
                if candidate in self.known and (len(number) != 16 or turn == 1):
                    mapped = self._packed_mapped(candidate)[::turn].hex()
                    return prefix + (mapped.upper() if digits != digits.lower() else mapped)
        if prefix and len(digits) <= 8:
            return text
        return prefix + (self.known_mapped(digits) if digits.isdecimal() else self._letters.hex(digits))
