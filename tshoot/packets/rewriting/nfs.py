"""The bodies of NFS (RFC 1094, 1813): names are mapped, file handles replaced by others, status and flags stay, attributes and data are zeroed."""

from __future__ import annotations

from tshoot.packets.rewriting.cut import Cut
from tshoot.packets.rewriting.nfs4 import compound_call, compound_reply

# version 3: what follows the first file handle of a call: n a name, h a file handle, a number so many bytes
_ARGUMENTS3: dict[int, tuple[str | int, ...]] = {
    3: ("n",),
    4: (4,),
    6: (12,),
    7: (16,),
    8: ("n",),
    9: ("n",),
    10: ("n",),
    11: ("n",),
    12: ("n",),
    13: ("n",),
    14: ("n", "h", "n"),
    15: ("h", "n"),
    16: (8, 8, 4),
    17: (8, 8, 8),
    21: (12,),
}


def nfs_call(cut: Cut, version: int, procedure: int) -> None:
    if version == 4:
        if procedure == 1:
            compound_call(cut)
    elif version == 3 and procedure:
        cut.xdr_hidden()
        for part in _ARGUMENTS3.get(procedure, ()):
            if isinstance(part, int):
                cut.keep(part)
            elif part == "n":
                cut.xdr_text()
            else:
                cut.xdr_hidden()
    elif version == 2 and procedure:
        cut.hide(32)
        if procedure in (4, 9, 10, 11, 13, 14, 15):
            cut.xdr_text()


def nfs_reply(cut: Cut, version: int, procedure: int) -> None:
    if version == 4:
        if procedure == 1:
            compound_reply(cut)
    elif procedure:
        status = cut.number()
        if version == 3 and procedure == 3 and status == 0:
            cut.xdr_hidden()
        elif version == 2 and procedure == 4 and status == 0:
            cut.hide(32)
