"""The headers of a batch of packets, all at once: link, network and transport layer, as columns of numbers.

Understood links: Ethernet with any stack of VLAN tags, Linux cooked captures of both versions, raw IP, BSD
loopback. A column is only right where its mask says so; what cannot be followed (another link, a packet cut
off, a chain of extension headers without end) stands in `unread`. IPv4's and IPv6's first fragments are read
like whole packets, later ones have no transport header (`later`). Tunnels are not opened: `hiding` marks them.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tshoot.packets.batches import Batch, Bytes, Ints, Mask, rows

ICMP, TCP, UDP, ICMP6 = 1, 6, 17, 58
_IP4, _IP6, ARP = 0x0800, 0x86DD, 0x0806
_TAGS = (0x8100, 0x88A8, 0x9100, 0x9200)
_TAGS_FOLLOWED, _EXTENSIONS_FOLLOWED = 8, 12
_ETHERNET, _COOKED, _COOKED2 = (1,), (113,), (276,)
_RAW, _LOOPBACK = (12, 14, 101, 228, 229), (0, 108)
_POINT_TO_POINT, _CISCO = (9, 50), (104,)
_PPPOE, _MPLS = 0x8864, (0x8847, 0x8848)
_PPP = {0x21: _IP4, 0x57: _IP6, 0x281: 0x8847, 0x283: 0x8848}
_FAMILIES6 = (10, 24, 28, 30)  # AF_INET6 of Linux, NetBSD, FreeBSD, Darwin
_EXTENSIONS = (0, 43, 44, 51, 60, 135, 139, 140)
_TUNNELS = (4, 41, 47, 50, 94, 97, 98, 108, 115, 137)
_TUNNEL_PORTS = (1701, 2152, 3544, 4500, 4789, 6081, 6635, 8472)
_TUNNEL_TYPES = (0x6558, 0x8847, 0x8848, 0x8863, 0x8864, 0x88E7, 0x894F)
_TUNNELED = np.zeros(256, np.bool_)
_TUNNELED[list(_TUNNELS)] = True
_EXTENDING = np.zeros(256, np.bool_)
_EXTENDING[list(_EXTENSIONS)] = True
_TUNNEL_PORT = np.zeros(65536, np.bool_)
_TUNNEL_PORT[list(_TUNNEL_PORTS)] = True


@dataclass(slots=True)
class Headers:
    """Row i is frame `batch.first` + i. Places are within `batch.data`; `end` is where the captured bytes end. Ports are 0 where there are none."""

    batch: Batch
    end: Ints
    kind: Ints  # EtherType behind all tags, 0 for an unknown link
    tags: Ints  # number of VLAN tags
    network: Ints  # place of the IP (or ARP) header
    version: Ints  # 4, 6, or 0 for no IP
    protocol: Ints  # what follows IP and its extension headers, -1 for no IP
    later: Mask  # a fragment, but the first
    transport: Ints  # place of the header behind IP
    source_port: Ints
    destination_port: Ints
    unread: Mask
    fixed: Bytes  # the first 40 bytes from `network`

    def __len__(self) -> int:
        return len(self.batch)

    def number(self, place: Ints, size: int, chosen: Ints) -> tuple[Ints, Mask]:
        """The big-endian integers of `size` bytes at `place`, for the rows `chosen`, and where they were captured."""
        there = (place >= 0) & (place + size <= self.end[chosen])
        taken = rows(self.batch.data, np.where(there, place, 0), size)
        return taken.view(f">u{size}")[:, 0].astype(np.int64), there

    def has(self, protocol: int) -> Mask:
        found: Mask = (self.protocol == protocol) & ~self.later
        return found


def read_headers(batch: Batch) -> Headers:
    end = batch.starts + np.maximum(batch.captured, 0)
    kind, network, tags = _links(batch, end)
    fixed = rows(batch.data, np.minimum(network, end), 40)
    version, protocol, later, transport = _networks(batch, end, kind, network, fixed)
    whole = transport + 4 <= end
    ported = ((protocol == TCP) | (protocol == UDP) | (protocol == 132)) & ~later & whole
    ports = rows(batch.data, np.where(ported, transport, 0), 4).view(">u2").astype(np.int64) * ported[:, None]
    unread = (kind == 0) | ((version == 0) & ((kind == _IP4) | (kind == _IP6))) | (((protocol == TCP) | (protocol == UDP)) & ~later & ~whole)
    return Headers(batch, end, kind, tags, network, version, protocol, later, transport, ports[:, 0].copy(), ports[:, 1].copy(), unread, fixed)


def hiding(headers: Headers) -> Mask:
    """Packets that may carry others, or parts of others: no filter by port may leave them out."""
    hidden: Mask = headers.later | headers.unread | _TUNNELED[np.maximum(headers.protocol, 0) & 0xFF] & (headers.version > 0)
    hidden |= (headers.protocol == UDP) & (_TUNNEL_PORT[headers.source_port] | _TUNNEL_PORT[headers.destination_port])
    odd = headers.version == 0
    if odd.any():
        hidden |= odd & np.isin(headers.kind, _TUNNEL_TYPES)
    return hidden


def _links(batch: Batch, end: Ints) -> tuple[Ints, Ints, Ints]:
    """EtherType, place of the network header and number of tags of each packet; type 0 where the link is not understood."""
    count = len(batch)
    kind, network, tags = np.zeros(count, np.int64), batch.starts.copy(), np.zeros(count, np.int64)
    present = set(np.unique(batch.links).tolist()) if count and (batch.links != batch.links[0]).any() else set(batch.links[:1].tolist())
    for link in present:
        matching = np.flatnonzero((batch.links == link) & (batch.captured >= 0))
        chosen: Ints | slice = slice(None) if len(matching) == count else matching
        starts, limit = batch.starts[chosen], end[chosen]
        if link in _ETHERNET:
            kind[chosen], network[chosen] = _at(batch, starts + 12, limit), starts + 14
        elif link in _COOKED:
            kind[chosen], network[chosen] = _at(batch, starts + 14, limit), starts + 16
        elif link in _COOKED2:
            kind[chosen], network[chosen] = _at(batch, starts, limit), starts + 20
        elif link in _RAW:
            kind[chosen] = _by_version(batch, starts, limit)
        elif link in _LOOPBACK:
            family = rows(batch.data, np.where(starts + 4 <= limit, starts, 0), 4)
            number = (family[:, 0] | family[:, 3]) * (starts + 4 <= limit)  # in either byte order
            kind[chosen] = np.where(number == 2, _IP4, np.where(np.isin(number, _FAMILIES6), _IP6, 0))
            network[chosen] = starts + 4
        elif link in _CISCO:
            kind[chosen], network[chosen] = _at(batch, starts + 2, limit), starts + 4
        elif link in _POINT_TO_POINT:
            framed = (_at(batch, starts, limit) == 0xFF03) * 2
            kind[chosen], network[chosen] = _ppp(_at(batch, starts + framed, limit)), starts + framed + 2
    _tags(batch, end, kind, network, tags)
    if (kind != _IP4).any():
        _wrapped(batch, end, kind, network)
    kind[(kind > 0) & (kind <= 1500)] = 1  # IEEE 802.3 with LLC: no IP, and no riddle either
    kind[np.isin(kind, _TAGS)] = 0
    return kind, network, tags


def _tags(batch: Batch, end: Ints, kind: Ints, network: Ints, tags: Ints) -> None:
    for _ in range(_TAGS_FOLLOWED):
        tagged = np.flatnonzero(np.isin(kind, _TAGS)) if (kind != _IP4).any() else ()
        if not len(tagged):
            break
        kind[tagged] = _at(batch, network[tagged] + 2, end[tagged])
        network[tagged] += 4
        tags[tagged] += 1


def _wrapped(batch: Batch, end: Ints, kind: Ints, network: Ints) -> None:
    """PPPoE sessions (RFC 2516), then stacks of MPLS labels (RFC 3032): behind the last one lies IP, or what is not known."""
    session = np.flatnonzero(kind == _PPPOE)
    if len(session):
        inner = _ppp(_at(batch, network[session] + 6, end[session]))
        kind[session] = np.where(inner > 0, inner, _PPPOE)
        network[session] += np.where(inner > 0, 8, 0)
    labelled = np.flatnonzero(np.isin(kind, _MPLS))
    for _ in range(_TAGS_FOLLOWED):
        if not len(labelled):
            return
        label = rows(batch.data, np.where(network[labelled] + 5 <= end[labelled], network[labelled], 0), 5)
        there = network[labelled] + 5 <= end[labelled]
        network[labelled] += np.where(there, 4, 0)
        last = there & (label[:, 2] & 1 == 1)
        version = label[:, 4] >> 4
        kind[labelled] = np.where(last & (version == 4), _IP4, np.where(last & (version == 6), _IP6, _MPLS[0]))
        labelled = labelled[there & ~last]


def _ppp(protocol: Ints) -> Ints:
    known = np.zeros(len(protocol), np.int64)
    for number, kind in _PPP.items():
        known[protocol == number] = kind
    return known


def _at(batch: Batch, places: Ints, limit: Ints) -> Ints:
    there = places + 2 <= limit
    return rows(batch.data, np.where(there, places, 0), 2).view(">u2")[:, 0].astype(np.int64) * there


def _by_version(batch: Batch, places: Ints, limit: Ints) -> Ints:
    version = batch.data[np.where(places < limit, places, 0)] >> 4
    return np.where(places >= limit, 0, np.where(version == 4, _IP4, np.where(version == 6, _IP6, 0)))


def _networks(batch: Batch, end: Ints, kind: Ints, network: Ints, fixed: Bytes) -> tuple[Ints, Ints, Mask, Ints]:
    four = (kind == _IP4) & (network + 20 <= end) & (fixed[:, 0] >> 4 == 4) & (fixed[:, 0] & 15 >= 5)
    version = np.where(four, 4, 0)
    protocol = np.where(four, fixed[:, 9].astype(np.int64), -1)
    later = four & ((fixed[:, 6] & 0x1F | fixed[:, 7]) != 0)
    transport = network + (fixed[:, 0] & 15).astype(np.int64) * 4
    six = np.flatnonzero((kind == _IP6) & (network + 40 <= end) & (fixed[:, 0] >> 4 == 6)) if not four.all() else np.zeros(0, np.int64)
    if len(six):
        version[six], protocol[six], transport[six] = 6, fixed[six, 6], network[six] + 40
        later[six] = _follow(batch, end, six, protocol, transport)
    padded = four & (protocol == 51)  # IPv4's authentication header
    if padded.any():
        chosen = np.flatnonzero(padded & ~later)
        _follow(batch, end, chosen, protocol, transport)
    transport[version == 0] = end[version == 0]
    return version, protocol, later, transport


def _follow(batch: Batch, end: Ints, chosen: Ints, protocol: Ints, transport: Ints) -> Mask:
    """Step over extension headers (RFC 8200 section 4) of the rows `chosen`; which of them are later fragments."""
    later = np.zeros(len(chosen), np.bool_)
    for _ in range(_EXTENSIONS_FOLLOWED):
        step = np.flatnonzero(_EXTENDING[protocol[chosen] & 0xFF] & ~later & (transport[chosen] + 8 <= end[chosen]))
        if not len(step):
            break
        at = chosen[step]
        head = rows(batch.data, transport[at], 4)
        this = protocol[at]
        later[step] = (this == 44) & ((head[:, 2].astype(np.int64) << 8 | head[:, 3]) >> 3 != 0)
        length = np.where(this == 44, 8, np.where(this == 51, (head[:, 1].astype(np.int64) + 2) * 4, (head[:, 1].astype(np.int64) + 1) * 8))
        protocol[at], transport[at] = head[:, 0], transport[at] + length
    return later
