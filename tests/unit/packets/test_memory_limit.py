"""--limit-memory: what the whole process tree holds while it analyses, measured from outside; what was left out is said."""

from __future__ import annotations

import json
import struct
import subprocess
import sys
from itertools import pairwise
from pathlib import Path

import pytest
from capture_samples import pcap

from tshoot.errors import UsageError
from tshoot.packets.limits import FRAMES_KEPT, NEEDED, limits_of
from tshoot.packets.memory_watch import MemoryWatch, resident

ROOT = Path(__file__).parents[3]


def arp_storm(path: Path, count: int) -> Path:
    """Announcements of as many addresses: every frame is decoded and kept for the detector."""
    with path.open("wb") as file:
        file.write(pcap([]))
        for number in range(count):
            mac, address = struct.pack(">HI", 0x0200, number), struct.pack(">BBH", 10, 1, number & 0xFFFF)
            body = bytes.fromhex("0001080006040001") + mac + address + bytes(6) + address
            frame = b"\xff" * 6 + mac + b"\x08\x06" + body + bytes(18)
            file.write(struct.pack("<IIII", 1_700_000_000 + number // 100, number % 100 * 10_000, len(frame), len(frame)) + frame)
    return path


@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="needs Linux's /proc")
def test_the_process_tree_stays_below_the_limit_and_says_what_it_left_out(tmp_path: Path) -> None:
    path = arp_storm(tmp_path / "storm.pcap", 60_000)
    words = [sys.executable, "-m", "tshoot", "analyze", "--json", "--limit-memory", str(NEEDED), str(path)]
    process = subprocess.Popen(words, cwd=ROOT, stdout=(tmp_path / "out").open("wb"), stderr=subprocess.DEVNULL)
    most = 0
    while process.poll() is None:
        most = max(most, resident(process.pid))
    assert 50 << 20 < most <= NEEDED << 20
    (file,) = json.loads((tmp_path / "out").read_text())["files"]
    assert f"--limit-memory {NEEDED}" in file["remark"] or "memory came near the limit" in file["remark"]
    assert file["packets"] == 60_000 and file["partial"] and file["verdict"]["kind"] != "healthy"


def test_limits_that_cannot_work_are_refused() -> None:
    for megabytes in (-1, 0, NEEDED - 1):
        with pytest.raises(UsageError, match="before the first packet"):
            limits_of(megabytes)


def test_more_memory_never_keeps_less() -> None:
    steps = [limits_of(megabytes) for megabytes in (NEEDED, 600, 1000, 4000, 100_000)]
    for less, more in pairwise(steps):
        assert less.frames <= more.frames and less.flows <= more.flows and less.candidates <= more.candidates
    assert steps[-1].frames == FRAMES_KEPT


def test_the_watch_ends_once() -> None:
    ended: list[int] = []
    with MemoryWatch(1, lambda: ended.append(1)) as watch:
        while not watch.reached:
            pass
    assert ended == [1]
    with MemoryWatch(0, lambda: ended.append(2)) as watch:
        pass
    assert not watch.reached and ended == [1]
