"""Which source MAC addresses were seen in front of which source IP addresses (Ethernet alone)."""

from __future__ import annotations

from collections.abc import Mapping
from ipaddress import ip_address

import numpy as np

from tshoot.packets.batches import Ints, rows
from tshoot.packets.flows import MacSeen
from tshoot.packets.headers import Headers

ADDRESSES_KEPT, MACS_AN_ADDRESS = 20_000, 8


class Macs:
    def __init__(self) -> None:
        self._seen: dict[bytes, dict[bytes, list[int]]] = {}  # address -> MAC -> [packets, first frame]
        self.remark = ""

    def take(self, headers: Headers, row: Ints, side: Ints) -> None:
        """`row` are packets with IP, ordered by direction of flow (`side`)."""
        ethernet = headers.batch.links[row] == 1
        if not ethernet.all():
            row, side = row[ethernet], side[ethernet]
        if not len(row):
            return
        macs = rows(headers.batch.data, headers.batch.starts[row] + 6, 8).view(">u8")[:, 0] >> np.uint64(16)
        change = np.flatnonzero(np.concatenate(([True], (side[1:] != side[:-1]) | (macs[1:] != macs[:-1]))))
        counts = np.diff(change, append=len(row))
        fixed, versions = headers.fixed[row[change]], headers.version[row[change]]
        frames = headers.batch.first + row[change]
        for index, (version, mac, count, frame) in enumerate(
            zip(versions.tolist(), macs[change].tolist(), counts.tolist(), frames.tolist(), strict=True)
        ):
            address = fixed[index, 12:16].tobytes() if version == 4 else fixed[index, 8:24].tobytes()
            self._note(address, mac.to_bytes(6), count, frame)

    def _note(self, address: bytes, mac: bytes, count: int, frame: int) -> None:
        known = self._seen.get(address)
        if known is None:
            if len(self._seen) >= ADDRESSES_KEPT:
                self.remark = f"MAC addresses are known of the first {ADDRESSES_KEPT} addresses alone"
                return
            known = self._seen[address] = {}
        found = known.get(mac)
        if found is not None:
            found[0], found[1] = found[0] + count, min(found[1], frame)
        elif len(known) < MACS_AN_ADDRESS:
            known[mac] = [count, frame]

    def seen(self) -> Mapping[str, tuple[MacSeen, ...]]:
        return {
            str(ip_address(address)): tuple(MacSeen(mac.hex(":"), *said) for mac, said in sorted(known.items(), key=lambda item: item[1][1]))
            for address, known in self._seen.items()
        }
