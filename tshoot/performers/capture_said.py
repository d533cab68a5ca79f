"""What a capture program says of itself on standard error: that it listens, and at its end how many packets there were."""

from __future__ import annotations

import re
from typing import NamedTuple

PCAP_HEADER = 24  # bytes of a file without a packet
_LISTENS = (b"listening on", b"Capturing on")  # tcpdump and tcpdump-uw; dumpcap


class Counts(NamedTuple):
    """Packets; None where the program did not say it (it counts when it ends)."""

    captured: int | None
    received: int | None
    dropped: int | None


def listens(said: bytes) -> bool:
    return any(words in said for words in _LISTENS)


def counts(said: bytes) -> Counts:
    """From `12 packets captured`, `15 packets received by filter` and `0 packets dropped by kernel`, of tcpdump(1)."""
    found = (re.search(rb"([0-9]{1,18}) packets? " + what, said) for what in (rb"captured", rb"received by filter", rb"dropped by kernel"))
    return Counts(*(int(match[1]) if match else None for match in found))
