"""What a diagnosis of a capture costs beside tshark, tcpdump and pyshark: alternating runs, ratios with their spread, memory.

    python bench/triage.py [megabytes] [rounds]      (100 and 5; a capture needs 1.3 times its room in the temporary folder, one at a time)

The captures are those of `load.py`, of 10 MB, 100 MB and 1 GB as far as `megabytes` goes: `tshoot analyze` against `tshark -r F -Y mount.status`,
against tcpdump's pass with a filter, and against pyshark on the first 2,000 frames, projected to all; wall and processor time; the peak of all
processes' resident memory together; the flow index alone, in packets a second. Writes docs/benchmarks.md. Exit status 1 where a hidden fault is not
found at its frame, or more than 300 MB are used; from 1 GB on also above 0.15 of tshark's time (mixed) or 0.5 (nfs), or below 1,000,000
packets a second of processor time for the index: what start-up costs says nothing about large captures.
"""

from __future__ import annotations

import json
import os
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import load
import page

from tshoot.cancel import CancelToken
from tshoot.packets.container import inspect
from tshoot.packets.flow_pass import FlowPass
from tshoot.packets.headers import read_headers

SIZES = (10, 100, 1000)
TARGETS = {"mixed": 0.15, "nfs": 0.5}
JUDGED_FROM = 1000  # megabytes
MEGABYTES, PACKETS_A_SECOND = 300, 1_000_000
SLICE = 2000  # frames that pyshark is given: it is too slow for all
PYSHARK = """
import pyshark, sys
for packet in pyshark.FileCapture(sys.argv[1], keep_packets=False, custom_parameters=["-c", sys.argv[2]]): packet.highest_layer
"""
HEADINGS = (
    "capture",
    "frames",
    "beside tshark, wall",
    "processor",
    "beside tcpdump, wall",
    "beside pyshark, wall",
    "tshoot",
    "peak memory",
    "tshark's",
)


class Cost(NamedTuple):
    wall: float
    processor: float
    megabytes: int
    said: bytes


def main(largest: int = 100, rounds: int = 5) -> int:
    missed: list[str] = []
    for megabytes in [size for size in SIZES if size <= largest] or [largest]:
        repeat = rounds if megabytes < JUDGED_FROM else min(rounds, 3)
        rows = []
        for name in TARGETS:
            row, problems = of(name, megabytes, repeat)
            rows.append(row)
            missed += [f"{name}, {megabytes} MB: {problem}" for problem in problems]
        lines = [f"{repeat} alternating runs each.", "", f"| {' | '.join(HEADINGS)} |", "|---" * len(HEADINGS) + "|"]
        page.put(f"Captures of {megabytes} MB", [*lines, *(f"| {' | '.join(row)} |" for row in rows)])
    print("\n".join(["missed:", *missed]) if missed else "the hidden faults were found at their frames; all targets met")
    return 1 if missed else 0


def of(name: str, megabytes: int, rounds: int) -> tuple[list[str], list[str]]:
    """The row of one capture, and what was missed."""
    with tempfile.TemporaryDirectory(prefix="tshoot-bench-") as folder:
        if shutil.disk_usage(folder).free < megabytes * 1_300_000:
            return [name, *["-"] * (len(HEADINGS) - 1)], [f"{folder} has not {megabytes * 1.3:.0f} MB free: set TMPDIR"]
        capture = Path(folder) / f"{name}.pcap"
        written = getattr(load, name)(capture, megabytes * 1_000_000)
        size = capture.stat().st_size / 1e6
        print(f"{name}: {written.frames} frames, {size:.0f} MB; {os.cpu_count()} cores, {rounds} alternating runs each", flush=True)
        return measured(name, capture, written, megabytes, rounds)


def measured(name: str, capture: Path, written: load.Written, megabytes: int, rounds: int) -> tuple[list[str], list[str]]:
    ours, tshark, tcpdump, pyshark, index = [], [], [], [], []
    part = min(SLICE, written.frames)
    for _ in range(rounds):
        ours.append(cost([sys.executable, "-m", "tshoot", "analyze", "--json", str(capture)]))
        tshark.append(cost(["tshark", "-r", str(capture), "-Y", "mount.status"]))
        tcpdump.append(cost(["tcpdump", "-n", "-r", str(capture), "-w", "/dev/null", "icmp or port 111 or port 179"]))
        pyshark.append(cost([sys.executable, "-c", PYSHARK, str(capture), str(part)]).wall * written.frames / part)
        index.append(indexed(capture))
    wall = {kind: [mine.wall / other.wall for mine, other in zip(ours, theirs, strict=True)] for kind, theirs in (("s", tshark), ("d", tcpdump))}
    processor = [mine.processor / other.processor for mine, other in zip(ours, tshark, strict=True)]
    projected = [mine.wall / other for mine, other in zip(ours, pyshark, strict=True)]
    seconds, speed = statistics.median(mine.wall for mine in ours), written.frames / statistics.median(index)
    row = [
        f"{name}, {capture.stat().st_size / 1e6:.0f} MB", f"{written.frames:,}", spread(wall["s"]), spread(processor), spread(wall["d"]),
        spread(projected), f"{seconds:.2f} s", f"{peak(ours)} MB", f"{peak(tshark)} MB",
    ]  # fmt: skip
    for heading, value in zip(HEADINGS[2:], row[2:], strict=True):
        print(f"  {heading:22} {value}")
    print(f"  flow index alone       {speed:,.0f} packets a second of processor time")
    missed = [problem for mine in ours for problem in not_found(mine.said, written)][:3]
    missed += ["memory"] if peak(ours) > MEGABYTES else []
    if megabytes >= JUDGED_FROM:
        missed += [f"more than {TARGETS[name]} of tshark"] if min(map(statistics.median, (wall["s"], processor))) > TARGETS[name] else []
        missed += ["flow index"] if speed < PACKETS_A_SECOND else []
    return row, missed


def not_found(said: bytes, written: load.Written) -> list[str]:
    """The hidden faults that an analysis did not find at their frames, and faults that nobody hid."""
    found = [(finding["cause"], finding["severity"], finding["frames"]) for finding in json.loads(said)["files"][0]["findings"]]
    absent = [
        f"did not find {cause} at frame {frame}"
        for cause, frame in written.hidden.items()
        if not any(what == cause and frame in frames for what, _, frames in found)
    ]
    return absent + [f"found {cause}, which is not there" for cause, severity, _ in found if severity == "fault" and cause not in written.hidden]


def cost(words: Sequence[str]) -> Cost:
    before, started = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    process = subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, stdin=subprocess.DEVNULL)
    said: list[bytes] = []
    reader = threading.Thread(target=lambda: said.append(process.stdout.read() if process.stdout else b""))
    reader.start()
    most = 0
    while process.poll() is None:
        most = max(most, resident(process.pid))
        time.sleep(0.02)
    reader.join()
    wall = time.perf_counter() - started
    if process.stdout:
        process.stdout.close()
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    used = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    if process.returncode not in (0, 1, 3):
        raise SystemExit(f"{words[:4]}: exit status {process.returncode}")
    return Cost(wall, used, most >> 10, said[0])


def resident(pid: int) -> int:
    """Kilobytes of a process and its children."""
    try:
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
        children = " ".join(path.read_text() for path in Path(f"/proc/{pid}/task").glob("*/children"))
    except OSError:
        return 0
    own = next((int(line.split()[1]) for line in lines if line.startswith("VmRSS")), 0)
    return own + sum(resident(int(child)) for child in children.split())


def indexed(capture: Path) -> float:
    """Processor seconds of the pass that counts and indexes."""
    flows, before = FlowPass(), time.process_time()
    with inspect(capture, CancelToken(), lambda batch: flows.take(read_headers(batch)) and None):
        flows.index()
    return time.process_time() - before


def spread(ratios: Sequence[float]) -> str:
    return f"{statistics.median(ratios):.2f} ({min(ratios):.2f} to {max(ratios):.2f})"


def peak(costs: Sequence[Cost]) -> int:
    return max(cost.megabytes for cost in costs)


if __name__ == "__main__":
    sys.exit(main(*map(int, sys.argv[1:3])))
