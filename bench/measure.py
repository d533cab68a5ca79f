"""How much tshoot costs over the plain tools, as ratios of alternating runs: on a busy machine seconds say little, ratios much.
Writes a section of docs/benchmarks.md.

    start      `tshoot --version` against `python -c pass`, CPU time
    decode     the decoder's frames against `tshark -T pdml` of the same frames
    diagnose   `tshoot analyze` of a capture of 20 MB against one `tshark -r -Y` pass over it

The capture is one denied mount (20 frames of a fixture) in the midst of UDP that no detector asks for.
Numbers beside the ratios are medians; in brackets the smallest and the largest ratio. Exit status 1 where the diagnosis misses the fault.
"""

from __future__ import annotations

import json
import os
import statistics
import struct
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import page

from tshoot.cancel import CancelToken
from tshoot.packets.decode import decode

MEANING = (
    "start: `tshoot --version` beside `python -c pass`, processor time. decode: the decoder's frames beside `tshark -T pdml` of the same frames.",
    "diagnose: `tshoot analyze` of 20 MB beside one pass of `tshark -r -Y`.",
)
FIXTURE = Path(__file__).parents[1] / "fixtures/captures/nfs.mount-denied/over-tcp.pcap"
MEGABYTES, ROUNDS, DECODED = 20, 5, 2000
FILTER = "portmap || mount || nfs || rpc || icmp"
RECORD = struct.Struct("<IIII")
TITLE = "Start-up, decoding, one diagnosis"


def main() -> int:
    with tempfile.TemporaryDirectory() as folder:
        capture = Path(folder) / "bench.pcap"
        frames = write_capture(capture)
        print(f"capture: {frames} frames, {capture.stat().st_size / 1e6:.1f} MB; {os.cpu_count()} cores, {ROUNDS} alternating runs each")
        told: list[str] = []
        compare(
            told,
            "start",
            lambda: cpu_seconds([sys.executable, "-m", "tshoot", "--version"]),
            lambda: cpu_seconds([sys.executable, "-c", "pass"]),
            rounds=15,
        )
        ours = compare(
            told,
            "decode",
            lambda: clock(lambda: decoded(capture)),
            lambda: clock(run, ["tshark", "-r", str(capture), "-T", "pdml", "-c", str(DECODED)]),
        )
        print(f"          {DECODED / ours:.0f} frames a second")
        analyze = [sys.executable, "-m", "tshoot", "analyze", "--json", str(capture)]
        compare(told, "diagnose", lambda: clock(run, analyze), lambda: clock(run, ["tshark", "-r", str(capture), "-Y", FILTER]))
        verdict = json.loads(subprocess.run(analyze, capture_output=True).stdout)["files"][0]["verdict"]
        print(f"verdict: {verdict['kind']} {verdict['cause']}")
        page.put(TITLE, [*MEANING, "", "```text", *told, "```"])
        return 0 if verdict["cause"] == "nfs.mount-denied" else 1


def write_capture(path: Path) -> int:
    """The fixture's records between noise, in the order of time; returns the number of frames."""
    content = FIXTURE.read_bytes()
    assert content[:4] == b"\xd4\xc3\xb2\xa1", "the fixture is little-endian with microseconds"
    records, place = [], 24
    while place < len(content):
        size = RECORD.size + RECORD.unpack_from(content, place)[2]
        records.append(content[place : place + size])
        place += size
    noise = udp_frame(1400)
    each = MEGABYTES * 1_000_000 // (len(records) + 1) // (len(noise) + RECORD.size)
    with path.open("wb") as out:
        out.write(content[:24])
        for record in [*records, b""]:
            seconds, micros = RECORD.unpack_from(record)[:2] if record else RECORD.unpack_from(records[-1])[:2]
            out.write((RECORD.pack(seconds, micros, len(noise), len(noise)) + noise) * each + record)
    return len(records) + each * (len(records) + 1)


def udp_frame(payload: int) -> bytes:
    """Ethernet, IPv4, UDP from and to a port that nothing listens to; no checksums, which IPv4's UDP may leave out."""
    udp = struct.pack(">HHHH", 40000, 9, 8 + payload, 0) + bytes(payload)
    header = struct.pack(">BBHHHBBH4s4s", 0x45, 0, 20 + len(udp), 1, 0, 64, 17, 0, bytes([192, 0, 2, 70]), bytes([192, 0, 2, 71]))
    total = sum(struct.unpack(">10H", header))
    checksum = 0xFFFF ^ ((total & 0xFFFF) + (total >> 16))
    return bytes.fromhex("005056000001 005056000002 0800") + header[:10] + struct.pack(">H", checksum) + header[12:] + udp


def decoded(capture: Path) -> None:
    assert sum(1 for _ in decode(capture, cancel=CancelToken(), limit=DECODED)) == DECODED


def run(words: Sequence[str]) -> None:
    status = subprocess.run(words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, stdin=subprocess.DEVNULL).returncode
    assert status in (0, 1), f"{words}: exit status {status}"


def clock(work: Callable[..., None], *arguments: Sequence[str]) -> float:
    before = time.perf_counter()
    work(*arguments)
    return time.perf_counter() - before


def cpu_seconds(words: list[str]) -> float:
    process = os.posix_spawn(words[0], words, os.environ, file_actions=[(os.POSIX_SPAWN_OPEN, 1, os.devnull, os.O_WRONLY, 0)])
    usage = os.wait4(process, 0)[2]
    return usage.ru_utime + usage.ru_stime


def compare(told: list[str], name: str, ours: Callable[[], float], plain: Callable[[], float], rounds: int = ROUNDS) -> float:
    """Print the ratios of alternating runs, and append that line to `told`; returns our median in seconds."""
    pairs = [(ours(), plain()) for _ in range(rounds)]
    ratios = [mine / theirs for mine, theirs in pairs]
    mine, theirs = (statistics.median(times) for times in zip(*pairs, strict=True))
    told.append(f"{name:9} {statistics.median(ratios):.2f} ({min(ratios):.2f} to {max(ratios):.2f})   ({mine:.3f} s against {theirs:.3f} s)")
    print(told[-1])
    return mine


if __name__ == "__main__":
    sys.exit(main())
