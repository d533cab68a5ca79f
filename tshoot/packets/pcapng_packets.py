"""The packet blocks of one piece of a pcapng file as a batch: enhanced ones all at once, the rare others one by one."""

from __future__ import annotations

import struct
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from tshoot.packets.batches import Batch, Ints, Mask, Window, rows
from tshoot.packets.survey import LONGEST_OF_LINK, LONGEST_PACKET

if TYPE_CHECKING:
    from tshoot.packets.pcapng import Interface

_HEAD = 28  # bytes of an enhanced or obsolete block before the packet
_SIMPLE, _OBSOLETE, _ENHANCED = 3, 2, 6
_FAR = 1 << 62  # nanoseconds: no time is kept that does not fit 64 bits


def packets(
    window: Window,
    places: Sequence[int],
    odd: Mapping[int, int],
    turns: Sequence[tuple[int, int, int]],
    interfaces: Sequence[Interface],
    order: str,
    first: int,
) -> tuple[Batch, int | None, str]:
    """The batch, up to the first block that cannot be right; its index, and whether its "length" or its "content" is wrong."""
    records = np.array(places, np.int64)
    head = rows(window.data, records, _HEAD).view(order + "u4").astype(np.int64)
    lengths, interface, high, low, captured, wire = (head[:, column].copy() for column in (1, 2, 3, 4, 5, 6))
    padded = lengths + -lengths % 4
    starts = records + _HEAD
    last = np.searchsorted(np.array([turn[0] for turn in turns]), np.arange(len(records)), side="right") - 1
    base, known = (np.array([turn[column] for turn in turns], np.int64)[last] for column in (1, 2))
    wrong = (interface >= known - base) | (captured > lengths - _HEAD - 4)
    for index, kind in odd.items():
        _one_of_another_kind(index, kind, window, places[index], order, interface, captured, wire, starts, wrong, lengths, interfaces, base, known)
    interface = np.where(wrong, 0, interface + base)
    times = _times(interface, (high << 32) | low, interfaces)
    for index, kind in odd.items():
        if kind not in (_ENHANCED, _OBSOLETE):
            times[index] = 0
    links = np.array([entry.link for entry in interfaces] or [0], np.int64)[np.minimum(interface, max(len(interfaces) - 1, 0))]
    longest = np.full(len(links), LONGEST_PACKET)
    for link, limit in LONGEST_OF_LINK.items():
        longest[links == link] = limit
    wrong |= captured > longest
    mismatched = rows(window.data, records + padded - 4, 4).view(order + "u4")[:, 0].astype(np.int64) != lengths if len(records) else wrong
    count, why = len(records), ""
    if (bad := np.flatnonzero(wrong | mismatched)).size:
        count = int(bad[0])
        why = "length" if mismatched[count] else "content"
    columns = (column[:count] for column in (records, starts, captured, wire, times, links, interface))
    batch = Batch(first, window.base, window.data, *columns)
    return batch, count if why else None, why


def _one_of_another_kind(
    index: int,
    kind: int,
    window: Window,
    place: int,
    order: str,
    interface: Ints,
    captured: Ints,
    wire: Ints,
    starts: Ints,
    wrong: Mask,
    lengths: Ints,
    interfaces: Sequence[Interface],
    base: Ints,
    known: Ints,
) -> None:
    if kind == _ENHANCED:
        return
    if kind == _OBSOLETE:
        (interface[index],) = struct.unpack_from(order + "H", window.memory, place + 8)
        wrong[index] = interface[index] >= known[index] - base[index] or captured[index] > lengths[index] - _HEAD - 4
        return
    interface[index] = 0
    if kind != _SIMPLE:  # a frame without a packet
        captured[index] = wire[index] = -1
        starts[index] = place + 8
        wrong[index] = False
        return
    (wire[index],) = struct.unpack_from(order + "I", window.memory, place + 8)
    there = known[index] > base[index]
    snap = interfaces[base[index]].snap if there else 0
    captured[index] = min(wire[index], lengths[index] - 16, snap or wire[index])
    starts[index] = place + 12
    wrong[index] = not there


def _times(interface: Ints, ticks: Ints, interfaces: Sequence[Interface]) -> Ints:
    """Nanoseconds since the epoch; a resolution or a number that leads out of 64 bits gives the nearest that fits."""
    times = np.zeros(len(ticks), np.int64)
    for number in np.unique(interface):
        if number >= len(interfaces):
            continue
        chosen, entry = interface == number, interfaces[number]
        unit = float(entry.base) ** -entry.exponent * 1e9
        counted = ticks[chosen].view(np.uint64)
        if entry.base == 10 and entry.exponent <= 9:
            factor = np.uint64(10 ** (9 - entry.exponent))
            exact = counted <= np.uint64(_FAR) // factor
            nanoseconds = np.where(exact, counted * factor, np.uint64(_FAR)).astype(np.int64)
        else:
            nanoseconds = np.minimum(counted.astype(np.float64) * unit, float(_FAR)).astype(np.int64)
        times[chosen] = nanoseconds + max(min(entry.offset, 1 << 31), -(1 << 31)) * 1_000_000_000
    return times
