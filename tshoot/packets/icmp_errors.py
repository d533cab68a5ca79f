"""ICMP and ICMPv6 reports of undelivered packets (RFC 792, 4443), with the packet that each quotes."""

from __future__ import annotations

from collections.abc import Mapping
from ipaddress import ip_address

import numpy as np

from tshoot.packets.batches import Ints
from tshoot.packets.flows import FRAMES_A_LIST, IcmpCount, IcmpError
from tshoot.packets.headers import ICMP, ICMP6, TCP, UDP, Headers

ERRORS_KEPT = 2_000
TYPES = {ICMP: (3, 11, 12), ICMP6: (1, 2, 3, 4)}  # unreachable, time exceeded, parameter problem; and packet too big
PROTOCOLS = {TCP: "tcp", UDP: "udp", ICMP: "icmp", ICMP6: "icmpv6"}


class IcmpErrors:
    def __init__(self) -> None:
        self.errors: list[IcmpError] = []
        self.noted: list[int] = []  # frames of the last batch that went into a list
        self.times: Ints = np.zeros(0, np.int64)  # of all errors of the last batch
        self._counts: dict[tuple[int, int, int], tuple[int, list[int]]] = {}

    def take(self, headers: Headers) -> None:
        self.noted.clear()
        times: list[Ints] = []
        for protocol, types in TYPES.items():
            row = np.flatnonzero(headers.has(protocol) & (headers.transport + 8 <= headers.end))
            if len(row):
                row = row[np.isin(headers.batch.data[headers.transport[row]], types)]
            times.append(headers.batch.times[row])
            for at in row.tolist():
                self._one(headers, at, 4 if protocol == ICMP else 6)
        self.times = np.concatenate(times)

    def _one(self, headers: Headers, row: int, version: int) -> None:
        batch, place = headers.batch, int(headers.transport[row])
        said = bytes(batch.data[place : min(int(headers.end[row]), place + 160)])
        frame = batch.first + row
        times, frames = self._counts.get((version, said[0], said[1]), (0, []))
        if len(frames) < FRAMES_A_LIST:
            frames.append(frame)
        self._counts[version, said[0], said[1]] = times + 1, frames
        if len(self.errors) < ERRORS_KEPT:
            outer = bytes(headers.fixed[row])
            self.noted.append(frame)
            self.errors.append(_error(frame, int(batch.times[row]), version, said, outer, int(headers.version[row])))

    def counts(self) -> Mapping[tuple[int, int, int], IcmpCount]:
        return {kind: IcmpCount(times, tuple(frames)) for kind, (times, frames) in self._counts.items()}


def _error(frame: int, time: int, version: int, said: bytes, outer: bytes, outer_version: int) -> IcmpError:
    addresses = (outer[12:16], outer[16:20]) if outer_version == 4 else (outer[8:24], outer[24:40])
    mtu = int.from_bytes(said[4:8]) if version == 6 and said[0] == 2 else int.from_bytes(said[6:8]) if version == 4 and said[:2] == b"\3\4" else 0
    protocol, source, from_port, destination, to_port = quoted(said[8:], version)
    return IcmpError(
        frame, time, version, said[0], said[1], str(ip_address(addresses[0])), str(ip_address(addresses[1])),
        mtu, protocol, source, from_port, destination, to_port,
    )  # fmt: skip


def quoted(packet: bytes, version: int) -> tuple[str, str, int, str, int]:
    """Protocol, source, its port, destination, its port of a packet that may be cut off anywhere."""
    if version == 4:
        length = (packet[0] & 15) * 4 if packet and packet[0] >> 4 == 4 else 0
        if length < 20 or len(packet) < 20:
            return "", "", 0, "", 0
        number, ends, first = packet[9], (packet[12:16], packet[16:20]), not (packet[6] & 0x1F or packet[7])
    else:
        if len(packet) < 40 or packet[0] >> 4 != 6:
            return "", "", 0, "", 0
        number, ends, length, first = packet[6], (packet[8:24], packet[24:40]), 40, True
    ports = packet[length : length + 4] if first and number in (TCP, UDP) else b""
    source, destination = (int.from_bytes(ports[:2]), int.from_bytes(ports[2:4])) if len(ports) == 4 else (0, 0)
    return PROTOCOLS.get(number, str(number)), str(ip_address(ends[0])), source, str(ip_address(ends[1])), destination
