"""What happened when, over a whole capture, in a fixed number of pieces of time: packets, bytes, and what goes wrong."""

from __future__ import annotations

from dataclasses import dataclass

ROWS = ("packets", "bytes", "retransmissions", "zero_windows", "resets", "icmp_errors")


@dataclass(frozen=True, slots=True)
class Timeline:
    """Number i of each row counts what lies in the `bin_ns` nanoseconds from `begin_ns` + i * `bin_ns`; all rows are equally long.

    Times are nanoseconds since the epoch; `first_ns` is that of the file's first packet, from which Wireshark counts. `outside` packets
    have times more than a year from the others: they stand in no row.
    """

    first_ns: int
    begin_ns: int
    bin_ns: int
    packets: tuple[int, ...]
    bytes: tuple[int, ...]
    retransmissions: tuple[int, ...]
    zero_windows: tuple[int, ...]
    resets: tuple[int, ...]
    icmp_errors: tuple[int, ...]
    outside: int = 0

    @property
    def span_ns(self) -> int:
        return len(self.packets) * self.bin_ns
