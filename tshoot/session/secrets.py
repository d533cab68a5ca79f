"""Secrets in what devices print, replaced by as many asterisks before anything is kept.

`without_secrets` keeps the length and the number of every line, so that citations hold; addresses, names and all other words stay.
Patterns go by the syntax of the vendors: IOS, NX-OS, EOS, FRR, BIRD, Linux, ESXi (`secret_rules`). Whatever stands where a secret is due is
masked, also where it may be none: a secret that slips through is worse. Masking what is masked changes nothing. A secret that no syntax
announces (a password typed at the wrong prompt) cannot be told from other text.
"""

from __future__ import annotations

import re
import time

from tshoot.session.secret_lines import masked_lines
from tshoot.session.secret_rules import RULES

_BEGIN = re.compile(rb"-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----|\bPuTTY-User-Key-File-")
_END = re.compile(rb"-----END [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----|^Private-MAC:[^\r\n]*", re.MULTILINE)
_VISIBLE = re.compile(rb"[^\s]")
_WORDS = tuple(sorted({word for words, _ in RULES for word in words}))
_PIECE = 65536  # bytes that are looked at together; a longer line is gone through in windows
_LARGE = 1 << 20  # bytes from which on the other threads are let in between the pieces
_PAUSE = 0.0005  # seconds


def without_secrets(data: bytes) -> bytes:
    """`data`, in which every secret is asterisks, byte for byte; the same object where there is none.

    Megabytes are gone through in pieces of whole lines, none of which holds the interpreter for longer than some milliseconds.
    """
    found: list[tuple[int, bytes]] = []
    at, within = 0, False
    while at < len(data):
        end = data.find(b"\n", at + _PIECE) + 1 or len(data)
        piece = data[at:end]
        masked, within = _masked_piece(piece, within)
        if masked != piece:
            found.append((at, masked))
        at = end
        if len(data) > _LARGE:
            time.sleep(_PAUSE)
    return _with(data, found) if found else data


def _with(data: bytes, found: list[tuple[int, bytes]]) -> bytes:
    """`data` with other pieces of the same length in it."""
    result = bytearray(data)
    for at, piece in found:
        result[at : at + len(piece)] = piece
    return bytes(result)


def _masked_piece(piece: bytes, within: bool) -> tuple[bytes, bool]:
    """Whole lines, and whether a block of a private key began and did not end in them; `within`: the same before them."""
    small = piece.lower()
    if within or b"private key" in small or b"putty-user-key-file-" in small:
        piece, within = _without_key_blocks(piece, within)
    there = tuple(word for word in _WORDS if word in small)
    return (masked_lines(piece, there) if there else piece), within


def _without_key_blocks(data: bytes, within: bool) -> tuple[bytes, bool]:
    """Blocks of private keys, whose lines stay as many and as long; one without its end goes on to the end, and beyond it."""
    out, at = bytearray(data), 0
    while True:
        if not within:
            begin = _BEGIN.search(data, at)
            if begin is None:
                return bytes(out), False
            at = begin.end()
        end = _END.search(data, at)
        stop = end.start() if end else len(data)
        out[at:stop] = _VISIBLE.sub(b"*", data[at:stop])
        if end is None:
            return bytes(out), True
        at, within = end.end(), False
