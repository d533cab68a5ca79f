"""Which packets of a batch belong to the same pair of endpoints.

A key is five words of 64 bits: the two addresses in ascending order (two words each, IPv4 in the second), and
version, protocol and both ports. Packets are grouped by a hash with constants of this run, and the groups are
compared with their keys: nobody who writes packets can make two flows one.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from tshoot.packets.batches import Ints
from tshoot.packets.headers import ICMP, ICMP6, Headers

Words = npt.NDArray[np.uint64]
_WORD = (1 << 64) - 1


@dataclass(slots=True)
class Grouping:
    """`chosen` are the rows with an IP header, group by group, each in the order of the file. Position p of `chosen` has direction `direction[p]`

    (0: from the lower endpoint). Group g is `chosen[starts[g]:starts[g + 1]]`, its key `keys[g]`.
    """

    chosen: Ints
    direction: Ints
    starts: Ints
    keys: Words


def group(headers: Headers) -> Grouping:
    rows = np.flatnonzero(headers.version > 0)
    words, direction = _keys(headers, rows)
    while True:
        mixed = _hash(words)
        order = np.argsort(mixed, kind="stable")
        ordered = mixed[order]
        starts = np.flatnonzero(np.concatenate((np.ones(min(1, len(rows)), np.bool_), ordered[1:] != ordered[:-1])))
        keys = words[:, order[starts]]
        whose = np.repeat(np.arange(len(starts)), np.diff(starts, append=len(rows)))
        if all(bool((word[order] == key[whose]).all()) for word, key in zip(words, keys, strict=True) if key.any()):
            return Grouping(rows[order], direction[order], starts, keys.T.copy())


def _hash(words: Words) -> Words:
    mixed = np.zeros(words.shape[1], np.uint64)
    for word in words:
        if word.any():
            mixed = (mixed ^ word) * np.uint64(secrets.randbits(64) | 1)
            mixed ^= mixed >> np.uint64(31)
    return mixed


def _keys(headers: Headers, rows: Ints) -> tuple[Words, Ints]:
    fixed = headers.fixed[rows]
    count = len(rows)
    source, destination = np.zeros((2, count), np.uint64), np.zeros((2, count), np.uint64)
    source[1] = np.ascontiguousarray(fixed[:, 12:16]).view(">u4")[:, 0]
    destination[1] = np.ascontiguousarray(fixed[:, 16:20]).view(">u4")[:, 0]
    six = np.flatnonzero(headers.version[rows] == 6)
    if len(six):
        long = np.ascontiguousarray(fixed[six, 8:40]).view(">u8")
        source[0, six], source[1, six], destination[0, six], destination[1, six] = long.T
    from_port, to_port = headers.source_port[rows].view(np.uint64), headers.destination_port[rows].view(np.uint64)
    swap = source[1] > destination[1]
    same = source[1] == destination[1]
    if len(six):
        swap = (source[0] > destination[0]) | ((source[0] == destination[0]) & swap)
        same &= source[0] == destination[0]
    if same.any():
        swap |= same & (from_port > to_port)
    low, high = np.where(swap, destination, source), np.where(swap, source, destination)
    protocol = np.where(headers.protocol[rows] < 0, 0, headers.protocol[rows]).view(np.uint64)
    ends = np.where(swap, to_port << np.uint64(16) | from_port, from_port << np.uint64(16) | to_port)
    last = headers.version[rows].view(np.uint64) << np.uint64(40) | protocol << np.uint64(32) | ends
    return np.stack((low[0], low[1], high[0], high[1], last)), swap.astype(np.int64)


def key_of(version: int, protocol: int, one: tuple[int, int], other: tuple[int, int]) -> bytes:
    """The key, as the bytes of its row in `Grouping.keys`, of a flow between two (address, port) given as numbers."""
    (low, low_port), (high, high_port) = sorted((one, other))
    words = (low >> 64, low & _WORD, high >> 64, high & _WORD, version << 40 | protocol << 32 | low_port << 16 | high_port)
    return np.array(words, np.uint64).tobytes()


def named(key: tuple[int, ...]) -> tuple[str, tuple[str, int], tuple[str, int]]:
    """Protocol, and address and port of both ends, the lower first."""
    low0, low1, high0, high1, last = key
    number = last >> 32 & 0xFF
    protocol = {6: "tcp", 17: "udp", ICMP: "icmp", ICMP6: "icmpv6"}.get(number, str(number))
    ends = (_six(low0 << 64 | low1), _six(high0 << 64 | high1)) if last >> 40 == 6 else (_four(low1), _four(high1))
    return protocol, (ends[0], last >> 16 & 0xFFFF), (ends[1], last & 0xFFFF)


@lru_cache(maxsize=1 << 14)
def _four(number: int) -> str:
    from ipaddress import IPv4Address

    return str(IPv4Address(number))


@lru_cache(maxsize=1 << 14)
def _six(number: int) -> str:
    from ipaddress import IPv6Address

    return str(IPv6Address(number))
