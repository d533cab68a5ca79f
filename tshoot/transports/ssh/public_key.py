"""The public part of a key file, without its passphrase: from KEY.pub beside it, else from the head of the private key itself.

A private key in OpenSSH's own format has its public key in clear before what is encrypted (PROTOCOL.key, section 1); the older PEM
formats have not.
"""

from __future__ import annotations

import base64
import binascii
import struct
from pathlib import Path

Public = tuple[str, bytes]  # type, wire form
NONE: Public = ("", b"")
_LARGEST = 64 * 1024
_BEGIN, _END = "-----BEGIN OPENSSH PRIVATE KEY-----", "-----END OPENSSH PRIVATE KEY-----"
_MAGIC = b"openssh-key-v1\0"
_BEFORE = 3  # cipher, key derivation, its options


def public_part(file: Path) -> Public:
    """NONE where there is nothing to be read. IdentityFile KEY.pub names a key of the agent."""
    beside = public_line(text_of(file.with_name(file.name + ".pub")))
    if beside != NONE:
        return beside
    text = text_of(file)
    return public_line(text) if file.suffix == ".pub" else _in_clear(text)


def text_of(file: Path) -> str:
    """Its first 64 KiB; "" where it cannot be read."""
    try:
        with file.open("rb") as opened:
            return opened.read(_LARGEST).decode("utf-8", "replace")
    except OSError:
        return ""


def public_line(text: str) -> Public:
    """What a line as in KEY.pub says; NONE where it is none."""
    try:
        kind, blob, *_ = text.split(None, 2)
        return kind, base64.b64decode(blob)
    except (ValueError, binascii.Error):
        return NONE


def _in_clear(text: str) -> Public:
    body = text.partition(_BEGIN)[2].partition(_END)[0]
    try:
        raw = base64.b64decode("".join(body.split()), validate=True)
        if not raw.startswith(_MAGIC):
            return NONE
        at = len(_MAGIC)
        for _ in range(_BEFORE):
            _, at = _string(raw, at)
        blob, _ = _string(raw, at + 4)  # the number of keys, of which OpenSSH writes one
        kind, _ = _string(blob, 0)
        return kind.decode("ascii"), blob
    except (ValueError, struct.error):
        return NONE


def _string(raw: bytes, at: int) -> tuple[bytes, int]:
    """The string at that place (RFC 4251, section 5), and where it ends; ValueError where it does not."""
    (size,) = struct.unpack_from(">I", raw, at)
    end = at + 4 + size
    if end > len(raw):
        raise ValueError
    return raw[at + 4 : end], end
