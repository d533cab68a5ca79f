"""Which packets belong to the same conversations as some frames: by what their headers say, endpoints in either order.

IP goes by the flow index's keys (addresses, protocol, ports), ARP by the two addresses that it is about; what has no readable header belongs
to nothing. A conversation here is all that these endpoints said, also in an earlier connection of the same ports. An ICMP error belongs to
the flow of the packet that it quotes, too.
"""

from __future__ import annotations

import sys
from ipaddress import ip_address

import numpy as np

from tshoot.packets.batches import Ints, Mask
from tshoot.packets.flow_keys import group, key_of
from tshoot.packets.headers import ARP, ICMP, Headers
from tshoot.packets.icmp_errors import PROTOCOLS, TYPES, quoted


class Conversations:
    """Those of the frames `cited` (ascending): learnt from the batches that hold them, recognised in all."""

    def __init__(self, cited: Ints) -> None:
        self._cited = cited
        self._known: set[bytes] = set()  # keys of flows
        self._resolved: set[bytes] = set()

    def cited_rows(self, headers: Headers) -> Ints:
        first = headers.batch.first
        low, high = np.searchsorted(self._cited, (first, first + len(headers)))
        return self._cited[low:high] - first

    def learn(self, headers: Headers) -> None:
        cited = self.cited_rows(headers)
        if len(cited):
            found = group(headers)
            whose = np.isin(found.chosen, cited)
            self._known.update(found.keys[at].tobytes() for at in np.unique(np.searchsorted(found.starts, np.flatnonzero(whose), side="right") - 1))
            self._known.update(filter(None, (_quoted_flow(headers, row) for row in cited.tolist())))
            self._resolved.update(_resolution(headers, row) for row in cited[_is_arp(headers)[cited]].tolist())

    def rows(self, headers: Headers) -> Ints:
        """The packets of these conversations, and the cited ones themselves."""
        parts = [self.cited_rows(headers)]
        if self._known:
            found = group(headers)
            ends = np.append(found.starts[1:], len(found.chosen))
            last = np.array([int.from_bytes(key[-8:], sys.byteorder) for key in self._known], np.uint64)
            alike = np.flatnonzero(np.isin(found.keys[:, 4], last))  # few: only these are compared as a whole
            parts += [found.chosen[found.starts[at] : ends[at]] for at in alike.tolist() if found.keys[at].tobytes() in self._known]
        if self._resolved:
            rows = np.flatnonzero(_is_arp(headers)).tolist()
            parts.append(np.array([row for row in rows if _resolution(headers, row) in self._resolved], np.int64))
        wanted = np.unique(np.concatenate(parts))
        return wanted[headers.batch.captured[wanted] >= 0]


def _is_arp(headers: Headers) -> Mask:
    found: Mask = (headers.kind == ARP) & (headers.network + 28 <= headers.end)
    return found


def _resolution(headers: Headers, row: int) -> bytes:
    """The two addresses that an ARP message is about."""
    return b"".join(sorted((headers.fixed[row, 14:18].tobytes(), headers.fixed[row, 24:28].tobytes())))


def _quoted_flow(headers: Headers, row: int) -> bytes | None:
    """The key of the flow that an ICMP error is about; None for any other packet, and where the quotation is cut off."""
    protocol, place, end = (int(column[row]) for column in (headers.protocol, headers.transport, headers.end))
    if protocol not in TYPES or headers.later[row] or place + 8 > end or headers.batch.data[place] not in TYPES[protocol]:
        return None
    version = 4 if protocol == ICMP else 6
    name, source, source_port, destination, destination_port = quoted(bytes(headers.batch.data[place + 8 : min(end, place + 160)]), version)
    number = next((known for known, called in PROTOCOLS.items() if called == name), int(name) if name.isdecimal() else None)
    if number is None or not source:
        return None
    return key_of(version, number, (int(ip_address(source)), source_port), (int(ip_address(destination)), destination_port))
