"""Which packets belong to the same conversations as some frames: by what their headers say, endpoints in either order.

IP goes by the flow index's keys (addresses, protocol, ports), ARP by the two addresses that it is about; what has no readable header belongs
to nothing. A conversation here is all that these endpoints said, also in an earlier connection of the same ports.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from tshoot.packets.batches import Ints
from tshoot.packets.flow_keys import group
from tshoot.packets.headers import ARP, Headers


class Conversations:
    """Those of the frames `cited` (ascending): learnt from the batches that hold them, recognised in all."""

    def __init__(self, cited: Ints) -> None:
        self._cited = cited
        self._known: set[bytes] = set()

    def cited_rows(self, headers: Headers) -> Ints:
        first = headers.batch.first
        low, high = np.searchsorted(self._cited, (first, first + len(headers)))
        return self._cited[low:high] - first

    def learn(self, headers: Headers) -> None:
        cited = self.cited_rows(headers)
        if len(cited):
            self._known.update(key for key, rows in _conversations(headers) if np.isin(rows, cited).any())

    def rows(self, headers: Headers) -> Ints:
        """The packets of these conversations, and the cited ones themselves."""
        parts = [self.cited_rows(headers)]
        if self._known:
            parts += [rows for key, rows in _conversations(headers) if key in self._known]
        found = np.unique(np.concatenate(parts))
        return found[headers.batch.captured[found] >= 0]


def _conversations(headers: Headers) -> Iterator[tuple[bytes, Ints]]:
    """Key and rows of each conversation of a batch."""
    found = group(headers)
    ends = np.append(found.starts[1:], len(found.chosen))
    for key, begin, end in zip(found.keys, found.starts.tolist(), ends.tolist(), strict=True):
        yield key.tobytes(), found.chosen[begin:end]
    for row in np.flatnonzero((headers.kind == ARP) & (headers.network + 28 <= headers.end)).tolist():
        addresses = sorted((headers.fixed[row, 14:18].tobytes(), headers.fixed[row, 24:28].tobytes()))
        yield b"arp" + b"".join(addresses), np.array([row], np.int64)
