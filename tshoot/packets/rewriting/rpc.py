"""ONC RPC messages (RFC 5531) and what NFS lives on: headers stay, machine names and paths are mapped, bodies go to their programs."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from typing import NamedTuple

from tshoot.packets.rewriting.cut import Cut, Ended
from tshoot.packets.rewriting.disguise import Disguise
from tshoot.packets.rewriting.mount import mount_call, mount_reply, portmap_call, portmap_reply
from tshoot.packets.rewriting.nfs import nfs_call, nfs_reply

LONGEST = 64 << 20  # bytes of one message
_AUTH_SYS = 1
_CALLS = {100000: portmap_call, 100003: nfs_call, 100005: mount_call}
_REPLIES = {100000: portmap_reply, 100003: nfs_reply, 100005: mount_reply}


class Procedure(NamedTuple):
    program: int
    version: int
    number: int


def looks_like_rpc(head: bytes) -> bool:
    """Whether a message that begins with `head` (at least 12 bytes) is a call of RPC version 2, or a reply."""
    kind = head[4:8]
    if kind == b"\0\0\0\0":
        return head[8:12] == b"\0\0\0\2" and (len(head) < 16 or int.from_bytes(head[12:16], "big") > 99_999)
    return kind == b"\0\0\0\1" and head[8:12] in (b"\0\0\0\0", b"\0\0\0\1")


def procedure_of(message: bytes) -> Procedure | None:
    """What a call calls; None for a reply or a message that is cut off before it says so."""
    if len(message) < 24 or message[4:8] != b"\0\0\0\0":
        return None
    return Procedure(*(int.from_bytes(message[at : at + 4], "big") for at in (12, 16, 20)))


def rewrite_rpc(message: bytes, disguise: Disguise, calls: Mapping[bytes, Procedure]) -> bytes:
    """One message, which may be cut off. `calls` are those that replies may answer, by their XID."""
    cut = Cut(message, disguise)
    with suppress(Ended):
        xid = cut.keep(4)
        if cut.number() == 0:
            _call(cut)
        else:
            _reply(cut, calls.get(xid))
    return bytes(cut.out)


def _call(cut: Cut) -> None:
    cut.keep(4)
    procedure = Procedure(cut.number(), cut.number(), cut.number())
    flavor = cut.number()
    if flavor == _AUTH_SYS:
        end = cut.number() + cut.at
        cut.keep(4)  # stamp
        cut.xdr_text()  # machine name
        cut.keep(8)  # user, group
        cut.keep(4 * min(cut.number(), 16))
        cut.at = end
    else:
        cut.xdr_zeroed()
    cut.keep(4)
    cut.xdr_zeroed()
    body = _CALLS.get(procedure.program)
    if body:
        body(cut, procedure.version, procedure.number)


def _reply(cut: Cut, procedure: Procedure | None) -> None:
    if cut.number() == 1:  # denied: why, and the versions or the reason
        cut.keep(min(12, cut.left))
        return
    cut.keep(4)
    cut.xdr_zeroed()
    accepted = cut.number()
    if accepted == 2:  # versions that there are
        cut.keep(8)
    body = _REPLIES.get(procedure.program) if procedure else None
    if accepted == 0 and procedure and body:
        body(cut, procedure.version, procedure.number)
