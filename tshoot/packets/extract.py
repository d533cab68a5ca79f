"""The frames that prove something, out of a capture into a small pcapng file that opens in Wireshark and says itself what it proves.

A pass over the file learns the conversations of the cited frames, a second one picks their packets: the cited ones always, of the others
those that are nearest to a cited one, up to the limit. Each cited frame carries a comment with its number in the original and why it
matters. Packets are copied as they were captured, cut short or not, with their interface's link type and resolution of time.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from tshoot.cancel import CancelToken
from tshoot.errors import CaptureFileError
from tshoot.packets.atomic_file import atomic_file
from tshoot.packets.container import Container, inspect
from tshoot.packets.pcap import PcapWalk, is_pcap
from tshoot.packets.pcapng import Interface, PcapngWalk
from tshoot.packets.pcapng_write import PcapngWriter

if TYPE_CHECKING:
    from tshoot.packets.batches import Batch, Ints
    from tshoot.packets.conversations import Conversations

FRAMES = 2_000


@dataclass(frozen=True, slots=True)
class Extracted:
    """`left_out` packets of the conversations did not fit below the limit."""

    path: Path
    frames: int
    cited: int
    left_out: int


def extract(
    source: Path,
    target: Path,
    comments: Mapping[int, str],
    cancel: CancelToken,
    *,
    conversations: bool = True,
    limit: int = FRAMES,
    overwrite: bool = False,
    title: str = "",
) -> Extracted:
    """Write the frames of `source` that are the keys of `comments`, with these, and with the rest of their conversations.

    `limit` bounds the packets, but for cited ones. Raises CaptureFileError (not readable, `target` exists or cannot be written), Cancelled.
    """
    if target.exists() and source.exists() and target.samefile(source):
        raise CaptureFileError(f"{target}: the capture itself would be overwritten", "name another file")
    with inspect(source, cancel) as container:
        if not container.format.startswith("pcap"):
            raise CaptureFileError(
                f"{source}: frames of a {container.format} file cannot be extracted", "convert it: tshark -r FILE -F pcapng -w NEW.pcapng"
            )
        picked = _picked(container, comments, cancel, limit if conversations else 0)
        with atomic_file(target, overwrite) as out, container.readable.open("rb", buffering=0) as file:
            writer = PcapngWriter(out, picked.interfaces, title)
            for index, (number, place, captured, wire, time, interface) in enumerate(picked.rows.tolist()):
                if not index & 0xFF:
                    cancel.check()
                packet = os.pread(file.fileno(), captured, place)
                if len(packet) < captured:
                    raise CaptureFileError(f"{source}: it was cut while it was read", "wait until it is written, then try again")
                writer.write(interface, time, packet, wire, comments.get(number, ""))
    return Extracted(target, len(picked.rows), sum(number in comments for number in picked.rows[:, 0].tolist()), picked.left_out)


@dataclass(slots=True)
class _Picked:
    """`rows`: number, place in the file, captured length, length on the wire, time, index in `interfaces`."""

    rows: Ints
    interfaces: list[Interface]
    left_out: int


def _picked(container: Container, comments: Mapping[int, str], cancel: CancelToken, limit: int) -> _Picked:
    import numpy as np

    from tshoot.packets.conversations import Conversations
    from tshoot.packets.headers import read_headers

    cited = np.array(sorted(comments), np.int64)
    known = Conversations(cited)
    if limit > len(cited):
        with _walk(container) as walk:
            for batch in walk.batches():
                cancel.check()
                known.learn(read_headers(batch))
    with _walk(container) as walk:
        kept, total = _nearest(walk, known, cited, cancel, limit)
        interfaces = walk.interfaces if isinstance(walk, PcapngWalk) else [_interface(walk)]
    used = np.unique(kept[:, 5])
    kept[:, 5] = np.searchsorted(used, kept[:, 5])
    return _Picked(kept, [interfaces[number] for number in used.tolist()], total - len(kept))


def _nearest(walk: PcapWalk | PcapngWalk, known: Conversations, cited: Ints, cancel: CancelToken, limit: int) -> tuple[Ints, int]:
    """The packets kept, in the file's order, and how many the conversations have in all."""
    import numpy as np

    from tshoot.packets.headers import read_headers

    kept, total = np.zeros((0, 6), np.int64), 0
    for batch in walk.batches():
        cancel.check()
        headers = read_headers(batch)
        found = known.rows(headers)
        if not len(found):
            continue
        total += len(found)
        kept = np.concatenate((kept, _located(batch, found)))
        if len(kept) > max(limit, len(cited)):
            kept = kept[np.sort(np.argsort(_distance(kept[:, 0], cited), kind="stable")[: max(limit, len(cited))])]
    return kept, total


def _located(batch: Batch, row: Ints) -> Ints:
    import numpy as np

    interfaces = batch.interfaces[row] if batch.interfaces is not None else np.zeros(len(row), np.int64)
    return np.stack((batch.first + row, batch.base + batch.starts[row], batch.captured[row], batch.wire[row], batch.times[row], interfaces), axis=1)


def _distance(numbers: Ints, cited: Ints) -> Ints:
    """Frames between each and the nearest cited one."""
    import numpy as np

    behind = np.searchsorted(cited, numbers)
    before = np.abs(numbers - cited[np.maximum(behind - 1, 0)])
    after = np.abs(numbers - cited[np.minimum(behind, len(cited) - 1)])
    nearest: Ints = np.minimum(before, after)
    return nearest


@contextmanager
def _walk(container: Container) -> Iterator[PcapWalk | PcapngWalk]:
    with container.readable.open("rb", buffering=0) as file:
        yield _walk_of(file, container.readable.stat().st_size)


def _walk_of(file: BinaryIO, size: int) -> PcapWalk | PcapngWalk:
    head = file.read(64)
    return PcapWalk(file, size) if is_pcap(head) else PcapngWalk(file, size)


def _interface(walk: PcapWalk) -> Interface:
    return Interface(walk.link or 0, walk.snap, exponent=9 if "nanoseconds" in walk.format else 6)
