"""What tshark is given so that it can say all of a frame: reassembly, the request that a reply answers, relative sequence numbers.

A small capture is read whole. Of a large one it gets an excerpt, a private file that lives as long as it is read: the frames
around the chosen ones, and of their conversations the beginning and what lies nearest. What lies further back tshark cannot know then.
Frame numbers that it prints are turned back into those of the capture.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np

from tshoot.cancel import CancelToken
from tshoot.packets.batches import Ints
from tshoot.packets.browse.columns import FrameColumns
from tshoot.packets.container import Container
from tshoot.packets.prefilter import Candidates, References, candidates

BEFORE, BEHIND = 250, 50  # frames around the chosen ones, whatever they belong to
BEGINNING, EARLIER, LATER = 40, 400, 100  # frames of each conversation: its first, and those nearest
CONVERSATIONS = 8  # of the chosen frames, the first ones
MOST_BYTES = 32 << 20  # of an excerpt
_REFERENCE = re.compile(r"\b([Ii]n (?:frame )?#?|Dup ACK )(\d{1,10})\b")  # as tshark writes them into Info: "(Call In 14)", "[Reassembled in #5]"


@dataclass(frozen=True, slots=True)
class Excerpt:
    """What tshark reads. `remark` says what it was not given."""

    chosen: Candidates
    references: frozenset[str]
    remark: str = ""

    @property
    def whole(self) -> bool:
        return self.chosen.numbers is None

    def own(self, numbers: Sequence[int]) -> list[int]:
        """The numbers that tshark knows the frames `numbers` by; those that it was not given are left out."""
        if self.chosen.numbers is None:
            return list(numbers)
        known = {number: index for index, number in enumerate(self.chosen.numbers, 1)}
        return [known[number] for number in numbers if number in known]

    def number(self, own: int) -> int:
        """The frame that tshark calls `own`."""
        numbers = self.chosen.numbers
        return own if numbers is None else numbers[own - 1] if 0 < own <= len(numbers) else 0

    def renumbered(self, info: str, own: Sequence[str]) -> str:
        """`info` with the frames that it refers to, as far as tshark says that they are frames (`own`), by their numbers in the capture."""
        if self.whole or not own:
            return info
        return _REFERENCE.sub(lambda found: found[1] + (str(self.number(int(found[2]))) if found[2] in own else found[2]), info)

    def field(self, text: str, own: str) -> str:
        """The text of a field whose value is frame `own`, which stands last in it."""
        before, found, behind = text.rpartition(own)
        return f"{before}{self.number(int(own))}{behind}" if found else text


@contextmanager
def excerpt(container: Container, columns: FrameColumns, numbers: Sequence[int], whole: bool, cancel: CancelToken) -> Iterator[Excerpt]:
    """What explains the frames `numbers` (ascending, near each other)."""
    if whole:
        yield Excerpt(Candidates(container.readable, container.packets), frozenset())
        return
    wanted = around(columns, numbers)
    with candidates(container, columns.located(wanted), cancel) as chosen:
        remark = f"decoded with {len(wanted):,} frames around it and of its conversation; what lies further off is not known to tshark"
        yield Excerpt(chosen, References.ask(cancel), remark)


def around(columns: FrameColumns, numbers: Sequence[int]) -> Ints:
    """The frames of the excerpt, ascending; where they are too large, those nearest to the chosen ones."""
    first, last = numbers[0], numbers[-1]
    parts = [np.arange(max(1, first - BEFORE), min(columns.count, last + BEHIND) + 1), np.array(numbers, np.int64)]
    index = np.array(numbers, np.int64) - 1
    flows, where = np.unique(columns.flows[index], return_index=True)
    for flow, place in sorted(zip(flows.tolist(), where.tolist(), strict=True), key=lambda pair: pair[1])[:CONVERSATIONS]:
        if flow:
            whose = columns.conversation(numbers[place])
            begin, end = np.searchsorted(whose, (first, last))
            parts += [whose[:BEGINNING], whose[max(0, begin - EARLIER) : end + LATER]]
    return bounded(columns, np.unique(np.concatenate(parts)), numbers[0])


def bounded(columns: FrameColumns, wanted: Ints, centre: int, most: int = MOST_BYTES) -> Ints:
    """Of the frames `wanted` as many as fit into `most` bytes, the nearest to `centre` first."""
    order = np.argsort(np.abs(wanted - centre), kind="stable")
    sizes = np.maximum(columns.captured[wanted[order] - 1], 0).astype(np.int64)
    kept: Ints = np.sort(wanted[order[: max(1, int(np.searchsorted(np.cumsum(sizes), most, side="right")))]])
    return kept
