"""The addresses of a text, each in the form in which it was spelt, and what was learnt of them: which are networks, and which there are at all."""

from __future__ import annotations

import re
from collections.abc import Callable
from ipaddress import IPv4Address

from tshoot.redaction.addresses import AddressMap
from tshoot.redaction.letters import LetterPermutation
from tshoot.redaction.spellings import ADDRESS, HEX, MASKS4, host_bits, network_length, packed, spelt_ip6, spelt_mac, tail


class SpeltAddresses:
    """`mapped` is the map of one match of `ADDRESS`; `words` maps what only looks like an address.

    `networks` are the networks that were seen with their length: an address that is one of them keeps its host bits zero. `known` are the
    addresses that were seen, so that they are recognised in hexadecimal, too.
    """

    def __init__(self, addresses: AddressMap, letters: LetterPermutation, words: Callable[[str], str], *, back: bool) -> None:
        self._addresses, self._letters, self._words, self._back = addresses, letters, words, back
        self.networks: dict[bytes, int] = {}
        self.known: set[bytes] = set()

    def learn(self, line: str) -> None:
        """Take note of the addresses and networks in a line."""
        for match in ADDRESS.finditer(line):
            address = packed(match)
            if address is None:
                continue
            self.known.add(address)
            size = network_length(match, line)
            if size is not None:
                self.learn_network(address, size)

    def learn_network(self, address: bytes, size: int) -> None:
        if size <= len(address) * 8 and not host_bits(address, size):
            self.networks[address] = max(size, self.networks.get(address, 0))

    def network(self, address: bytes, length: int) -> bytes:
        """A packed network address with its length: the host bits become zero."""
        mapped = self._packed_mapped(address)
        width = len(address) * 8
        length = min(length, width)
        return (int.from_bytes(mapped, "big") >> (width - length) << (width - length)).to_bytes(len(address), "big")

    def _packed_mapped(self, address: bytes) -> bytes:
        if address in MASKS4:
            return address
        kinds = {4: self._addresses.ip4, 6: self._addresses.mac, 16: self._addresses.ip6}
        return kinds[len(address)](address)

    def mapped(self, match: re.Match[str], line: str) -> str:
        address = packed(match)
        if match["uuid"]:
            return re.sub(f"{HEX}+", lambda part: self._letters.hex(part.group()), match["uuid"])
        if match["dotted"]:
            return self._dotted(match["dotted"])
        if match["dump"]:
            return self._dump(match["dump"])
        if match["hex"]:
            return self._hexadecimal(match["hex"])
        if address is None:  # only looks like one
            text = match.group()
            return re.sub(f"{HEX}+", lambda part: self._letters.hex(part.group()), text) if text.count(":") > 3 else self._words(text)
        if match["mac"]:
            return spelt_mac(self._addresses.mac(address), match["mac"])
        if match["arpa4"] or match["arpa6"]:
            return self._reverse_name(address, match)
        size = network_length(match, line)
        if size is None and not self._back:
            size = self.networks.get(address)
        mapped = self.network(address, size) if size is not None and not host_bits(address, size) else self._packed_mapped(address)
        if match["dashed"]:
            return self._words(match["dashed"][: -len(tail(match["dashed"]))]) + str(IPv4Address(mapped)).replace(".", "-")
        if len(address) == 16:
            return spelt_ip6(mapped, match["ip6"]) + (match["length6"] or "")
        return str(IPv4Address(mapped)) + (match["port"] or "") + (match["length4"] or "")

    def _reverse_name(self, address: bytes, match: re.Match[str]) -> str:
        mapped = self._packed_mapped(address)
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
        return re.sub(f"{HEX}+", lambda part: self._letters.hex(part.group()), text)

    def _hexadecimal(self, text: str) -> str:
        """Known addresses as those; other numbers after 0x stay if they are short; other long ones are mapped as digits."""
        prefix, digits = ("0x", text[2:]) if text.startswith("0x") else ("", text)
        if len(digits) in (8, 12, 32):
            number = bytes.fromhex(digits)
            for candidate, turn in ((number, 1), (number[::-1], -1)):
                if candidate in self.known and (len(number) != 16 or turn == 1):
                    mapped = self._packed_mapped(candidate)[::turn].hex()
                    return prefix + (mapped.upper() if digits != digits.lower() else mapped)
        if prefix and len(digits) <= 8:
            return text
        return prefix + (self._letters.hex(digits) if not digits.isdecimal() else digits)
