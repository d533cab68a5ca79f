"""ARP for Ethernet and IPv4 (RFC 826): its header as it is, the four addresses mapped; any other kind is zeroed behind its header."""

from __future__ import annotations

from contextlib import suppress

from tshoot.packets.rewriting.cut import Cut, Ended
from tshoot.packets.rewriting.disguise import Disguise


def rewrite_arp(data: bytes, disguise: Disguise) -> bytes:
    cut = Cut(data, disguise)
    with suppress(Ended):
        head = cut.keep(8)
        if head[2:6] == b"\x08\x00\x06\x04":
            for _ in range(2):
                cut.mac()
                cut.ip4()
    return bytes(cut.out)
