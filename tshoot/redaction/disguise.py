"""One map for everything: texts, names, packed addresses, opaque bytes. What captures show is what texts say."""

from __future__ import annotations

import hmac
import re

from tshoot.redaction.addresses import AddressMap
from tshoot.redaction.letters import LetterPermutation
from tshoot.redaction.text import TextMap
from tshoot.redaction.vocabulary import Vocabulary, shipped_playbooks

_LIKE_ADDRESSES = re.compile("[0-9A-Fa-f:.]+")


class SessionMap:
    """`packets.rewriting.Disguise` for captures, `text` for the rest. What captures hold is learnt for the texts."""

    def __init__(self, key: bytes, words: Vocabulary, *, back: bool = False) -> None:
        self._key = hmac.digest(key, b"tshoot opaque", "sha256")
        self._addresses = AddressMap(key, back=back)
        self.texts = TextMap(self._addresses, LetterPermutation(key, back=back), words, back=back)

    def ip4(self, address: bytes) -> bytes:
        return self._alone(address)

    def ip6(self, address: bytes) -> bytes:
        return self._alone(address)

    def mac(self, address: bytes) -> bytes:
        return self._alone(address)

    def _alone(self, address: bytes) -> bytes:
        self.texts.addresses.known.add(address)
        return self.texts.addresses.one(address)

    def prefix(self, address: bytes, length: int) -> bytes:
        self.texts.addresses.learn_network(address, length)
        return self.texts.addresses.network(address, length)

    def text(self, text: bytes) -> bytes:
        """Of the same length: where an address becomes longer it is hidden, where it becomes shorter it has leading zeros."""
        plain = "".join(chr(byte) if 32 <= byte < 127 else "x" for byte in text)
        mapped = self.texts.name(plain)
        if len(mapped) != len(plain):
            mapped = _LIKE_ADDRESSES.sub(lambda match: "" if "." in match.group() or ":" in match.group() else match.group(), mapped)
            mapped = mapped[: len(plain)].rjust(len(plain), "0")
        return mapped.encode("ascii", "replace")

    def playbook_text(self, text: str) -> str:
        """A playbook as it ships stays; of one's own, which the words were taken from, addresses alone are mapped."""
        return text if text in shipped_playbooks() else self.texts.addresses_only(text)

    def opaque(self, data: bytes) -> bytes:
        if not any(data):
            return data
        stream, counter = b"", 0
        while len(stream) < len(data):
            stream += hmac.digest(self._key, counter.to_bytes(4, "big") + data, "sha256")
            counter += 1
        return stream[: len(data)]
