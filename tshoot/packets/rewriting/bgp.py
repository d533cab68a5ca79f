"""BGP messages (RFC 4271, 4760, 5492, 9003): AS numbers, types and timers stay; router ids, next hops and prefixes are mapped."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress

from tshoot.packets.rewriting.cut import Cut, Ended
from tshoot.packets.rewriting.disguise import Disguise

MARKER = b"\xff" * 16
HEADER = 19
_OPEN, _UPDATE, _NOTIFICATION, _REFRESH = 1, 2, 3, 5
_PLAIN_CAPABILITIES = (1, 2, 6, 64, 65, 69, 70, 71, 128)
_PLAIN_ATTRIBUTES = (1, 2, 4, 5, 6, 8, 17, 32)  # ORIGIN, AS_PATH, MED, LOCAL_PREF, ATOMIC_AGGREGATE, COMMUNITIES, AS4_PATH, LARGE_COMMUNITIES


def bgp_length(head: bytes) -> int:
    """The length of the message that begins with `head` (19 bytes), 0 where none does."""
    length = int.from_bytes(head[16:18], "big")
    return length if head[:16] == MARKER and len(head) >= HEADER and length >= HEADER and 1 <= head[18] <= 6 else 0


def rewrite_bgp(message: bytes, disguise: Disguise) -> bytes:
    """One message, which may be cut off."""
    cut = Cut(message, disguise)
    with suppress(Ended):
        kind = cut.keep(HEADER)[18]
        if kind == _REFRESH:
            cut.keep(4)
        elif body := {_OPEN: _open, _UPDATE: _update, _NOTIFICATION: _notification}.get(kind):
            body(cut)
    return bytes(cut.out)


def _open(cut: Cut) -> None:
    cut.keep(5)  # version, AS, hold time
    cut.ip4()
    length = cut.number(1)
    if length == 255:  # RFC 9072: extended parameters are not opened
        return
    end = min(cut.at + length, len(cut.data))
    while cut.at + 2 <= end:
        kind, size = cut.keep(2)
        stop = min(cut.at + size, end)
        if kind != 2:
            cut.skip(stop - cut.at)
        while cut.at + 2 <= stop:
            code, length = cut.keep(2)
            if code in _PLAIN_CAPABILITIES:
                cut.keep(min(length, stop - cut.at))
            elif code == 73:  # FQDN: two names, each with its length
                _names(cut, min(cut.at + length, stop))
            else:
                cut.skip(min(length, stop - cut.at))


def _names(cut: Cut, end: int) -> None:
    while cut.at < end:
        size = cut.number(1)
        cut.text(min(size, end - cut.at))


def _update(cut: Cut) -> None:
    _prefixes(cut, cut.number(2), 4)
    end = cut.number(2) + cut.at
    while cut.at < min(end, len(cut.data)):
        flags, kind = cut.keep(2)
        size = cut.number(2 if flags & 0x10 else 1)
        stop = min(cut.at + size, end)
        with suppress(Ended):
            _attribute(cut, kind, stop)
        if stop > len(cut.data):
            raise Ended
        cut.at = stop
    _prefixes(cut, len(cut.data) - cut.at, 4)


def _attribute(cut: Cut, kind: int, stop: int) -> None:
    size = stop - cut.at
    if kind in _PLAIN_ATTRIBUTES:
        cut.keep(size)
    elif kind in (3, 9, 10):  # NEXT_HOP, ORIGINATOR_ID, CLUSTER_LIST
        while cut.at + 4 <= stop:
            cut.ip4()
    elif kind in (7, 18) and size in (6, 8):  # AGGREGATOR, AS4_AGGREGATOR
        cut.keep(size - 4)
        cut.ip4()
    elif kind == 14:
        _mp_reach(cut, stop)
    elif kind == 15:
        family = cut.keep(3)
        _family_prefixes(cut, family, stop)
    elif kind == 16:
        _extended_communities(cut, stop)


def _mp_reach(cut: Cut, stop: int) -> None:
    family = cut.keep(3)
    end = cut.number(1) + cut.at
    one: tuple[int, Callable[[], None]] = (4, cut.ip4) if family[:2] == b"\0\1" and end - cut.at == 4 else (16, cut.ip6)
    while cut.at + one[0] <= min(end, stop) and (end - cut.at) % one[0] == 0:
        one[1]()
    cut.skip(min(end, stop) - cut.at)
    cut.keep(1)  # reserved
    _family_prefixes(cut, family, stop)


def _family_prefixes(cut: Cut, family: bytes, stop: int) -> None:
    if family[2] in (1, 2) and family[:2] in (b"\0\1", b"\0\2"):  # unicast, multicast
        _prefixes(cut, stop - cut.at, 4 if family[1] == 1 else 16)


def _extended_communities(cut: Cut, stop: int) -> None:
    while cut.at + 8 <= stop:
        kind = cut.keep(2)
        if kind[0] & 0x3F == 1:  # an IPv4 address (RFC 4360)
            cut.ip4()
            cut.keep(2)
        elif kind[0] & 0x3F in (0, 2):
            cut.keep(6)
        else:
            cut.skip(6)


def _prefixes(cut: Cut, size: int, width: int) -> None:
    """`size` bytes of prefixes for addresses of `width` bytes, with path ids (RFC 7911) where only so they make sense."""
    data = cut.data[cut.at : cut.at + size]
    with_ids = _places(data, width, 4)
    plain = _places(data, width, 0)
    doubtful = plain is None or sum(data[place] == 0 for place in plain) > 1
    places = with_ids if with_ids is not None and doubtful else plain
    start = cut.at
    if places is None:
        cut.skip(len(data))
    for place in places or ():
        before = start + place - cut.at
        if before:
            cut.keep(before)  # a path id
        length = cut.number(1)
        count = (length + 7) // 8
        piece = cut.data[cut.at : cut.at + count]
        cut.put(cut.disguise.prefix(piece.ljust(width, b"\0"), length)[:count])
    if len(data) < size:
        raise Ended


def _places(data: bytes, width: int, ids: int) -> list[int] | None:
    """Where the lengths of prefixes stand; None where the data is no such list."""
    found, at = [], ids
    while at < len(data):
        if data[at] > width * 8:
            return None
        found.append(at)
        at += 1 + (data[at] + 7) // 8 + ids
    return found if at == len(data) + ids else None


def _notification(cut: Cut) -> None:
    code, subcode = cut.keep(2)
    if (code, subcode) == (2, 2):  # bad peer AS: the AS
        cut.keep(min(4, cut.left))
    elif code == 6 and subcode in (2, 4) and cut.left:  # shutdown communication (RFC 9003)
        cut.text(min(cut.number(1), cut.left))
    elif code == 6 and subcode == 1:  # too many prefixes: family and bound
        cut.keep(min(7, cut.left))
    elif code in (1, 4, 5):
        cut.keep(min(2, cut.left))
