"""Captures made for the tests of this folder, and where the public ones are."""

from __future__ import annotations

import json
import struct
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

PUBLIC = Path(__file__).resolve().parents[4] / "shared" / "captures"
MANIFEST = PUBLIC / "manifest.jsonl"


def work_of(call: Callable[[], object]) -> int:
    """How many functions are called on the way: a measure of work that no load of the machine changes."""
    count = 0

    def note(*event: object) -> None:
        nonlocal count
        count += 1

    sys.setprofile(note)
    try:
        call()
    finally:
        sys.setprofile(None)
    return count


def public_captures() -> list[dict]:
    return [json.loads(line) for line in MANIFEST.read_text().splitlines()] if MANIFEST.exists() else []


def public(name: str) -> Path:
    path = PUBLIC / name
    if not path.exists():
        pytest.skip("the public captures are not beside this checkout (../shared/captures)")
    return path


def pcap(packets: Sequence[bytes], order: str = "<", magic: int = 0xA1B2C3D4, link: int = 1, step: float = 0.001) -> bytes:
    whole = struct.pack(order + "IHHiIII", magic, 2, 4, 0, 0, 262144, link)
    for index, packet in enumerate(packets):
        whole += record(packet, index * step, order, magic)
    return whole


def record(packet: bytes, time: float, order: str = "<", magic: int = 0xA1B2C3D4) -> bytes:
    seconds, fraction = divmod(time, 1)
    head = struct.pack(order + "IIII", 1_700_000_000 + int(seconds), int(fraction * 1_000_000), len(packet), len(packet))
    return head + (bytes(8) if magic == 0xA1B2CD34 else b"") + packet


def block(kind: int, body: bytes, order: str = "<") -> bytes:
    body += bytes(-len(body) % 4)
    length = struct.pack(order + "I", len(body) + 12)
    return struct.pack(order + "I", kind) + length + body + length


def section(packets: Sequence[bytes], order: str = "<", links: Sequence[int] = (1,), simple: bool = False) -> bytes:
    """One pcapng section; packet i lies on interface i modulo their number."""
    whole = block(0x0A0D0D0A, struct.pack(order + "IHHq", 0x1A2B3C4D, 1, 0, -1), order)
    for link in links:
        whole += block(1, struct.pack(order + "HHI", link, 0, 0), order)
    for index, packet in enumerate(packets):
        if simple:
            whole += block(3, struct.pack(order + "I", len(packet)) + packet, order)
        else:
            head = struct.pack(order + "IIIII", index % len(links), 0x60000, index, len(packet), len(packet))
            whole += block(6, head + packet, order)
    return whole


def ether(**fields: object) -> object:
    """scapy's Ether with both addresses given: else it asks the network for them."""
    from scapy.layers.l2 import Ether

    return Ether(**{"src": "02:00:00:00:00:01", "dst": "02:00:00:00:00:02", **fields})


def layers(*built: object) -> list[bytes]:
    return [bytes(packet) for packet in built]  # type: ignore[call-overload]


def children() -> str:
    found = []
    for path in Path("/proc/self/task").glob("*/children"):
        with suppress(FileNotFoundError):  # a thread that has just ended
            found.append(path.read_text())
    return "".join(found)


def _held() -> tuple[int, int, int]:
    return len(list(Path("/proc/self/fd").iterdir())), threading.active_count(), len(children().split())


@contextmanager
def nothing_left_behind() -> Iterator[None]:
    """No child process, no descriptor and no thread more than before (a thread that waited for a child ends a moment after it)."""
    before, deadline = _held(), 5.0
    yield
    while any(now > then for now, then in zip(_held(), before, strict=True)) and deadline > 0:
        time.sleep(0.02)
        deadline -= 0.02
    assert deadline > 0, (before, _held())
