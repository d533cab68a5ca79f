"""A small pcapng file, written packet by packet: one section, its interfaces, enhanced packets with their comments.

Layout: draft-ietf-opsawg-pcapng. Everything is little-endian. An interface keeps link type, snap length, name and resolution of time of the one that
it comes from; a resolution finer than nanoseconds becomes nanoseconds, since no time here is finer.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from typing import IO

from tshoot.packets.pcapng import Interface

_SECTION, _INTERFACE, _ENHANCED = 0x0A0D0D0A, 1, 6
_END, _COMMENT, _APPLICATION, _NAME, _RESOLUTION = 0, 1, 4, 2, 9
LONGEST_COMMENT = 4_000  # bytes of UTF-8; an option holds 65,535
_TICKS = (1 << 64) - 1


class PcapngWriter:
    """`interfaces` are numbered as given; `write` takes packets in any order."""

    def __init__(self, file: IO[bytes], interfaces: Sequence[Interface], comment: str = "") -> None:
        self._file = file
        self._resolutions = [_resolution(interface) for interface in interfaces]
        options = _text(_COMMENT, comment) + _text(_APPLICATION, "tshoot")
        self._block(_SECTION, struct.pack("<IHHq", 0x1A2B3C4D, 1, 0, -1) + options + _option(_END, b""))
        for interface, (base, exponent) in zip(interfaces, self._resolutions, strict=True):
            unit = bytes([exponent | (0x80 if base == 2 else 0)])
            named = (_option(_NAME, interface.name) if interface.name else b"") + _option(_RESOLUTION, unit) + _option(_END, b"")
            self._block(_INTERFACE, struct.pack("<HHI", interface.link & 0xFFFF, 0, interface.snap) + named)

    def write(self, interface: int, time_ns: int, packet: bytes, wire: int, comment: str = "") -> None:
        """`packet` are the bytes captured of the `wire` that were sent."""
        base, exponent = self._resolutions[interface]
        ticks = min(max(time_ns * base**exponent // 1_000_000_000, 0), _TICKS)
        head = struct.pack("<IIIII", interface, ticks >> 32, ticks & 0xFFFFFFFF, len(packet), wire & 0xFFFFFFFF)
        options = _text(_COMMENT, comment) + _option(_END, b"") if comment else b""
        self._block(_ENHANCED, head + packet + bytes(-len(packet) % 4) + options)

    def _block(self, kind: int, body: bytes) -> None:
        length = len(body) + 12
        self._file.write(struct.pack("<II", kind, length) + body + struct.pack("<I", length))


def _resolution(interface: Interface) -> tuple[int, int]:
    """if_tsresol as (base, exponent), at most nanoseconds: 2 to the power of -30 is still coarser than one."""
    finest = 9 if interface.base == 10 else 30
    return (interface.base, interface.exponent) if interface.exponent <= finest else (10, 9)


def _option(code: int, value: bytes) -> bytes:
    return struct.pack("<HH", code, len(value)) + value + bytes(-len(value) % 4)


def _text(code: int, text: str) -> bytes:
    raw = text.encode("utf-8", "replace")[:LONGEST_COMMENT].decode("utf-8", "ignore").encode()
    return _option(code, raw) if raw else b""
