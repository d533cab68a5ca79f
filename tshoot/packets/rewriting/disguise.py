"""What a rewritten capture shows in the place of addresses and names: handed in by whoever knows the key."""

from __future__ import annotations

from typing import Protocol


class Disguise(Protocol):
    """Everything that it gives is as long as what it was given."""

    def ip4(self, address: bytes) -> bytes: ...

    def ip6(self, address: bytes) -> bytes: ...

    def mac(self, address: bytes) -> bytes: ...

    def prefix(self, address: bytes, length: int) -> bytes:
        """A network of `length` bits, 4 or 16 bytes: its host bits are zero."""

    def text(self, text: bytes) -> bytes:
        """A name or path."""

    def opaque(self, data: bytes) -> bytes:
        """Bytes that only have to stay the same or different from each other: a file handle."""
