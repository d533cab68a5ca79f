"""What a list of a million frames costs in the packets screen, beside one of a thousand: ratios of the same keys, on the same machine.

    python bench/packets_screen.py [frames] [rounds]      (1,000,000 and 40)

open     from the moment all headers have been read to the frames on the screen; the reading itself, beside `tcpdump -r F -w /dev/null`
scroll   each of j, ctrl+d, G, g and a jump to a frame, what the key does, to the painted screen: median and the slowest
memory   bytes a frame that the columns hold

Exit status 1 where a million frames need more than 0.5 s to open, or a key, in the median, above three times what it takes
with a thousand and 20 ms. Writes a section of docs/benchmarks.md.
"""

from __future__ import annotations

import asyncio
import statistics
import struct
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import page

from tshoot.packets.browse.browsing import Browsing
from tshoot.tui.app import TshootApp
from tshoot.tui.screens.packets import PacketsScreen
from tshoot.wiring import Opening

TITLE = "The packets screen"
FRAMES, ROUNDS, FEW = 1_000_000, 40, 1_000
OPENS, TIMES, SPARE = 0.5, 3.0, 0.02  # seconds; a ratio
KEYS = ("j", "ctrl+d", "G", "g", ":")


def write_capture(path: Path, frames: int) -> None:
    """UDP datagrams of 60 bytes between 200 pairs, a microsecond apart."""
    with path.open("wb") as file:
        file.write(struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 262144, 1))
        for number in range(frames):
            port = 20_000 + number % 200
            udp = struct.pack(">HHHH", port, 4000, 26, 0) + number.to_bytes(4, "big") + bytes(14)
            ip = struct.pack(">BBHHHBBH4s4s", 0x45, 0, 46, number & 0xFFFF, 0, 64, 17, 0, b"\xc0\x00\x02\x01", b"\xc0\x00\x02\x02")
            packet = b"\x02\0\0\0\0\x01\x02\0\0\0\0\x02\x08\x00" + ip + udp
            file.write(struct.pack("<IIII", 1_700_000_000 + number // 1_000_000, number % 1_000_000, 60, 60) + packet)


async def keys_of(path: Path, rounds: int) -> tuple[float, dict[str, list[float]]]:
    """Seconds from the last header read to the painted list; and of each key its seconds."""
    taken: dict[str, list[float]] = {key: [] for key in KEYS}
    read = [0.0]

    def open_and_note(self: Browsing, on_read: object = None, opened=Browsing.open) -> None:  # type: ignore[no-untyped-def]
        opened(self)
        read[0] = time.perf_counter()

    original, Browsing.open = Browsing.open, open_and_note  # type: ignore[method-assign, assignment]
    app = TshootApp(Opening(), first=lambda app: app.show_packets(path, path.name))
    try:
        async with app.run_test(size=(120, 40)) as pilot:
            while not (isinstance(app.screen, PacketsScreen) and app.screen.reading.opened):
                await asyncio.sleep(0.001)
            await pilot.pause()
            opens = time.perf_counter() - read[0]
            frames = app.screen.frames
            keys = {
                "j": lambda: frames.action_move(1),
                "ctrl+d": lambda: frames.action_page(0.5),
                "G": frames.action_last,
                "g": frames.action_first,
                ":": lambda: frames.go_to(len(frames.shown) // 2),
            }
            for _ in range(rounds):
                for key, act in keys.items():
                    begun = time.perf_counter()
                    act()
                    await pilot.pause(0)
                    taken[key].append(time.perf_counter() - begun)
    finally:
        Browsing.open = original  # type: ignore[method-assign]
    return opens, taken


def seconds(work: object, *arguments: object) -> float:
    begun = time.perf_counter()
    work(*arguments)  # type: ignore[operator]
    return time.perf_counter() - begun


def reading(path: Path) -> tuple[float, float, float]:
    """Seconds to read all headers, those of tcpdump beside it, and bytes held a frame."""
    browsing = Browsing(path)
    ours = seconds(browsing.open)
    columns = browsing.columns
    held = sum(getattr(columns, name).nbytes for name in ("times", "places", "captured", "wire", "links", "flows")) / columns.count
    browsing.close()
    theirs = seconds(lambda: subprocess.run(["tcpdump", "-n", "-r", str(path), "-w", "/dev/null"], capture_output=True, check=True))
    return ours, theirs, held


def main() -> int:
    frames = int(sys.argv[1]) if len(sys.argv) > 1 else FRAMES
    rounds = int(sys.argv[2]) if len(sys.argv) > 2 else ROUNDS
    told: list[str] = []
    with tempfile.TemporaryDirectory() as folder:
        many, few = Path(folder) / "many.pcap", Path(folder) / "few.pcap"
        write_capture(many, frames)
        write_capture(few, FEW)
        ours, theirs, held = reading(many)
        asyncio.run(keys_of(few, 1))  # imports are no part of it
        opens_few, keys_few = asyncio.run(keys_of(few, rounds))
        opens_many, keys_many = asyncio.run(keys_of(many, rounds))
    told += [f"{frames:,} frames beside {FEW:,}, {rounds} times each key; other work on the machine is in the slowest.", ""]
    told += [f"Reading all headers: {frames / ours:,.0f} frames a second, {ours / theirs:.1f} times tcpdump's time; {held:.0f} bytes kept a frame."]
    told += [f"The list: {opens_many * 1e3:.0f} ms after the last header ({FEW:,} frames: {opens_few * 1e3:.0f} ms).", ""]
    told += ["| key | median | slowest | beside the short list |", "|---|---|---|---|"]
    failed = opens_many > OPENS
    for key, taken in keys_many.items():
        median, small = statistics.median(taken), statistics.median(keys_few[key])
        told.append(f"| `{key}` | {median * 1e3:.1f} ms | {max(taken) * 1e3:.0f} ms | {median / small:.2f} |")
        failed |= median > TIMES * small + SPARE
    page.put(TITLE, told)
    print("\n".join(told), "too slow" if failed else "as it should be", sep="\n")
    return int(failed)


if __name__ == "__main__":
    raise SystemExit(main())
