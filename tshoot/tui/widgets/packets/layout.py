"""The columns of the list of frames: as wide as there is room for, their titles never cut.

Wireshark's columns: number, time, source, destination, protocol, length, info. What is longer than its column is cut in its middle,
since the ends tell more; the whole of it stands below the list.
"""

from __future__ import annotations

from dataclasses import dataclass

from rich.cells import cell_len, set_cell_size

from tshoot.packets.browse.clock import TITLES, Clock, by_the_clock, elapsed
from tshoot.packets.browse.summary import Row
from tshoot.tui.lines import Span

_SIGNS = 2  # a mark, a citation
_PROTOCOL, _LENGTH, _NARROW, _LONGEST, _INFO = 8, 6, 15, 39, 30


@dataclass(frozen=True, slots=True)
class Columns:
    """Widths, without the space behind each."""

    number: int
    time: int
    address: int
    clock: Clock

    def titles(self) -> str:
        """The line above the list."""
        cells = ["No.".rjust(self.number), TITLES[self.clock].rjust(self.time), "Source".ljust(self.address), "Destination".ljust(self.address)]
        return " " * _SIGNS + " ".join([*cells, "Protocol".ljust(_PROTOCOL), "Length".rjust(_LENGTH), "Info"])

    def spans(self, row: Row, before: int | None, first: int, signs: tuple[str, str], shift: int) -> list[Span]:
        """`before` is the time of the frame shown above (None: it is the first), `first` that of the first frame of the capture."""
        time = self._time(row.time, before, first)
        ends = (_cut(row.source, self.address), _cut(row.destination, self.address))
        front = f"{row.number:>{self.number}} {time:>{self.time}} {ends[0]} {ends[1]} "
        name = _cut(row.protocol, _PROTOCOL)
        return [
            (signs[0], "warn" if signs[0].strip() else ""),
            (signs[1], "accent" if signs[1].strip() else ""),
            (front, ""),
            (name, "code" if row.told else "dim"),
            (f" {row.length:>{_LENGTH}} ", ""),
            (row.info[shift:], "" if row.told else "dim"),
        ]

    def _time(self, time: int, before: int | None, first: int) -> str:
        if self.clock == "utc":
            return by_the_clock(time)
        return elapsed(time - (first if self.clock == "first" else time if before is None else before))


def columns_for(width: int, count: int, duration: int, clock: Clock, long_addresses: bool) -> Columns:
    """The columns of a list `width` wide with frames up to number `count` over `duration` nanoseconds."""
    number = max(len(str(count)), 4)
    time = 15 if clock == "utc" else max(len(elapsed(duration)), 9)
    spare = width - (1 + _SIGNS + number + time + _PROTOCOL + _LENGTH + 6 + _INFO)
    address = min(max(spare // 2, _NARROW), _LONGEST) if long_addresses else min(max(spare // 2, _NARROW), 17)
    return Columns(number, time, address, clock)


def _cut(text: str, width: int) -> str:
    """`text` in exactly `width` columns."""
    if cell_len(text) <= width:
        return set_cell_size(text, width)
    front = (width - 1) // 2
    return set_cell_size(set_cell_size(text, front) + "…" + text[-(width - 1 - front) :], width)
