"""What a diagnosis of a large capture costs beside tshark and tcpdump: alternating runs, ratios with their spread, memory.

    python bench/triage.py [megabytes] [rounds]      (1000 and 3; the captures need that much room in the temporary folder, one at a time)

For each capture of `load.py`: `tshoot analyze` against `tshark -r F -Y mount.status` and against tcpdump's pass with a filter, wall and
processor time; the peak of all processes' resident memory together; the flow index alone, in packets a second. Exit status 1 where a
target is missed: 0.15 of tshark (mixed), 0.5 (nfs), 300 MB, 1,000,000 packets a second of processor time.
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

from tshoot.cancel import CancelToken
from tshoot.packets.container import inspect
from tshoot.packets.flow_pass import FlowPass
from tshoot.packets.headers import read_headers

TARGETS = {"mixed": 0.15, "nfs": 0.5}
EXPECTED = {"mixed": {"nfs.mount-denied", "bgp.next-hop-in-own-prefix", "ndp.source-mac-rewritten"}, "nfs": set[str]()}
MEGABYTES, PACKETS_A_SECOND = 300, 1_000_000


class Cost(NamedTuple):
    wall: float
    processor: float
    megabytes: int
    said: bytes


def main(megabytes: int = 1000, rounds: int = 3) -> int:
    missed = []
    for name, target in TARGETS.items():
        with tempfile.TemporaryDirectory() as folder:
            free = shutil.disk_usage(folder).free
            if free < megabytes * 1_300_000:
                print(f"{name}: {folder} has {free >> 20} MB free, {megabytes * 1.3:.0f} MB are needed: set TMPDIR", file=sys.stderr)
                return 2
            capture = Path(folder) / f"{name}.pcap"
            frames = getattr(load, name)(capture, megabytes * 1_000_000)
            print(f"{name}: {frames} frames, {capture.stat().st_size / 1e6:.0f} MB; {os.cpu_count()} cores, {rounds} alternating runs each")
            missed += [f"{name}: {what}" for what in measure(name, capture, frames, target, rounds)]
    print("\n".join(["missed:", *missed]) if missed else "all targets met")
    return 1 if missed else 0


def measure(name: str, capture: Path, frames: int, target: float, rounds: int) -> list[str]:
    ours, tshark, tcpdump, index = [], [], [], []
    for _ in range(rounds):
        ours.append(cost([sys.executable, "-m", "tshoot", "analyze", "--json", str(capture)]))
        tshark.append(cost(["tshark", "-r", str(capture), "-Y", "mount.status"]))
        tcpdump.append(cost(["tcpdump", "-n", "-r", str(capture), "-w", "/dev/null", "icmp or port 111 or port 179"]))
        index.append(indexed(capture))
    missed = []
    for what, theirs in (("tshark", tshark), ("tcpdump", tcpdump)):
        wall = [mine.wall / other.wall for mine, other in zip(ours, theirs, strict=True)]
        processor = [mine.processor / other.processor for mine, other in zip(ours, theirs, strict=True)]
        print(
            f"  against {what:8} wall {spread(wall)}   processor {spread(processor)}   ({middle(ours)} against {middle(theirs)}, {peak(theirs)} MB)"
        )
        if what == "tshark" and min(statistics.median(wall), statistics.median(processor)) > target:
            missed.append(f"more than {target} of tshark")
    speed = frames / statistics.median(index)
    print(f"  memory {peak(ours)} MB at most   flow index alone {speed:,.0f} packets a second of processor time")
    found = {finding["cause"] for finding in json.loads(ours[0].said)["files"][0]["findings"]}
    print(f"  found: {', '.join(sorted(found)) or 'nothing'}")
    missed += ["memory"] if peak(ours) > MEGABYTES else []
    missed += ["flow index"] if speed < PACKETS_A_SECOND else []
    return missed + ([f"did not find {', '.join(EXPECTED[name] - found)}"] if EXPECTED[name] - found else [])


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
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    used = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return Cost(time.perf_counter() - started, used, most >> 10, said[0])


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


def middle(costs: Sequence[Cost]) -> str:
    return f"{statistics.median(cost.wall for cost in costs):.2f} s"


def peak(costs: Sequence[Cost]) -> int:
    return max(cost.megabytes for cost in costs)


if __name__ == "__main__":
    sys.exit(main(*map(int, sys.argv[1:3])))
