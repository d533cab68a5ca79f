"""How many packets the capturing side itself lost: the interface statistics blocks at the end of a pcapng file.

Source: draft-ietf-opsawg-pcapng, Interface Statistics Block. Whoever captures writes them last, so the file is walked backwards by the
lengths at the end of each block, and only as far as such blocks (and name resolution, secrets, custom ones) reach: no pass over the file.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

_SECTION, _NAMES, _STATISTICS, _SECRETS, _CUSTOM, _CUSTOM_LOCAL = 0x0A0D0D0A, 4, 5, 10, 0xBAD, 0x40000BAD
_LAST = {_NAMES, _STATISTICS, _SECRETS, _CUSTOM, _CUSTOM_LOCAL}
_RECEIVED, _INTERFACE_DROPS, _SYSTEM_DROPS = 4, 5, 7  # isb_ifrecv, isb_ifdrop, isb_osdrop
BLOCKS_READ, LARGEST_BLOCK = 64, 1 << 16


@dataclass(frozen=True, slots=True)
class Losses:
    """Sums over the interfaces; `received` is 0 where it is not told."""

    received: int = 0
    dropped: int = 0


def losses_of(path: Path) -> Losses | None:
    """What the file says, None where it says nothing or is no pcapng."""
    try:
        with path.open("rb") as file:
            head = file.read(12)
            if len(head) < 12 or head[:4] != b"\x0a\x0d\x0d\x0a":
                return None
            order = {b"\x1a\x2b\x3c\x4d": ">", b"\x4d\x3c\x2b\x1a": "<"}.get(head[8:12])
            return _from_the_end(file, order) if order else None
    except OSError:
        return None


def _from_the_end(file: BinaryIO, order: str) -> Losses | None:
    end = file.seek(0, 2)
    by_interface: dict[int, tuple[int, int]] = {}
    for _ in range(BLOCKS_READ):
        if end < 12:
            break
        file.seek(end - 4)
        (length,) = struct.unpack(order + "I", file.read(4))
        if length < 12 or length % 4 or length > min(end, LARGEST_BLOCK):
            break
        file.seek(end - length)
        block = file.read(length)
        kind, again = struct.unpack_from(order + "II", block)
        if kind not in _LAST or again != length:
            break
        if kind == _STATISTICS and length >= 24:
            interface, *_ = struct.unpack_from(order + "I", block, 8)
            by_interface.setdefault(interface, _options(block[20:-4], order))  # the last one counts for its interface
        end -= length
    if not by_interface:
        return None
    return Losses(sum(received for received, _ in by_interface.values()), sum(dropped for _, dropped in by_interface.values()))


def _options(data: bytes, order: str) -> tuple[int, int]:
    received, dropped, place = 0, {_INTERFACE_DROPS: 0, _SYSTEM_DROPS: 0}, 0
    while place + 4 <= len(data):
        code, length = struct.unpack_from(order + "HH", data, place)
        if not code or place + 4 + length > len(data):
            break
        if length == 8:
            (value,) = struct.unpack_from(order + "Q", data, place + 4)
            if code == _RECEIVED:
                received = value
            elif code in dropped:
                dropped[code] = value
        place += 4 + length + -length % 4
    return received, sum(dropped.values()) if received or any(dropped.values()) else 0
