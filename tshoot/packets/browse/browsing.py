"""A capture that somebody looks at: its frames, what tshark says of them, and the end of all that.

`open` reads the file once; frames can be looked at while it does. Whatever may wait (`open`, `tell`, `tree`, `matching`, `follow`, …)
belongs into a thread, takes a token to be cancelled by, and ends with `close`, which leaves neither a process nor a temporary file.
Without tshark `rows` and `packet` work all the same.
"""

from __future__ import annotations

import os
import threading
from array import array
from collections import OrderedDict
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import IO

import numpy as np

from tshoot.cancel import CancelToken
from tshoot.errors import CaptureFileError, MissingProgram
from tshoot.packets.browse.columns import MOST, FrameColumns
from tshoot.packets.browse.context import Excerpt, bounded, excerpt
from tshoot.packets.browse.display_filter import matching, named_frames, problem
from tshoot.packets.browse.stream import MOST_FRAMES, Stream, follow
from tshoot.packets.browse.summary import HEAD, Row, summaries
from tshoot.packets.browse.told import Told, told
from tshoot.packets.browse.tree import Tree
from tshoot.packets.browse.trees import Trees
from tshoot.packets.browse.tshark import Tsharks
from tshoot.packets.container import Container, inspect, walk
from tshoot.packets.foreign import as_pcapng
from tshoot.packets.pace import OnRead
from tshoot.packets.prefilter import Candidates, is_large

_TOLD_KEPT, _ROWS_KEPT = 40_000, 4_096


class Browsing:
    """`columns.count` frames so far; `container` is None until `open` has returned. `remark` says what of the file cannot be shown."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.columns = FrameColumns()
        self.container: Container | None = None
        self.remark = ""
        self._cancel = CancelToken()
        self.tsharks = Tsharks(self._cancel)
        self._trees = Trees(self.tsharks)
        self._stack, self._lock = ExitStack(), threading.Lock()
        self._file: IO[bytes] | None = None
        self._told: OrderedDict[int, Told] = OrderedDict()
        self._rows: OrderedDict[int, Row] = OrderedDict()

    # --- opening and closing ---

    def open(self, on_read: OnRead | None = None) -> None:
        """Read all headers. Raises CaptureFileError, MissingProgram (a format that only tshark reads), Cancelled."""
        with ExitStack() as stack:
            container = stack.enter_context(inspect(self.path, self._cancel, self.columns.take, on_read))
            if not container.format.startswith("pcap"):
                container = self._converted(container, stack)
            self.columns.finish()
            self._file = stack.enter_context(container.readable.open("rb", buffering=0))
            remarks = [container.remark] if container.remark else []
            if self.columns.left_out:
                remarks.append(f"only the first {MOST:,} frames are listed; {self.columns.left_out:,} follow")
            if self.columns.count < container.packets and not self.columns.left_out:
                remarks.append("frames of this link type cannot be listed: open the file in Wireshark")
            with self._lock:
                self._cancel.check()
                self.remark, self._stack, self.container = "; ".join(remarks), stack.pop_all(), container

    def _converted(self, container: Container, stack: ExitStack) -> Container:
        """A foreign file as pcapng, whose frames can be read: the copy that was made to count them is gone."""
        copy, _ = stack.enter_context(as_pcapng(container.readable, self._cancel))
        self.columns = FrameColumns()
        with copy.open("rb") as file:
            if file.read(1):
                walk(copy, self._cancel, self.columns.take)
        return replace(container, readable=copy)

    def close(self) -> None:
        """End everything; safe at any time, from any thread, twice."""
        self._cancel.cancel()
        self.tsharks.close()
        with self._lock:
            stack, self._stack, self._file = self._stack, ExitStack(), None
        stack.close()

    # --- from the file alone ---

    def rows(self, numbers: Sequence[int]) -> list[Row]:
        """Rows of frames that are listed, with what tshark told of them so far."""
        if missing := [number for number in numbers if number not in self._rows]:
            heads = [self._bytes(number, HEAD) for number in missing]
            for row in summaries(self.columns, missing, heads):
                self._rows[row.number] = row
        rows = [self._rows[number] for number in numbers]
        while len(self._rows) > _ROWS_KEPT:
            self._rows.popitem(last=False)
        return [replace(row, protocol=said.protocol, info=said.info, told=True) if (said := self._told.get(row.number)) else row for row in rows]

    def packet(self, number: int) -> bytes:
        """The bytes captured of frame `number`; fewer where the file was cut since."""
        return self._bytes(number, None)

    def _bytes(self, number: int, most: int | None) -> bytes:
        length = int(self.columns.captured[number - 1])
        with self._lock:
            if self._file is None or length <= 0:
                return b""
            return os.pread(self._file.fileno(), length if most is None else min(length, most), int(self.columns.places[number - 1]))

    # --- from tshark, in threads ---

    @property
    def small(self) -> bool:
        """tshark reads the whole file each time: the price is a second at most."""
        return self.container is not None and not is_large(self.container)

    def tell(self, numbers: Sequence[int] | None, cancel: CancelToken) -> Iterator[int]:
        """Learn tshark's columns of `numbers` (None: of all frames of a small capture); yields how many are known, now and then."""
        wanted = None if numbers is None else [number for number in numbers if number not in self._told and 1 <= number <= self.columns.count]
        if wanted == []:
            return
        with self._source(wanted or [1], cancel, self.small) as source:
            for count, said in enumerate(told(self.tsharks, source, wanted, cancel), 1):
                self._told[said.number] = said
                if not count % 500:
                    yield count
        while len(self._told) > _TOLD_KEPT:
            self._told.popitem(last=False)
        yield len(self._told)

    def decoded(self, number: int) -> bool:
        """Whether `tree` would not have to wait."""
        return self._trees.has(number)

    def tree(self, number: int, cancel: CancelToken) -> Tree:
        """The protocol tree of frame `number`. Raises CaptureFileError where tshark says nothing of it, MissingProgram, Cancelled."""
        if kept := self._trees.kept(number):
            return kept
        first, end = max(1, number - 15), min(self.columns.count, number + 45) + 1
        numbers = list(range(first, end)) if self.small else list(range(max(first, number - 3), min(end, number + 12)))
        with self._source(numbers, cancel, self.small) as source:
            return self._trees.tree(number, numbers, source, cancel)

    def problem(self, expression: str, cancel: CancelToken) -> str:
        """What is wrong with a display filter, "" where nothing is."""
        return problem(self.tsharks, expression, cancel)

    def matching(self, expression: str, cancel: CancelToken) -> Iterator[array[int]]:
        """The numbers of all frames that match, in pieces."""
        if (named := named_frames(expression)) is not None:
            yield array("i", named)
            return
        yield from matching(self.tsharks, self._all(), expression, cancel)

    def share(self) -> float | None:
        """How far a filter has come, 0.0 to 1.0; None where that is not known."""
        return self.tsharks.share(self.container.readable) if self.container else None

    def follow(self, number: int, cancel: CancelToken) -> Stream:
        """What the two ends of frame `number`'s stream said to each other."""
        if self.small:
            return follow(self.tsharks, self._all(), number, cancel)
        whose = self.columns.conversation(number)
        nearest = whose
        if len(whose) > MOST_FRAMES:
            at = int(np.searchsorted(whose, number))
            begin = min(max(0, at - MOST_FRAMES // 2), len(whose) - MOST_FRAMES)
            nearest = whose[begin : begin + MOST_FRAMES]
        kept = bounded(self.columns, nearest, number, 64 << 20)
        left = f"{len(kept):,} of the {len(whose):,} frames of this conversation, those nearest to frame {number}" if len(kept) < len(whose) else ""
        with self._exactly(kept.tolist(), left, cancel) as source:
            return follow(self.tsharks, source, number, cancel)

    # --- what tshark reads ---

    def _opened(self) -> Container:
        if self.container is None:
            raise CaptureFileError(f"{self.path}: it is still being read", "wait until all frames are listed")
        if not self.tsharks.program:
            raise MissingProgram("tshark is not installed here, or not on PATH", "apt-get install tshark (macOS: brew install wireshark)")
        return self.container

    def _all(self) -> Excerpt:
        container = self._opened()
        return Excerpt(Candidates(container.readable, container.packets), frozenset())

    @contextmanager
    def _source(self, numbers: Sequence[int], cancel: CancelToken, whole: bool) -> Iterator[Excerpt]:
        with self._cancel.on_cancel(cancel.cancel), excerpt(self._opened(), self.columns, numbers, whole, cancel) as source:
            yield source

    @contextmanager
    def _exactly(self, numbers: Sequence[int], remark: str, cancel: CancelToken) -> Iterator[Excerpt]:
        from tshoot.packets.prefilter import candidates

        located = self.columns.located(np.array(numbers, np.int64))
        with self._cancel.on_cancel(cancel.cancel), candidates(self._opened(), located, cancel) as chosen:
            yield Excerpt(chosen, frozenset(), remark)
