"""How far a capture is while it runs on the target: for the eye only, and at no cost there.

The loop of the capture script looks at the size of the file every second anyway, to bound it, and says it: no further command is run.
How many packets these bytes are nobody knows before the capture has ended (tcpdump counts them then). Told is about how many they are, where the
sample before it measured how long a packet is here, else how many they can be at most.
"""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Callable

from tshoot.model.effects import StartCapture
from tshoot.model.events import CaptureSample, Progress
from tshoot.performers.capture_said import PCAP_HEADER
from tshoot.transports.base import Process

_SAID = re.compile(r"size ([0-9]{1,15})")
_SMALLEST = 16 + 34  # bytes of a record with an Ethernet and an IP header
OVER = "the capture is over"
_AFTER = 60.0  # seconds beyond its bound after which a capture that says nothing of its end is not watched any more
Show = Callable[[Progress], None]


def unseen(progress: Progress) -> None:
    """For whom no progress is shown."""


def watch(process: Process, effect: StartCapture, show: Show, ended: Callable[[], None], sample: CaptureSample | None = None) -> None:
    """Follow the capture in a thread of its own until it has ended, which `ended` is told then. `show` is given at most one Progress a second."""
    threading.Thread(target=_follow, args=(process, effect, show, ended, sample), name=f"tshoot watches {effect.key}", daemon=True).start()


def _follow(process: Process, effect: StartCapture, show: Show, ended: Callable[[], None], sample: CaptureSample | None) -> None:
    began = time.monotonic()
    while time.monotonic() - began < effect.seconds + _AFTER:
        line = process.read_line(1.0)
        said = _SAID.fullmatch(line) if line is not None else None
        if said:
            show(progress(effect, int(said[1]), time.monotonic() - began, sample))
        elif line is None and process.wait(0):
            show(Progress(effect.key, f"{OVER}: what comes now is not in it. It ended after {time.monotonic() - began:.0f} s"))
            ended()
            return


def progress(effect: StartCapture, size: int, seconds: float, sample: CaptureSample | None = None) -> Progress:
    """`size` bytes after `seconds`, with what is left of each bound."""
    limit = effect.megabytes * 2**20
    time_told = f"{min(seconds, effect.seconds):.0f} of {effect.seconds:.0f} s"
    text = f"{bytes_told(size)} of {bytes_told(limit)}, {_packets(effect, size, sample)}, {time_told}"
    return Progress(effect.key, text, float(size), float(limit))


def _packets(effect: StartCapture, size: int, sample: CaptureSample | None) -> str:
    records = max(0, size - PCAP_HEADER)
    if not records:
        return "no packet yet"
    each = sample.bytes / sample.packets if sample is not None and sample.packets else 0.0
    how, packets = ("about", round(records / each)) if each >= _SMALLEST else ("at most", records // _SMALLEST)
    return f"{how} {min(max(1, packets), effect.packets):,} of {effect.packets:,} packets"


def bytes_told(size: float) -> str:
    """`310 kB`, `20 MB`: in the binary units in which captures are bounded."""
    return f"{size / 2**20:.3g} MB" if size >= 2**20 else f"{size / 1024:.0f} kB" if size >= 1024 else f"{size:.0f} bytes"
