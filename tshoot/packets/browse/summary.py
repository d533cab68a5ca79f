"""The rows of a few frames, from their first bytes alone: addresses, protocol, length and what the headers say.

What is shown until tshark has said more, and where there is no tshark.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from ipaddress import IPv4Address, IPv6Address

import numpy as np

from tshoot.packets.batches import PADDING, Batch
from tshoot.packets.browse.columns import FrameColumns
from tshoot.packets.browse.ports import protocol_name
from tshoot.packets.headers import ARP, ICMP, ICMP6, TCP, UDP, Headers, read_headers

HEAD = 320  # bytes of a packet that are looked at
_FLAGS = ((2, "SYN"), (1, "FIN"), (4, "RST"), (8, "PSH"), (16, "ACK"), (32, "URG"))
_ICMP = {
    0: "Echo reply",
    3: "Destination unreachable",
    4: "Source quench",
    5: "Redirect",
    8: "Echo request",
    11: "Time exceeded",
    12: "Parameter problem",
}
_ICMP6 = {1: "Destination unreachable", 2: "Packet too big", 3: "Time exceeded", 4: "Parameter problem", 128: "Echo request", 129: "Echo reply"}
_ICMP6 |= {133: "Router solicitation", 134: "Router advertisement", 135: "Neighbor solicitation", 136: "Neighbor advertisement", 137: "Redirect"}


@lru_cache(maxsize=1 << 12)
def _four(number: int) -> str:
    return str(IPv4Address(number))


@lru_cache(maxsize=1 << 12)
def _six(number: int) -> str:
    return str(IPv6Address(number))


@dataclass(frozen=True, slots=True)
class Row:
    """`time` is nanoseconds since the epoch. Protocol and info are guessed from the headers unless `told` by tshark."""

    number: int
    time: int
    source: str
    destination: str
    protocol: str
    length: int
    captured: int
    info: str
    told: bool = False


def summaries(columns: FrameColumns, numbers: Sequence[int], heads: Sequence[bytes]) -> list[Row]:
    """Rows of the frames `numbers`; `heads` are their first bytes, at most `HEAD` of each."""
    headers = read_headers(_batch(columns, numbers, heads))
    return [_row(columns, headers, index, number, heads[index]) for index, number in enumerate(numbers)]


def _batch(columns: FrameColumns, numbers: Sequence[int], heads: Sequence[bytes]) -> Batch:
    index = np.array(numbers, np.int64) - 1
    captured = np.array([len(head) for head in heads], np.int64)
    starts = np.cumsum(captured) - captured
    data = np.frombuffer(b"".join(heads) + bytes(PADDING), np.uint8)
    return Batch(
        1, 0, data, starts, starts, captured, columns.wire[index].astype(np.int64), columns.times[index], columns.links[index].astype(np.int64)
    )


def _row(columns: FrameColumns, headers: Headers, index: int, number: int, head: bytes) -> Row:
    version, protocol, kind = int(headers.version[index]), int(headers.protocol[index]), int(headers.kind[index])
    ports = (int(headers.source_port[index]), int(headers.destination_port[index]))
    fixed = headers.fixed[index].tobytes()
    source, destination = _ends(version, kind, fixed, head, int(columns.links[number - 1]))
    at = int(headers.transport[index]) - int(headers.batch.starts[index])
    if headers.later[index]:
        info = "a later fragment of an IP packet"
    elif version:
        info = _transport(protocol, ports, head[at:] if at >= 0 else b"", _payload(version, fixed, at - _network(headers, index)))
    else:
        info = _other(kind, fixed, int(columns.links[number - 1]), len(head))
    name = protocol_name(version, -2 if headers.later[index] else protocol, ports, kind)
    name = f"IPv{version}" if headers.later[index] else name
    place = number - 1
    return Row(number, int(columns.times[place]), source, destination, name, int(columns.wire[place]), int(columns.captured[place]), info)


def _network(headers: Headers, index: int) -> int:
    return int(headers.network[index]) - int(headers.batch.starts[index])


def _ends(version: int, kind: int, fixed: bytes, head: bytes, link: int) -> tuple[str, str]:
    if version == 4:
        return _four(int.from_bytes(fixed[12:16])), _four(int.from_bytes(fixed[16:20]))
    if version == 6:
        return _six(int.from_bytes(fixed[8:24])), _six(int.from_bytes(fixed[24:40]))
    if link == 1 and len(head) >= 14:
        return head[6:12].hex(":"), head[:6].hex(":")
    return "", ""


def _payload(version: int, fixed: bytes, header: int) -> int:
    """Bytes behind the network layer, as IP's header gives them; `header` is how long that layer is."""
    whole = int.from_bytes(fixed[2:4]) if version == 4 else int.from_bytes(fixed[4:6]) + 40
    return max(whole - header, 0)


def _transport(protocol: int, ports: tuple[int, int], head: bytes, length: int) -> str:
    if protocol == TCP and len(head) >= 16:
        flags = ", ".join(name for bit, name in _FLAGS if head[13] & bit)
        data = max(length - (head[12] >> 4) * 4, 0)
        return f"{ports[0]} → {ports[1]} [{flags}] Win={int.from_bytes(head[14:16])} Len={data}"
    if protocol == UDP and len(head) >= 8:
        return f"{ports[0]} → {ports[1]} Len={max(int.from_bytes(head[4:6]) - 8, 0)}"
    if protocol in (ICMP, ICMP6) and len(head) >= 2:
        name = (_ICMP if protocol == ICMP else _ICMP6).get(head[0], f"Type {head[0]}")
        return f"{name} (code {head[1]})" if head[1] else name
    return "cut short" if protocol in (TCP, UDP, ICMP, ICMP6) else f"IP protocol {protocol}"


def _other(kind: int, fixed: bytes, link: int, length: int) -> str:
    if kind == ARP and fixed[:2] == b"\0\1" and fixed[2:4] == b"\x08\0":
        sender, target = _four(int.from_bytes(fixed[14:18])), _four(int.from_bytes(fixed[24:28]))
        if fixed[7] == 1:
            return f"Who has {target}? Tell {sender}"
        return f"{sender} is at {fixed[8:14].hex(':')}"
    if not length:
        return "a record that holds no packet"
    return f"EtherType {kind:#06x}" if kind else f"link type {link}"
