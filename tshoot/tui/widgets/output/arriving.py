"""Pieces of one stream to whole lines, still raw; a line without an end is given out when it grows too long."""

from __future__ import annotations

_LONGEST = 65_536  # bytes


class Arriving:
    def __init__(self) -> None:
        self._rest = b""

    def lines(self, piece: bytes) -> list[bytes]:
        """The lines that `piece` completes, without their newlines."""
        whole, newline, rest = (self._rest + piece).rpartition(b"\n")
        self._rest = rest
        if len(rest) > _LONGEST:
            whole, newline, self._rest = whole + newline + rest, b"\n", b""
        return whole.split(b"\n") if newline else []
