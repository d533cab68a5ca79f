"""The heads of ONC RPC messages in TCP payload (RFC 5531 sections 9 and 11), as far as it takes to know what is bulk.

Record mark, transaction id and type come first. A call names program, version and procedure; NFSv4's compound
(RFC 7530, 8881) is read up to its first operation that does something. A reply that was accepted and executed is
followed by NFS's own status, which is 0 for success in all versions.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass

NFS = 100003
LONGEST_HEAD = 512  # bytes looked at: credentials and handles are at most 400 and 128 long
LEAST = 24  # bytes of the shortest message, a reply without result, behind the record mark
_LONGEST = 1 << 24
_BULK = {2: (6, 8), 3: (6, 7)}  # READ and WRITE
_BULK_OPERATIONS = (25, 38, 68)  # READ, WRITE, READ_PLUS
_SEQUENCE, _PUTFH, _PUTROOTFH = 53, 22, 24
_WORDS = struct.Struct(">7I")


@dataclass(frozen=True, slots=True)
class Head:
    """`length` counts the record mark. `bulk`: a call that reads or writes; `succeeded`: a reply with status 0.

    `kind` tells equal calls: version, procedure (for NFSv4 the first operation and the call's length), handle; None: to be kept.
    """

    length: int
    xid: int
    call: bool
    bulk: bool = False
    succeeded: bool = False
    kind: tuple[int, int, bytes] | None = None


def head(text: bytes) -> Head | None:
    """The message that begins `text`; None where that is none, or where too little of it is there to say."""
    if len(text) < 4 + LEAST:
        return None
    mark, xid, kind, first, second, third, fourth = _WORDS.unpack_from(text)
    length = (mark & 0x7FFFFFFF) + 4
    if not LEAST <= length - 4 <= _LONGEST or not mark >> 31:
        return None
    if kind == 0 and first == 2:
        if second != NFS:
            return Head(length, xid, True) if 100_000 <= second < 0x60000000 else None
        if third in _BULK and fourth in _BULK[third]:
            return Head(length, xid, True, bulk=True)
        return _call(text, length, xid, third, fourth)
    if kind == 1 and first in (0, 1):
        return Head(length, xid, False, succeeded=first == 0 and _succeeded(text, third))
    return None


def _succeeded(text: bytes, verifier: int) -> bool:
    at = 24 + verifier
    return verifier <= 400 and at + 8 <= len(text) and text[at : at + 8] == bytes(8)


def _call(text: bytes, length: int, xid: int, version: int, procedure: int) -> Head:
    at = 28
    for _ in range(2):  # credentials and verifier
        at += 8 + _padded(text, at + 4)
    if version in (2, 3) and procedure:
        handle = text[at : at + 32] if version == 2 else text[at + 4 : at + 4 + min(64, _padded(text, at))]
        return Head(length, xid, True, kind=(version, procedure, handle) if handle else None)
    if version == 4 and procedure == 1:
        return _compound(text, length, xid, at)
    return Head(length, xid, True)


def _compound(text: bytes, length: int, xid: int, at: int) -> Head:
    at += 4 + _padded(text, at)  # tag
    operations, at = _word(text, at + 4), at + 8
    handle = b""
    for _ in range(min(operations, 4)):
        operation, at = _word(text, at), at + 4
        if operation == _SEQUENCE:
            at += 32
        elif operation == _PUTFH:
            size = _padded(text, at)
            handle, at = text[at + 4 : at + 4 + size], at + 4 + size
        elif operation in _BULK_OPERATIONS:
            return Head(length, xid, True, bulk=True)
        else:
            return Head(length, xid, True, kind=(4, operation << 32 | length, handle) if handle and operation != _PUTROOTFH else None)
    return Head(length, xid, True)


def _word(text: bytes, at: int) -> int:
    return int.from_bytes(text[at : at + 4]) if 0 <= at <= len(text) - 4 else 0


def _padded(text: bytes, at: int) -> int:
    """The length that stands at `at`, rounded up to words; no more than any head needs."""
    length = min(_word(text, at), LONGEST_HEAD)
    return length + -length % 4
