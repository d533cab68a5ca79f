"""NFS version 4 compounds (RFC 7530, 8881): the operations that mounting takes, each by its layout; behind an operation that is not listed
the rest is zero, as where it begins is not known.

Layouts: a number so many bytes kept, h a file handle or other opaque, n a name, b a bitmap, x n bytes replaced (ids, verifiers), z opaque zeroed,
u netid and universal address, and a few of their own.
"""

from __future__ import annotations

from collections.abc import Callable

from tshoot.packets.rewriting.cut import Cut, Ended
from tshoot.packets.rewriting.mount import netid, universal_address

Part = int | str | Callable[[Cut], None]
_MOST_OPERATIONS = 256


def compound_call(cut: Cut) -> None:
    cut.xdr_zeroed()  # tag
    cut.keep(4)  # minor version
    for _ in range(min(cut.number(), _MOST_OPERATIONS)):
        _parts(cut, _CALLS.get(cut.number()))


def compound_reply(cut: Cut) -> None:
    cut.keep(4)
    cut.xdr_zeroed()
    for _ in range(min(cut.number(), _MOST_OPERATIONS)):
        operation, status = cut.number(), cut.number()
        if status == 0:
            _parts(cut, _REPLIES.get(operation))


def _parts(cut: Cut, layout: tuple[Part, ...] | None) -> None:
    if layout is None:
        raise Ended
    for part in layout:
        if isinstance(part, int):
            cut.keep(part)
        elif isinstance(part, str):
            _named(cut, part)
        else:
            part(cut)


def _named(cut: Cut, part: str) -> None:
    if part[0] == "x":
        cut.hide(int(part[1:]))
    elif part == "b":
        cut.keep(4 * min(cut.number(), 8))
    elif part == "u":
        netid(cut)
        universal_address(cut)
    else:
        {"h": cut.xdr_hidden, "n": cut.xdr_text, "z": cut.xdr_zeroed}[part]()


def _implementation(cut: Cut) -> None:
    """Who made the software, at most once (RFC 8881 18.35)."""
    for _ in range(min(cut.number(), 1)):
        cut.xdr_text()
        cut.xdr_text()
        cut.skip(12)


def _unprotected(cut: Cut) -> None:
    """State protection: the plain kind alone is followed."""
    if cut.number():
        raise Ended


def _channel(cut: Cut) -> None:
    cut.keep(24)
    cut.keep(4 * min(cut.number(), 1))


def _callback_security(cut: Cut) -> None:
    for _ in range(min(cut.number(), 8)):
        flavor = cut.number()
        if flavor == 1:
            cut.keep(4)
            cut.xdr_text()
            cut.keep(8)
            cut.keep(4 * min(cut.number(), 16))
        elif flavor:
            raise Ended


def _flavors(cut: Cut) -> None:
    for _ in range(min(cut.number(), 64)):
        if cut.number() == 6:
            cut.xdr_zeroed()
            cut.keep(8)


_CALLS: dict[int, tuple[Part, ...]] = {
    3: (4,),  # ACCESS
    4: (4, "x16"),  # CLOSE
    5: (12,),  # COMMIT
    9: ("b",),  # GETATTR
    10: (),  # GETFH
    15: ("n",),  # LOOKUP
    16: (),  # LOOKUPP
    22: ("h",),  # PUTFH
    23: (),  # PUTPUBFH
    24: (),  # PUTROOTFH
    25: ("x16", 12),  # READ
    26: (8, "x8", 8, "b"),  # READDIR
    27: (),  # READLINK
    28: ("n",),  # REMOVE
    30: ("x8",),  # RENEW
    31: (),  # RESTOREFH
    32: (),  # SAVEFH
    33: ("n",),  # SECINFO
    35: ("x8", "h", 4, "u", 4),  # SETCLIENTID
    36: ("x8", "x8"),  # SETCLIENTID_CONFIRM
    38: ("x16", 12, "z"),  # WRITE
    42: ("x8", "h", 4, _unprotected, _implementation),  # EXCHANGE_ID
    43: ("x8", 8, _channel, _channel, 4, _callback_security),  # CREATE_SESSION
    44: ("x16",),  # DESTROY_SESSION
    52: (4,),  # SECINFO_NO_NAME
    53: ("x16", 16),  # SEQUENCE
    57: ("x8",),  # DESTROY_CLIENTID
    58: (4,),  # RECLAIM_COMPLETE
}
_REPLIES: dict[int, tuple[Part, ...]] = {
    3: (8,),
    4: ("x16",),
    5: ("x8",),
    9: ("b", "z"),
    10: ("h",),
    15: (),
    16: (),
    22: (),
    23: (),
    24: (),
    25: (4, "z"),
    27: ("n",),
    28: (4, "x8", "x8"),
    30: (),
    31: (),
    32: (),
    33: (_flavors,),
    35: ("x8", "x8"),
    36: (),
    38: (8, "x8"),
    42: ("x8", 8, _unprotected, 8, "h", "h", _implementation),
    43: ("x16", 8, _channel, _channel),
    44: (),
    52: (_flavors,),
    53: ("x16", 20),
    57: (),
    58: (),
}
