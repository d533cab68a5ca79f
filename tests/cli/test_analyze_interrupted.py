"""Ctrl-C while a large capture is analysed: within a second it ends with 130, whatever it is at, and leaves no process and no file.

What it is at is read from its status line, so standard error is a terminal here. A second is for a machine with nothing else to do: the bound is
stretched by how much longer a fixed piece of work takes than on such a one.
"""

from __future__ import annotations

import os
import pty
import select
import signal
import struct
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.commandline import TSHOOT, Home
from tests.thorough import THOROUGH

BENCH = Path(__file__).resolve().parents[2] / "bench"
MEGABYTES, FLOWS, CANDIDATES = 200, 60_000, 6_000
STAGES = ("reading", "selecting", "decoding", "judging") if THOROUGH else ("reading", "decoding")
_TRACES = (b"Traceback", b"Exception ignored", b"this is a defect")


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Bulk, then many connections that nobody answers, then many frames that have to be decoded."""
    sys.path.insert(0, str(BENCH))
    try:
        import load
    finally:
        sys.path.remove(str(BENCH))
    path = tmp_path_factory.mktemp("large") / "large.pcap"
    load.mixed(path, MEGABYTES * 1_000_000)
    with path.open("ab") as out:
        for number in range(FLOWS):
            syn = bytearray(load.tcp((number & 0x7F, 1024 + (number >> 7)), (200, 4433), flags=2))
            out.write(load.record(bytes(syn), 100 + number / 1000))
        update = load.announcement()
        for number in range(CANDIDATES):
            head = struct.unpack(">I", update[38:42])[0] + number * (len(update) - 66)
            out.write(load.record(update[:38] + struct.pack(">I", head & 0xFFFFFFFF) + update[42:], 200 + number / 1000))
    yield path
    path.unlink()


def stretched() -> float:
    """How much slower than an idle machine this one is now: a fixed piece of work in a process of its own, beside its processor time."""
    before, used = time.perf_counter(), time.process_time()
    sum(number * number for number in range(300_000))
    wall, busy = time.perf_counter() - before, time.process_time() - used
    return max(1.0, wall / max(busy, 1e-9)) * (1 + os.getloadavg()[0] / (os.cpu_count() or 1))


def below(folder: Path) -> list[str]:
    """Processes that work in `folder`, by what their environment says."""
    found = []
    for place in Path("/proc").glob("[0-9]*/environ"):
        try:
            if f"TMPDIR={folder}\0".encode() in place.read_bytes() + b"\0":
                found.append(place.parent.name)
        except OSError:  # it has just ended
            continue
    return found


@pytest.mark.parametrize("stage", STAGES)
def test_an_interrupt_ends_it_within_a_second(stage: str, large: Path, tmp_path: Path) -> None:
    temporary = tmp_path / "tmp"
    temporary.mkdir()
    screen, terminal = pty.openpty()
    environment = Home(tmp_path).environment(TERM="xterm", TMPDIR=str(temporary))
    process = subprocess.Popen([TSHOOT, "analyze", str(large)], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=terminal, env=environment)
    os.close(terminal)
    try:
        shown = until(screen, f": {stage}".encode(), 120)
        factor = stretched()
        process.send_signal(signal.SIGINT)
        sent = time.monotonic()
        while process.poll() is None and time.monotonic() - sent < 30 * factor:
            shown += some(screen, 0.02)
        took = time.monotonic() - sent
        assert process.returncode == 130, shown[-300:]
        assert took < factor, f"{took:.2f} s for a factor of {factor:.2f}"
        assert process.stdout is not None
        shown += process.stdout.read()
        assert not [trace for trace in _TRACES if trace in shown]
        assert list(temporary.iterdir()) == []
        assert below(temporary) == []
    finally:
        process.kill()
        process.wait()
        if process.stdout:
            process.stdout.close()
        os.close(screen)


def until(screen: int, words: bytes, seconds: float) -> bytes:
    shown, deadline = b"", time.monotonic() + seconds
    while words not in shown:
        assert time.monotonic() < deadline, shown[-300:]
        shown += some(screen, 0.5)
    return shown


def some(screen: int, seconds: float) -> bytes:
    if not select.select([screen], [], [], seconds)[0]:
        return b""
    try:
        return os.read(screen, 1 << 16)
    except OSError:  # the other end has gone
        time.sleep(seconds)
        return b""
