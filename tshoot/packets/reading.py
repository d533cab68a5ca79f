"""One capture, read for several detectors: the pass over the file, then the decoding of what they ask for.

The pass fills the flow index and picks candidates. A detector is given the decoded frames that match its filters,
and those that it names itself from the flow index (`from_flows`); what it finds without any, it says in
`judge_flows`. Both are tried where tshark is missing, too: `missing` then says which detectors were not.
"""

from __future__ import annotations

import contextlib
import shutil
import threading
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence

import numpy as np

from tshoot.cancel import CancelToken
from tshoot.errors import Cancelled, CaptureFileError, MissingProgram
from tshoot.packets.batches import Batch, Ints
from tshoot.packets.container import Container
from tshoot.packets.flow_pass import FlowPass
from tshoot.packets.flows import FlowIndex
from tshoot.packets.frames import Detector, Frame
from tshoot.packets.headers import read_headers
from tshoot.packets.limits import Limits
from tshoot.packets.memory_watch import MemoryWatch
from tshoot.packets.pace import Pace
from tshoot.packets.prefilter import Candidates, References, candidates, is_large, renumbering
from tshoot.packets.selection import MOST, Selection

OWN_CHOICE = 2_000  # frames that one detector may ask for by number


class Reading:
    """`take` is shown the batches of the file, then `frames` decodes. `remarks` say what is not complete, and why."""

    def __init__(self, chosen: Sequence[Detector], cancel: CancelToken, limits: Limits | None = None) -> None:
        self._chosen, self._cancel, self._limits = chosen, cancel, limits or Limits()
        self._asking: threading.Thread | None = None
        self._flows, self._selection = FlowPass(self._limits.flows), Selection(chosen, self._limits.candidates)
        self._noted: list[tuple[Ints, Ints]] = []  # frames that the index names, and their times
        self._noted_kept = 0
        self._index: FlowIndex | None = None
        self.remarks: list[str] = []
        self.missing: MissingProgram | None = None

    def take(self, batch: Batch) -> None:
        if batch.first > 1 and self._asking is None and shutil.which("tshark"):  # a large file: tshark is asked beside the pass
            self._asking = threading.Thread(target=self._ask, name="tshark fields", daemon=True)
            self._asking.start()
        headers = read_headers(batch)
        segments = self._flows.take(headers)
        noted = self._flows.noted
        self._selection.take(headers, segments, noted, renumbered=self._flows.renumbered)
        if noted and self._noted_kept < (self._limits.candidates or MOST):
            numbers = np.unique(np.array(noted, np.int64))
            self._noted.append((numbers, batch.times[numbers - batch.first]))
            self._noted_kept += len(numbers)

    def times(self, cited: Collection[int], frames: Iterable[Frame]) -> dict[int, int]:
        """Nanoseconds since the epoch of the `cited` frames, which were decoded or are named by the index."""
        known = {frame.number: round(frame.time * 1e9) for frame in frames if frame.number in cited}
        wanted = np.array(sorted(cited), np.int64)
        for numbers, times in self._noted:
            there = np.isin(numbers, wanted)
            known.update(zip(numbers[there].tolist(), times[there].tolist(), strict=True))
        return known

    def _ask(self) -> None:
        with contextlib.suppress(Cancelled, OSError):
            References.ask(self._cancel)

    def close(self) -> None:
        """Leave no thread behind."""
        if self._asking:
            self._asking.join()

    @property
    def index(self) -> FlowIndex:
        if self._index is None:
            self._index = self._flows.index(check=self._cancel.check)
        return self._index

    def frames(
        self, container: Container, limit: int, cancel: CancelToken, tell: Callable[[str, float | None], None], pace: Pace | None = None
    ) -> list[Frame]:
        """The frames that any detector wants, at most `limit`, numbered as in the file."""
        frames: list[Frame] = []
        if not container.packets:
            return frames
        tell("selecting", None)
        own = self._own_choice()
        picking = is_large(container) and container.format.startswith("pcap") and not self._selection.everything
        with candidates(container, self._selection.frames(own) if picking else None, cancel) as picked:
            try:
                self._decode(frames, picked, own, limit, cancel, pace or Pace(tell))
            except CaptureFileError as error:
                if not (container.partial and "cut short" in error.message):  # the torn end is told already
                    self.remarks.append(error.message.replace(str(picked.path), str(container.path)))
            except MissingProgram as error:
                self._without_decoding(error)
        if len(frames) > limit:
            del frames[limit:]
            told = f"only the first {limit} frames that the detectors ask for were judged"
            self.remarks.append(f"{told} (to frame {frames[-1].number}){self._limits.remark}")
        return frames

    def _decode(self, frames: list[Frame], picked: Candidates, own: Sequence[int], limit: int, cancel: CancelToken, pace: Pace) -> None:
        """Add to `frames`; where the processes come near the limit of memory, what was decoded until then stands."""
        full = CancelToken()
        with cancel.on_cancel(full.cancel), MemoryWatch(self._limits.memory, full.cancel) as watch:
            try:
                frames.extend(self._wanted(picked, own, limit, full, pace))
            except Cancelled:
                cancel.check()
                if not watch.reached:
                    raise
                where = f"after frame {frames[-1].number}" if frames else "before the first frame that a detector asks for"
                self.remarks.append(f"decoding ended {where}: memory came near the limit of {self._limits.memory >> 20} MB")

    def _own_choice(self) -> list[int]:
        """What the detectors ask for by number."""
        asked: set[int] = set()
        for detector in self._chosen:
            if choose := getattr(detector, "from_flows", None):
                asked.update(sorted(set(choose(self.index)))[:OWN_CHOICE])
        return sorted(asked)

    def _wanted(self, picked: Candidates, own: Sequence[int], limit: int, cancel: CancelToken, pace: Pace) -> Iterator[Frame]:
        if not picked.count or (not own and all(getattr(detector, "no_frames", False) for detector in self._chosen)):
            return iter(())
        from tshoot.packets.decode import decode  # late: it brings pyshark and lxml

        decoding = decode(
            picked.path,
            display_filter=self._display_filter(picked, own),
            decode_as=tuple(dict.fromkeys(rule for detector in self._chosen for rule in detector.decode_as)),
            cancel=cancel,
            on_frame=lambda number: pace.decoded(number, picked.count),
            limit=limit + 1,
        )
        self.close()
        return map(renumbering(picked, cancel), decoding)

    def _display_filter(self, picked: Candidates, own: Sequence[int]) -> str:
        filters = [detector.display_filter for detector in self._chosen if not getattr(detector, "no_frames", False)]
        if not all(filters):
            return ""
        if own:
            place = {number: index for index, number in enumerate(picked.numbers, 1)} if picked.numbers is not None else None
            numbers = [place[number] for number in own if number in place] if place is not None else list(own)
            if numbers:
                filters.append(f"frame.number in {{{', '.join(map(str, numbers))}}}")
        return " or ".join(f"({expression})" for expression in filters)

    def _without_decoding(self, error: MissingProgram) -> None:
        families = ", ".join(detector.family for detector in self._chosen)
        alone = ", ".join(detector.family for detector in self._chosen if hasattr(detector, "judge_flows"))
        what = f"; {alone} were judged by the flow index alone" if alone else ""
        self.missing = MissingProgram(f"{error.message}: what {families} find in decoded frames needs it{what}", error.hint)
        self.remarks.append(self.missing.message)
