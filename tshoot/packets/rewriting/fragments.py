"""Fragments of IP put together, so that what they carry is rewritten as a whole; what never becomes whole is zeroed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

_MOST_BYTES = 64 << 20  # of all fragments together
_LONGEST = 65535


@dataclass(slots=True)
class _Datagram:
    """`total` is known when the last fragment was seen. `after` is the rewritten datagram, once it is needed."""

    pieces: dict[int, bytes] = field(default_factory=dict)
    total: int | None = None
    after: bytes | None = None


class Fragments:
    """By key (addresses, protocol, id); of a key that is used twice the first datagram counts, the other shows the same bytes."""

    def __init__(self) -> None:
        self._datagrams: dict[object, _Datagram] = {}
        self._held = 0

    def add(self, key: object, offset: int, data: bytes, *, more: bool) -> None:
        datagram = self._datagrams.setdefault(key, _Datagram())
        if offset + len(data) > _LONGEST or self._held + len(data) > _MOST_BYTES:
            return
        if offset not in datagram.pieces:
            datagram.pieces[offset] = data
            self._held += len(data)
        if not more:
            datagram.total = offset + len(data)

    def whole(self, key: object) -> bytes | None:
        """The datagram, if all of it is there, each time it is asked."""
        datagram = self._datagrams.get(key)
        if datagram is None or datagram.total is None:
            return None
        full = bytearray()
        while len(full) < datagram.total:
            piece = datagram.pieces.get(len(full))
            if not piece:
                return None
            full += piece
        return bytes(full) if len(full) == datagram.total else None

    def piece(self, key: object, offset: int, size: int, rewrite: Callable[[bytes], bytes]) -> bytes:
        """The rewritten bytes of one fragment."""
        datagram = self._datagrams.get(key)
        full = self.whole(key)
        if datagram is None or full is None:
            return bytes(size)
        if datagram.after is None:
            datagram.after = rewrite(full)
        return datagram.after[offset : offset + size].ljust(size, b"\0")
