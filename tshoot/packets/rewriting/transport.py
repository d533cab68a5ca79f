"""What IP carries: TCP (RFC 9293), UDP (RFC 768), ICMP and tunnels; the rest is zeroed."""

from __future__ import annotations

import struct

from tshoot.packets.rewriting.checksum import mend
from tshoot.packets.rewriting.icmp import rewrite_icmp, rewrite_icmp6
from tshoot.packets.rewriting.rpc import looks_like_rpc, procedure_of, rewrite_rpc
from tshoot.packets.rewriting.shared import Rewriting
from tshoot.packets.rewriting.streams import Flow

Pseudo = tuple[bytes, bytes]  # source and destination address, before and after
_ICMP, _IPIP, _TCP, _UDP, _IP6IP, _GRE, _ICMP6 = 1, 4, 6, 17, 41, 47, 58
_VXLAN = 4789
_KEPT_OPTIONS = {2, 3, 4, 5, 8}  # MSS, window scale, SACK permitted, SACK, timestamps
_IP4, _IP6, _BRIDGED = 0x0800, 0x86DD, 0x6558


def rewrite_transport(protocol: int, data: bytes, pseudo: Pseudo, run: Rewriting) -> bytes:
    """All that follows the IP header, as much as was captured."""
    if protocol == _TCP:
        return _tcp(data, pseudo, run)
    if protocol == _UDP:
        return _udp(data, pseudo, run)
    if protocol in (_ICMP, _ICMP6):
        return _icmp(protocol, data, pseudo, run)
    if protocol in (_IPIP, _IP6IP):
        return run.network(_IP4 if protocol == _IPIP else _IP6, data, run)
    return _gre(data, run) if protocol == _GRE else bytes(len(data))


def _tcp(data: bytes, pseudo: Pseudo, run: Rewriting) -> bytes:
    if len(data) < 20:
        return data[:8].ljust(len(data), b"\0")  # ports and sequence number
    source, destination, sequence, flags = struct.unpack(">HHI4xH", data[:14])
    header = min(max((flags >> 12) * 4, 20), len(data))
    payload, syn = data[header:], bool(flags & 2)
    half = len(pseudo[0]) // 2
    flow = Flow(pseudo[0][:half], pseudo[0][half:], source, destination)
    if run.learning:
        if not run.quoting:
            run.streams.add(flow, sequence, syn=syn, payload=payload)
        return bytes(len(data))
    after = bytes(len(payload)) if run.quoting else run.streams.take(flow, sequence, syn=syn, size=len(payload))
    out = bytearray(data[:20] + _tcp_options(data[20:header]) + after)
    mend(out, data, 16, pseudo)
    return bytes(out)


def _tcp_options(options: bytes) -> bytes:
    out, at = bytearray(options), 0
    while at < len(options):
        kind = options[at]
        if kind == 0:
            return bytes(out[:at]).ljust(len(options), b"\0")
        if kind == 1:
            at += 1
            continue
        size = options[at + 1] if at + 1 < len(options) else 0
        if size < 2:
            return bytes(out[:at]).ljust(len(options), b"\0")
        if kind not in _KEPT_OPTIONS:
            out[at + 2 : at + size] = bytes(len(out[at + 2 : at + size]))
        at += size
    return bytes(out)


def _udp(data: bytes, pseudo: Pseudo, run: Rewriting) -> bytes:
    if len(data) < 8:
        return data
    source, destination, length = struct.unpack(">HHH", data[:6])
    half = len(pseudo[0]) // 2
    flow = Flow(pseudo[0][:half], pseudo[0][half:], source, destination)
    payload = data[8:length] if length >= 8 else data[8:]
    out = bytearray(data[:8] + _udp_payload(payload, flow, run).ljust(len(data) - 8, b"\0"))
    if not run.learning:
        mend(out, data, 6, pseudo, none_is_zero=True)
    return bytes(out)


def _udp_payload(payload: bytes, flow: Flow, run: Rewriting) -> bytes:
    if flow.destination_port == _VXLAN and len(payload) > 8 and payload[0] & 8:
        return payload[:8] + run.ethernet(payload[8:], run)
    if len(payload) < 12 or run.quoting or not looks_like_rpc(payload[:16]):
        return bytes(len(payload))
    if run.learning:
        run.streams.note_call(flow, payload)
        return bytes(len(payload))
    calls = run.streams.calls_of_reply(flow)
    if procedure_of(payload) is None and payload[:4] not in calls:
        return payload[:12] + bytes(len(payload) - 12)  # a reply to nobody: no more than its head
    return rewrite_rpc(payload, run.disguise, calls)


def _icmp(protocol: int, data: bytes, pseudo: Pseudo, run: Rewriting) -> bytes:
    def inner(packet: bytes) -> bytes:
        before, run.quoting = run.quoting, True
        try:
            return run.network(_IP4 if packet[:1] and packet[0] >> 4 == 4 else _IP6, packet, run)
        finally:
            run.quoting = before

    if run.learning:
        return bytes(len(data))
    if protocol == _ICMP:
        out = bytearray(rewrite_icmp(data, run.disguise, inner))
        mend(out, data, 2)
    else:
        out = bytearray(rewrite_icmp6(data, run.disguise, inner))
        mend(out, data, 2, pseudo)
    return bytes(out)


def _gre(data: bytes, run: Rewriting) -> bytes:
    """RFC 2784 and 2890."""
    if len(data) < 4:
        return bytes(len(data))
    flags, kind = struct.unpack(">HH", data[:4])
    header = 4 + 4 * bool(flags & 0x8000) + 4 * bool(flags & 0x2000) + 4 * bool(flags & 0x1000)
    if flags & 0x4007 or len(data) < header:  # source routes, other versions
        return bytes(len(data))
    body = data[header:]
    carried = run.ethernet(body, run) if kind == _BRIDGED else run.network(kind, body, run)
    head = bytearray(data[:header])
    out = head + carried
    if flags & 0x8000 and not run.learning:
        mend(out, data, 4)
    return bytes(out)
