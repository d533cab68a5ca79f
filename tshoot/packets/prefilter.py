"""The candidate frames of a large capture, picked by tcpdump in one pass, each with its number in the whole file.

A filter by port misses what hides the ports, so everything that may wrap a packet is kept too: VLAN tags (up to
two, then more are kept unread), later fragments, IPv6 extension headers, tunnels, MPLS and PPPoE.

tcpdump's output loses the numbers. Since a filter judges a packet by its bytes alone, equal packets are kept
or dropped alike, and so the first match in order is the right one: walking both files once restores the
numbers exactly. Where anything does not fit, the whole file is decoded: correctness comes first.
"""

from __future__ import annotations

import os
import shutil
from array import array
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from tshoot.cancel import CancelToken
from tshoot.packets.container import Container
from tshoot.packets.frames import Frame, Layer
from tshoot.packets.pcap import PcapWalk
from tshoot.packets.pcapng import PcapngWalk, is_pcapng
from tshoot.packets.private_file import private_file
from tshoot.packets.programs import run

LARGE_BYTES, LARGE_PACKETS = 5 << 20, 20_000  # below, a pass of its own does not pay
_WRAPS = (
    "(ip[6:2] & 0x1fff != 0)",
    *(f"(ip proto {number})" for number in (4, 41, 47, 51, 94, 97, 115, 137)),
    "(ip6 and not (ip6[6] = 6 or ip6[6] = 17 or ip6[6] = 58))",
    *(f"(udp port {port})" for port in (1701, 2152, 3544, 4789, 6081, 6635, 8472)),
    *(f"(ether proto {kind:#x})" for kind in (0x6558, 0x8847, 0x8848, 0x8864, 0x88E7, 0x894F)),
)


@dataclass(frozen=True, slots=True)
class Candidates:
    """What to decode. `numbers[i]` is the number, in the whole file, of frame i + 1 of `path`; None: `path` is the whole file."""

    path: Path
    count: int
    numbers: Sequence[int] | None = None


def selection(capture_filters: Sequence[str]) -> str:
    """One BPF expression for all `capture_filters` and whatever may hide their packets; "" as soon as one of them is "" (everything)."""
    if not all(capture_filters):
        return ""
    wanted = " or ".join((*(f"({expression})" for expression in capture_filters), *_WRAPS))
    # `vlan` shifts what follows it, to the end of the expression: so the third part is two tags deep.
    return f"{wanted} or (vlan and ({wanted})) or (vlan and ({wanted} or vlan))"


@contextmanager
def candidates(container: Container, expression: str, cancel: CancelToken) -> Iterator[Candidates]:
    """The frames of `container` that `expression` selects, in a private file that lives as long as the `with` block; or all."""
    whole = Candidates(container.readable, container.packets)
    program = shutil.which("tcpdump")
    if not expression or program is None or not _pays(container):
        yield whole
        return
    with private_file(container.path) as chosen:
        picked = Path(chosen.name)
        if not _pick(program, container.readable, picked, expression, cancel):
            yield whole
            return
        numbers = _numbers(container.readable, picked, cancel)
        yield whole if numbers is None else Candidates(picked, len(numbers), numbers)


def _pays(container: Container) -> bool:
    large = container.readable.stat().st_size >= LARGE_BYTES or container.packets >= LARGE_PACKETS
    readable = container.format.startswith("pcap") and "modified" not in container.format
    return large and readable and container.link_types == ("Ethernet",)


def _pick(program: str, source: Path, target: Path, expression: str, cancel: CancelToken) -> bool:
    stay = ["-Z", "root"] if os.geteuid() == 0 else []  # else tcpdump gives up the right to write the file
    command = [program, *stay, "-n", "--time-stamp-precision=nano", "-r", str(source.resolve()), "-w", str(target), expression]
    ran = run(command, cancel)
    return ran.status == 0 or "truncated dump file" in ran.complaint


def _numbers(source: Path, picked: Path, cancel: CancelToken) -> Sequence[int] | None:
    numbers = array("Q")
    with source.open("rb") as whole_file, picked.open("rb") as picked_file:
        walk = PcapngWalk if is_pcapng(whole_file.read(12)) else PcapWalk
        whole, part = walk(whole_file, source.stat().st_size), PcapWalk(picked_file, picked.stat().st_size)
        wanted = part.records()
        target = next(wanted, None)
        for number, (offset, captured, wire) in enumerate(whole.records(), start=1):
            if target is None:
                break
            if not number & 0xFFFF:
                cancel.check()
            at, length, on_wire = target
            if wire == on_wire and captured >= length and whole.piece(offset, length) == part.piece(at, length):
                numbers.append(number)
                target = next(wanted, None)
    return numbers if target is None and not part.stopped else None


def renumbering(chosen: Candidates, cancel: CancelToken) -> Callable[[Frame], Frame]:
    """What turns a frame of `chosen.path` into the same frame of the whole file, references to other frames included."""
    numbers = chosen.numbers
    if numbers is None:
        return lambda frame: frame
    ran = run([shutil.which("tshark") or "tshark", "-G", "fields"], cancel)
    rows = (row.split("\t") for row in ran.said.splitlines())
    references = frozenset(row[2] for row in rows if row[0] == "F" and row[3] == "FT_FRAMENUM") | {"frame.number"}

    def original(text: str) -> str:
        return str(numbers[int(text) - 1]) if text.isdecimal() and 0 < int(text) <= len(numbers) else text

    def renumber(frame: Frame) -> Frame:
        layers = tuple(_renumbered(layer, references, original) for layer in frame.layers)
        return replace(frame, number=numbers[frame.number - 1], layers=layers)

    return renumber


def _renumbered(layer: Layer, references: frozenset[str], original: Callable[[str], str]) -> Layer:
    changed = {name: tuple(map(original, layer.fields[name])) for name in references & layer.fields.keys()}
    return Layer(layer.name, {**layer.fields, **changed}) if changed else layer
