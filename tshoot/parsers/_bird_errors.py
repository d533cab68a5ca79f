"""The words by which BIRD 2 names what a NOTIFICATION says, and their code and subcode (RFC 4271 section 6, RFC 4486).

BIRD prints words, never numbers: `BGP Error: Hold timer expired` and, in its log, `Error: …` of a NOTIFICATION that it
sent, `Received: …` of one that came. The words are those of the bird program itself (2.0.12).
"""

from __future__ import annotations

import re

_WORDS = {
    "invalid message header": (1, 0),
    "connection not synchronized": (1, 1),
    "bad message length": (1, 2),
    "bad message type": (1, 3),
    "invalid open message": (2, 0),
    "unsupported version number": (2, 1),
    "bad peer as": (2, 2),
    "bad bgp identifier": (2, 3),
    "unsupported optional parameter": (2, 4),
    "authentication failure": (2, 5),
    "unacceptable hold time": (2, 6),
    "required capability missing": (2, 7),
    "no supported afi/safi": (2, 8),
    "role mismatch": (2, 11),
    "invalid update message": (3, 0),
    "malformed attribute list": (3, 1),
    "unrecognized well-known attribute": (3, 2),
    "missing mandatory attribute": (3, 3),
    "invalid attribute flags": (3, 4),
    "invalid attribute length": (3, 5),
    "invalid origin attribute": (3, 6),
    "as routing loop": (3, 7),
    "invalid next_hop attribute": (3, 8),
    "optional attribute error": (3, 9),
    "invalid network field": (3, 10),
    "malformed as_path": (3, 11),
    "hold timer expired": (4, 0),
    "finite state machine error": (5, 0),
    "unexpected message in opensent state": (5, 1),
    "unexpected message in openconfirm state": (5, 2),
    "unexpected message in established state": (5, 3),
    "cease": (6, 0),
    "maximum number of prefixes reached": (6, 1),
    "administrative shutdown": (6, 2),
    "peer de-configured": (6, 3),
    "administrative reset": (6, 4),
    "connection rejected": (6, 5),
    "other configuration change": (6, 6),
    "connection collision resolution": (6, 7),
    "out of resources": (6, 8),
    "invalid route-refresh message": (7, 0),
    "invalid route-refresh message length": (7, 1),
}
_ERROR = re.compile(r"(BGP Error|Error|Received): (.{1,200})")


def notification(said: str) -> tuple[str, int, int] | None:
    """Direction (`sent`, `received`), code and subcode of `Received: Bad peer AS: 65012`; None for what is no NOTIFICATION, or is not known."""
    found = _ERROR.fullmatch(said)
    code = _WORDS.get(found[2].partition(":")[0].strip().lower()) if found else None
    return ("received" if found[1] == "Received" else "sent", *code) if found and code else None
