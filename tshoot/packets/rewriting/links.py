"""Frames of each link type (tcpdump's list of link types): their own headers, then what their EtherType names. An unknown link is zeroed."""

from __future__ import annotations

from tshoot.packets.rewriting.arp import rewrite_arp
from tshoot.packets.rewriting.ip import rewrite_ip
from tshoot.packets.rewriting.shared import Rewriting

_IP = (0x0800, 0x86DD)
_ARP = (0x0806, 0x8035)
_TAGS = (0x8100, 0x88A8, 0x9100, 0x9200)
_MPLS = (0x8847, 0x8848)
_PPPOE = 0x8864
_RAW, _LOOPBACK, _PPP = (12, 14, 101, 228, 229), (0, 108), (9, 50)
_ERF, _ERF_ETHERNET = 197, (2, 11, 16, 20)  # records of Endace's ERF, and those that hold Ethernet frames
_LEAST_TYPE = 1536  # below it is the length of an 802.3 frame


def rewrite_frame(link: int, data: bytes, run: Rewriting) -> bytes:
    """`data` of link type `link` rewritten, as long as it was."""
    run.ethernet, run.network = _ethernet, _network
    if link == 1:
        out = _ethernet(data, run)
    elif link == 113:
        out = _cooked(data, run)
    elif link == 276:
        out = _cooked2(data, run)
    elif link == _ERF:
        out = _erf(data, run)
    elif link in _RAW:
        out = rewrite_ip(data, run)
    elif link in _LOOPBACK:
        out = data[:4] + rewrite_ip(data[4:], run)
    else:
        out = b""
    return out[: len(data)].ljust(len(data), b"\0")


def _ethernet(data: bytes, run: Rewriting) -> bytes:
    if len(data) < 14:
        return bytes(len(data))
    head = run.disguise.mac(data[:6]) + run.disguise.mac(data[6:12]) + data[12:14]
    return head + _network(int.from_bytes(data[12:14], "big"), data[14:], run)


def _network(kind: int, data: bytes, run: Rewriting) -> bytes:
    if kind in _IP:
        return rewrite_ip(data, run)
    if kind in _ARP:
        return rewrite_arp(data, run.disguise)
    if kind in _TAGS and len(data) >= 4:
        return data[:4] + _network(int.from_bytes(data[2:4], "big"), data[4:], run)
    if kind in _MPLS:
        return _mpls(data, run)
    if kind == _PPPOE and len(data) >= 8:
        inner = {0x21: 0x0800, 0x57: 0x86DD}.get(int.from_bytes(data[6:8], "big"), 0)
        return data[:8] + _network(inner, data[8:], run)
    return bytes(len(data))


def _mpls(data: bytes, run: Rewriting) -> bytes:
    at = 0
    while at + 4 <= len(data) and at < 64:
        at += 4
        if data[at - 2] & 1:  # the bottom of the stack
            return data[:at] + rewrite_ip(data[at:], run)
    return bytes(len(data))


def _cooked(data: bytes, run: Rewriting) -> bytes:
    """Linux cooked capture: direction, hardware type, length and bytes of the sender's address, EtherType."""
    if len(data) < 16:
        return bytes(len(data))
    address = run.disguise.mac(data[6:12]) + bytes(2) if data[4:6] == b"\0\x06" else bytes(8)
    return data[:6] + address + data[14:16] + _network(int.from_bytes(data[14:16], "big"), data[16:], run)


def _erf(data: bytes, run: Rewriting) -> bytes:
    """Time, type, flags, lengths (16 bytes); further headers of 8 while the first bit says so; two bytes of padding; the frame."""
    at = 16
    while at <= len(data) and at <= 64 and data[8 if at == 16 else at - 8 : at] and data[8 if at == 16 else at - 8] & 0x80:
        at += 8
    if len(data) < at + 2 or data[8] & 0x7F not in _ERF_ETHERNET:
        return data[:16]
    return data[:16] + bytes(at - 14) + _ethernet(data[at + 2 :], run)


def _cooked2(data: bytes, run: Rewriting) -> bytes:
    if len(data) < 20:
        return bytes(len(data))
    address = run.disguise.mac(data[12:18]) + bytes(2) if data[11] == 6 else bytes(8)
    return data[:12] + address + _network(int.from_bytes(data[:2], "big"), data[20:], run)
