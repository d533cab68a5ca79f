"""The names of NOTIFICATION codes and subcodes, and which of them an operator caused.

Codes: RFC 4271 §4.5; Cease: RFC 4486, BFD Down RFC 9384, Hard Reset RFC 8538 (its data holds the true code and subcode);
OPEN: RFC 5492, Role Mismatch RFC 9234; FSM: RFC 6608; Send Hold Timer: RFC 9687.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from tshoot.model.text import clean_line
from tshoot.packets.frames import Layer

HEADER, OPEN, UPDATE, HOLD_TIMER, FSM, CEASE, REFRESH, SEND_HOLD_TIMER = 1, 2, 3, 4, 5, 6, 7, 8
HARD_RESET, DECONFIGURED, REJECTED, COLLISION, BFD_DOWN, TOO_MANY = 9, 3, 5, 7, 10, 1
ADMINISTRATIVE = frozenset({2, 4, 6})  # subcodes of Cease: an operator did it, and knows
_CODES: Mapping[int, str] = {
    HEADER: "Message Header Error",
    OPEN: "OPEN Message Error",
    UPDATE: "UPDATE Message Error",
    HOLD_TIMER: "Hold Timer Expired",
    FSM: "Finite State Machine Error",
    CEASE: "Cease",
    REFRESH: "ROUTE-REFRESH Message Error",
    SEND_HOLD_TIMER: "Send Hold Timer Expired",
}
_SUBCODES: Mapping[int, Mapping[int, str]] = {
    HEADER: {1: "Connection Not Synchronized", 2: "Bad Message Length", 3: "Bad Message Type"},
    OPEN: {
        1: "Unsupported Version Number",
        2: "Bad Peer AS",
        3: "Bad BGP Identifier",
        4: "Unsupported Optional Parameter",
        5: "Authentication Failure",
        6: "Unacceptable Hold Time",
        7: "Unsupported Capability",
        11: "Role Mismatch",
    },
    UPDATE: {
        1: "Malformed Attribute List",
        2: "Unrecognized Well-known Attribute",
        3: "Missing Well-known Attribute",
        4: "Attribute Flags Error",
        5: "Attribute Length Error",
        6: "Invalid ORIGIN Attribute",
        7: "AS Routing Loop",
        8: "Invalid NEXT_HOP Attribute",
        9: "Optional Attribute Error",
        10: "Invalid Network Field",
        11: "Malformed AS_PATH",
    },
    FSM: {1: "Unexpected Message in OpenSent State", 2: "Unexpected Message in OpenConfirm State", 3: "Unexpected Message in Established State"},
    CEASE: {
        1: "Maximum Number of Prefixes Reached",
        2: "Administrative Shutdown",
        3: "Peer De-configured",
        4: "Administrative Reset",
        5: "Connection Rejected",
        6: "Other Configuration Change",
        7: "Connection Collision Resolution",
        8: "Out of Resources",
        9: "Hard Reset",
        10: "BFD Down",
    },
    REFRESH: {1: "Invalid Message Length"},
}
_SUBCODE_FIELDS = ("", "_open", "_update", "_expired", "_state", "_cease", "_capability", "_unknown")


@dataclass(frozen=True, slots=True)
class Notice:
    """What a NOTIFICATION says. `code` and `subcode` are those that count: of a Hard Reset the ones that it wraps."""

    code: int
    subcode: int
    hard: bool
    field: str  # the field that holds the subcode on the wire, "" where there is none
    on_wire: tuple[int, int]
    said: str  # the operator's words (RFC 9003), cleaned
    bad_as: int | None

    @property
    def name(self) -> str:
        """`6/2 Cease, Administrative Shutdown`."""
        text = f"{self.code}/{self.subcode} {_CODES.get(self.code, 'unknown code')}"
        sub = _SUBCODES.get(self.code, {}).get(self.subcode)
        return text + (f", {sub}" if sub else "") + (" (wrapped in a Hard Reset)" if self.hard else "")

    @property
    def administrative(self) -> bool:
        return self.code == CEASE and self.subcode in ADMINISTRATIVE


def notice(layer: Layer) -> Notice | None:
    """What the `bgp` layer of a NOTIFICATION says; None without a code."""
    code = layer.number("bgp.notify.major_error")
    if code is None:
        return None
    names = [f"bgp.notify.minor_error{end}" for end in _SUBCODE_FIELDS]
    field = next((name for name in names if name in layer.fields), "")
    subcode = (layer.number(field) if field else 0) or 0
    true = _wrapped(layer) if (code, subcode) == (CEASE, HARD_RESET) else None
    said = clean_line(layer.first("bgp.notify.communication"))[:200]
    bad_as = layer.number("bgp.notify.error_open.bad_peer_as")
    return Notice(*(true or (code, subcode)), true is not None, field, (code, subcode), said, bad_as)


def _wrapped(layer: Layer) -> tuple[int, int] | None:
    """The first two bytes of the data (`06:03`)."""
    try:
        code, subcode = (int(byte, 16) for byte in layer.first("bgp.notify.minor_data").split(":")[:2])
    except ValueError:
        return None
    return code, subcode
