"""The candidate frames of a large capture as a private file for tshark, each with its number in the whole file.

`selection` has chosen them in the pass over the file; here they are copied, and what tshark says about the copy
is turned back into the numbers of the file that the user gave, references to other frames included.
"""

from __future__ import annotations

import os
import shutil
import struct
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import IO, TYPE_CHECKING, BinaryIO, ClassVar

from tshoot.cancel import CancelToken
from tshoot.errors import CaptureFileError
from tshoot.packets.container import Container
from tshoot.packets.frames import Frame, Layer
from tshoot.packets.private_file import no_room, private_file
from tshoot.packets.programs import run

if TYPE_CHECKING:
    from tshoot.packets.batches import Ints

LARGE_BYTES, LARGE_PACKETS = 5 << 20, 20_000  # below, tshark reads the whole file as fast
MOST_BYTES = 256 << 20  # of a private file; beyond, the whole file is decoded
_SECTION = struct.pack("<IIIHHqI", 0x0A0D0D0A, 28, 0x1A2B3C4D, 1, 0, -1, 28)
_ENHANCED = struct.Struct("<IIIIIII")
_EARLIEST, _LATEST = 0, (1 << 63) - 1


@dataclass(frozen=True, slots=True)
class Candidates:
    """What to decode. `numbers[i]` is the number, in the whole file, of frame i + 1 of `path`; None: `path` is the whole file."""

    path: Path
    count: int
    numbers: Sequence[int] | None = None


def is_large(container: Container) -> bool:
    """Whether picking candidates pays."""
    return container.readable.stat().st_size >= LARGE_BYTES or container.packets >= LARGE_PACKETS


@contextmanager
def candidates(container: Container, frames: Ints | None, cancel: CancelToken) -> Iterator[Candidates]:
    """The `frames` of `container` (as `Selection.frames` gives them; None: all) in a file that lives as long as the `with` block."""
    if frames is None or int(frames[:, 2].sum()) > MOST_BYTES:
        yield Candidates(container.readable, container.packets)
        return
    with private_file(container.path) as chosen:
        try:
            with container.readable.open("rb", buffering=0) as source:
                _copy(source, chosen, frames, cancel)
            chosen.flush()
        except OSError as error:
            raise no_room(container.path, error) from error
        yield Candidates(Path(chosen.name), len(frames), frames[:, 0].tolist())


def _copy(source: BinaryIO, target: IO[bytes], frames: Ints, cancel: CancelToken) -> None:
    """One pcapng section, one interface a link type, times in nanoseconds."""
    links = dict.fromkeys(frames[:, 5].tolist())
    interfaces = {link: number for number, link in enumerate(links)}
    target.write(_SECTION)
    for link in links:
        target.write(struct.pack("<IIHHIHHBxxxHHI", 1, 32, link & 0xFFFF, 0, 0, 9, 1, 9, 0, 0, 32))
    for index, (_, place, captured, wire, time, link) in enumerate(frames.tolist()):
        if not index & 0x3FFF:
            cancel.check()
        packet = os.pread(source.fileno(), captured, place)
        if len(packet) < captured:
            raise CaptureFileError(
                f"{getattr(source, 'name', 'the capture')}: it was cut while it was read", "wait until it is written, then try again"
            )
        length, ticks = 32 + captured + -captured % 4, min(max(time, _EARLIEST), _LATEST)
        target.write(_ENHANCED.pack(6, length, interfaces[link], ticks >> 32, ticks & 0xFFFFFFFF, captured, wire))
        target.write(packet + bytes(-captured % 4) + struct.pack("<I", length))


class References:
    """The fields of this tshark that hold a frame's number; `ask` may run beside other work."""

    known: ClassVar[frozenset[str]] = frozenset()

    @classmethod
    def ask(cls, cancel: CancelToken) -> frozenset[str]:
        if not cls.known:
            said = run([shutil.which("tshark") or "tshark", "-G", "fields"], cancel).said
            rows = (line.split("\t", 4) for line in said.splitlines() if "\tFT_FRAMENUM\t" in line)
            cls.known = frozenset(row[2] for row in rows if row[0] == "F" and row[3] == "FT_FRAMENUM") | {"frame.number"}
        return cls.known


def renumbering(chosen: Candidates, cancel: CancelToken) -> Callable[[Frame], Frame]:
    """What turns a frame of `chosen.path` into the same frame of the whole file, references to other frames included."""
    numbers = chosen.numbers
    if numbers is None:
        return lambda frame: frame
    named = References.ask(cancel)

    def original(text: str) -> str:
        return str(numbers[int(text) - 1]) if text.isdecimal() and 0 < int(text) <= len(numbers) else text

    def renumber(frame: Frame) -> Frame:
        layers = tuple(_renumbered(layer, named, original) for layer in frame.layers)
        return replace(frame, number=numbers[frame.number - 1], layers=layers)

    return renumber


def _renumbered(layer: Layer, named: frozenset[str], original: Callable[[str], str]) -> Layer:
    changed = {name: tuple(map(original, layer.fields[name])) for name in named & layer.fields.keys()}
    return Layer(layer.name, {**layer.fields, **changed}) if changed else layer
