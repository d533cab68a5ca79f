"""Which frames the list shows: all of them, or a set in ascending order. Rows count from 0, frames from 1."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np

from tshoot.packets.batches import Ints


class Shown:
    """`count` frames in all; `numbers` are those shown (None: all). Finding a row or a frame takes the same time for ten as for a million."""

    def __init__(self, count: int, numbers: Iterable[int] | None = None) -> None:
        self.count = count
        self._numbers: Ints | None = None
        if numbers is not None:
            given = np.unique(np.fromiter(numbers, np.int64))
            self._numbers = given[(given >= 1) & (given <= count)]

    def __len__(self) -> int:
        return self.count if self._numbers is None else len(self._numbers)

    @property
    def everything(self) -> bool:
        return self._numbers is None

    def number(self, row: int) -> int:
        return row + 1 if self._numbers is None else int(self._numbers[row])

    def numbers(self, first: int, end: int) -> Sequence[int]:
        """The frames of the rows `first` up to `end`, as far as there are any."""
        first, end = max(first, 0), min(end, len(self))
        return range(first + 1, end + 1) if self._numbers is None else self._numbers[first:end].tolist()

    def row(self, number: int) -> int:
        """The row of frame `number`, or of the first shown behind it; the last row where there is none."""
        if not len(self):
            return 0
        place = number - 1 if self._numbers is None else int(np.searchsorted(self._numbers, number))
        return min(max(place, 0), len(self) - 1)

    def has(self, number: int) -> bool:
        return len(self) > 0 and self.number(self.row(number)) == number

    def within(self, other: Iterable[int]) -> Shown:
        """Those of them that `other` has, too."""
        wanted = Shown(self.count, other)
        if self._numbers is None or wanted._numbers is None:
            return wanted
        return Shown(self.count, np.intersect1d(self._numbers, wanted._numbers))

    def next(self, number: int, among: Iterable[int], step: int) -> int:
        """The nearest frame of `among` that is shown behind (step 1) or before (-1) frame `number`, round the end; 0 where there is none."""
        found = [one for one in sorted(among) if self.has(one)]
        behind = [one for one in found if (one > number if step > 0 else one < number)]
        wanted = behind or found
        return (wanted[0] if step > 0 else wanted[-1]) if wanted else 0
