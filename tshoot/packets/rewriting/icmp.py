"""ICMP (RFC 792), ICMPv6 (RFC 4443), neighbour discovery (RFC 4861) and multicast listeners: addresses and quoted packets are mapped."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress

from tshoot.packets.rewriting.cut import Cut, Ended
from tshoot.packets.rewriting.disguise import Disguise

Inner = Callable[[bytes], bytes]  # an IP packet, cut off or not, to the same rewritten
_QUOTING4 = (3, 4, 11, 12)
_NUMBERED = (128, 129)  # echo
_SOLICITATION, _ADVERTISEMENT, _NS, _NA, _REDIRECT = 133, 134, 135, 136, 137


def rewrite_icmp(data: bytes, disguise: Disguise, inner: Inner) -> bytes:
    """The checksum is not yet mended."""
    cut = Cut(data, disguise)
    with suppress(Ended):
        kind = cut.keep(4)[0]
        if kind == 5:
            cut.ip4()
            _quoted(cut, len(data), inner)
        elif kind in _QUOTING4:
            cut.keep(4)  # the MTU of the next hop, where it is that
            _quoted(cut, len(data), inner)
        elif kind in (0, 8, 13, 14):
            cut.keep(4)
    return bytes(cut.out)


def rewrite_icmp6(data: bytes, disguise: Disguise, inner: Inner) -> bytes:
    """The checksum is not yet mended."""
    cut = Cut(data, disguise)
    with suppress(Ended):
        kind = cut.keep(4)[0]
        if kind < 128:
            cut.keep(4)
            _quoted(cut, len(data), inner)
        elif kind in _NUMBERED:
            cut.keep(4)
        elif kind in (130, 131, 132):
            cut.keep(4)
            cut.ip6()
            if cut.left >= 4:
                _listener_sources(cut)
        elif kind == 143:
            _listener_records(cut)
        elif kind in (_SOLICITATION, _ADVERTISEMENT, _NS, _NA, _REDIRECT):
            _neighbour(cut, kind, inner)
    return bytes(cut.out)


def _quoted(cut: Cut, end: int, inner: Inner) -> None:
    cut.put(inner(cut.data[cut.at : end]))


def _listener_sources(cut: Cut) -> None:
    cut.keep(2)
    for _ in range(cut.number(2)):
        cut.ip6()


def _listener_records(cut: Cut) -> None:
    cut.keep(2)
    for _ in range(cut.number(2)):
        more = cut.keep(2)[1]
        count = cut.number(2)
        cut.ip6()
        for _ in range(count):
            cut.ip6()
        cut.skip(more * 4)


def _neighbour(cut: Cut, kind: int, inner: Inner) -> None:
    cut.keep(12 if kind == _ADVERTISEMENT else 4)
    if kind in (_NS, _NA, _REDIRECT):
        cut.ip6()
    if kind == _REDIRECT:
        cut.ip6()
    while cut.left:
        option, units = cut.keep(2)
        end = min(cut.at - 2 + units * 8, len(cut.data))
        if not units:
            return
        with suppress(Ended):
            _option(cut, option, end, inner)
        cut.at = end


def _option(cut: Cut, option: int, end: int, inner: Inner) -> None:
    size = end - cut.at
    if option in (1, 2) and size >= 6:  # link-layer addresses
        cut.mac()
    elif option == 3 and size == 30:  # prefix information
        length = cut.keep(14)[0]
        _network(cut, 16, length)
    elif option == 4 and size > 6:  # redirected header
        cut.skip(6)
        _quoted(cut, end, inner)
    elif option in (5, 14):  # MTU, nonce (random bytes)
        cut.keep(size)
    elif option == 24 and size >= 6:  # route information (RFC 4191)
        length = cut.keep(6)[0]
        _network(cut, end - cut.at, length)
    elif option == 25 and size >= 6:  # name servers (RFC 8106)
        cut.keep(6)
        while cut.at + 16 <= end:
            cut.ip6()


def _network(cut: Cut, size: int, length: int) -> None:
    piece = cut.skip(size)
    cut.at -= size
    cut.put(cut.disguise.prefix(piece.ljust(16, b"\0"), min(length, 128))[:size])
