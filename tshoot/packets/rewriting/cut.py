"""A place in a message that is copied piece by piece into zeros: what is not copied or mapped stays zero."""

from __future__ import annotations

from tshoot.packets.rewriting.disguise import Disguise


class Ended(Exception):
    """The message is shorter than it should be: snapped, lost in part, or not what it seemed."""


class Cut:
    """`data` is read from `at` on, `out` is written at the same places. All numbers are big-endian."""

    def __init__(self, data: bytes, disguise: Disguise) -> None:
        self.data, self.disguise = data, disguise
        self.out = bytearray(len(data))
        self.at = 0

    @property
    def left(self) -> int:
        return len(self.data) - self.at

    def keep(self, size: int) -> bytes:
        """Copy `size` bytes as they are; of a message that ends before, what there is."""
        piece = self.data[self.at : self.at + size]
        self.out[self.at : self.at + len(piece)] = piece
        self.at += len(piece)
        if len(piece) < size:
            raise Ended
        return piece

    def number(self, size: int = 4) -> int:
        return int.from_bytes(self.keep(size), "big")

    def skip(self, size: int) -> bytes:
        """Leave `size` bytes zero; returns what they were."""
        piece = self.data[self.at : self.at + size]
        self.at += len(piece)
        if len(piece) < size:
            raise Ended
        return piece

    def put(self, piece: bytes) -> None:
        self.out[self.at : self.at + len(piece)] = piece
        self.at += len(piece)

    def ip4(self) -> None:
        self._mapped(4, self.disguise.ip4)

    def ip6(self) -> None:
        self._mapped(16, self.disguise.ip6)

    def mac(self) -> None:
        self._mapped(6, self.disguise.mac)

    def hide(self, size: int) -> None:
        """Bytes that only have to stay the same or different."""
        self._mapped(size, self.disguise.opaque)

    def text(self, size: int) -> None:
        self._mapped(size, self.disguise.text)

    def _mapped(self, size: int, change) -> None:  # type: ignore[no-untyped-def]
        if self.left < size:
            self.at = len(self.data)
            raise Ended
        self.put(change(self.data[self.at : self.at + size]))

    # --- XDR (RFC 4506) ---

    def xdr_text(self) -> None:
        size = self.number()
        self.text(size)
        self.skip(-size % 4)

    def xdr_hidden(self) -> None:
        size = self.number()
        self.hide(size)
        self.skip(-size % 4)

    def xdr_zeroed(self) -> None:
        size = self.number()
        self.skip(size + -size % 4)
