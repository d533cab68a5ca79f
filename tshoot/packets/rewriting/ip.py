"""IPv4 (RFC 791), IPv6 (RFC 8200) and what they carry. Checksums are mended; options and extension headers are emptied, not removed.

Tunnels are opened: IP in IP, GRE, VXLAN. Everything that is not listed is zeroed behind the IP header.
"""

from __future__ import annotations

import struct

from tshoot.packets.rewriting.checksum import mend
from tshoot.packets.rewriting.shared import Rewriting
from tshoot.packets.rewriting.transport import rewrite_transport

_OPTIONS, _ROUTING, _FRAGMENT, _AUTHENTICATION, _MOBILE = (0, 60), 43, 44, 51, (135, 139, 140)
_DEEPEST = 6  # packets within packets


def rewrite_ip(data: bytes, run: Rewriting) -> bytes:
    """An IP packet, perhaps cut off, perhaps with padding behind it, which is zeroed."""
    if run.depth >= _DEEPEST or not data:
        return bytes(len(data))
    run.depth += 1
    try:
        version = data[0] >> 4
        out = _ip4(data, run) if version == 4 else _ip6(data, run) if version == 6 else b""
        return out[: len(data)].ljust(len(data), b"\0")
    finally:
        run.depth -= 1


def _ip4(data: bytes, run: Rewriting) -> bytes:
    header = (data[0] & 15) * 4
    if len(data) < 20 or header < 20:
        return bytes(data[:1])
    addresses = data[12:20]
    mapped = run.disguise.ip4(data[12:16]) + run.disguise.ip4(data[16:20])
    head = bytearray(data[:12] + mapped + _options4(data[20:header]))
    mend(head, data[: len(head)], 10)
    total, flags = struct.unpack(">H2xH", data[2:8])
    body = data[header : total or len(data)]  # 0: segmentation was left to the network card
    protocol, offset = data[9], (flags & 0x1FFF) * 8
    if offset or flags & 0x2000:
        key = (addresses, protocol, data[4:6])
        return bytes(head) + _fragment(run, (key, offset, bool(flags & 0x2000)), body, protocol, (addresses, mapped))
    return bytes(head) + rewrite_transport(protocol, body, (addresses, mapped), run)


def _options4(options: bytes) -> bytes:
    return options if options in (b"", b"\x94\x04\0\0") else b"\x01" * len(options)  # router alert stays


def _ip6(data: bytes, run: Rewriting) -> bytes:
    if len(data) < 40:
        return bytes(data[:8])
    addresses = data[8:40]
    mapped = run.disguise.ip6(data[8:24]) + run.disguise.ip6(data[24:40])
    out = bytearray(data[:8] + mapped)
    length = int.from_bytes(data[4:6], "big")
    end = 40 + length if length else len(data)  # 0: a jumbogram, or left to the network card
    at, kind = 40, data[6]
    for _ in range(12):
        size = _extension_size(kind, data[at : at + 2])
        piece = data[at : min(at + size, end)]
        if not size or len(piece) < size:
            break
        out += _emptied(kind, piece, run)
        before, kind, at = kind, piece[0], at + size
        if before == _FRAGMENT and piece[2:4] not in (b"\0\0",):
            flags = int.from_bytes(piece[2:4], "big")
            key = (addresses, kind, piece[4:8])
            return bytes(out) + _fragment(run, (key, flags & 0xFFF8, bool(flags & 1)), data[at:end], kind, (addresses, mapped))
    return bytes(out) + rewrite_transport(kind, data[at:end], (addresses, mapped), run)


def _extension_size(kind: int, head: bytes) -> int:
    """The length of an extension header; 0 where `kind` is none, or it is cut off."""
    if kind == _FRAGMENT:
        return 8
    if len(head) < 2:
        return 0
    if kind == _AUTHENTICATION:
        return (head[1] + 2) * 4
    return (head[1] + 1) * 8 if kind in (*_OPTIONS, _ROUTING, *_MOBILE) else 0


def _emptied(kind: int, piece: bytes, run: Rewriting) -> bytes:
    if kind == _FRAGMENT:
        return piece
    if kind == _ROUTING and piece[2] in (0, 2) and (len(piece) - 8) % 16 == 0:
        return piece[:8] + b"".join(run.disguise.ip6(piece[at : at + 16]) for at in range(8, len(piece), 16))
    if kind in _OPTIONS:
        if piece[2:8] == b"\x05\x02\0\0\x01\0":  # router alert, as listeners send it
            return piece
        rest = len(piece) - 4
        pads = b""
        while rest >= 0:  # PadN holds at most 255 zero bytes
            size = min(rest, 255)
            pads += bytes([1, size]) + bytes(size)
            rest -= size + 2
        return (piece[:2] + pads).ljust(len(piece), b"\0")
    return piece[:4] + bytes(len(piece) - 4)


def _fragment(run: Rewriting, place: tuple[object, int, bool], body: bytes, protocol: int, pseudo: tuple[bytes, bytes]) -> bytes:
    key, offset, more = place
    if run.quoting:
        return rewrite_transport(protocol, body, pseudo, run) if not offset else bytes(len(body))
    if run.learning:
        run.fragments.add(key, offset, body, more=more)
        if (full := run.fragments.whole(key)) is not None:
            rewrite_transport(protocol, full, pseudo, run)
        return bytes(len(body))
    return run.fragments.piece(key, offset, len(body), lambda full: rewrite_transport(protocol, full, pseudo, run))
