"""How far a capture is: what its script says is told in the bounds that it has."""

from __future__ import annotations

import threading

import pytest

from tshoot.model.effects import StartCapture
from tshoot.model.events import CaptureSample, Progress
from tshoot.performers.capture_watch import progress, watch

EFFECT = StartCapture("trace/1@host", "trace", "host", "vmk0", "port 2049", 256, 120.0, 20000, 20.0)


@pytest.mark.parametrize(
    ("size", "seconds", "told"),
    [
        (0, 1.0, "0 bytes of 20 MB, no packet yet, 1 of 120 s"),
        (24, 1.0, "24 bytes of 20 MB, no packet yet, 1 of 120 s"),
        (74, 2.2, "74 bytes of 20 MB, at most 1 of 20,000 packets, 2 of 120 s"),
        (317_440, 34.0, "310 kB of 20 MB, at most 6,348 of 20,000 packets, 34 of 120 s"),
        (30 << 20, 130.0, "30 MB of 20 MB, at most 20,000 of 20,000 packets, 120 of 120 s"),
    ],
)
def test_size_packets_and_time_with_their_bounds(size: int, seconds: float, told: str) -> None:
    said = progress(EFFECT, size, seconds)
    assert said == Progress("trace/1@host", told, float(size), float(20 << 20))


@pytest.mark.parametrize(
    ("sample", "told"),
    [
        (CaptureSample(2.0, 100, 15_000), "about 2,116 of 20,000 packets"),  # 150 bytes each
        (CaptureSample(2.0, 0, 0), "at most 6,348 of 20,000 packets"),  # nothing was measured
        (CaptureSample(2.0, 100, 0), "at most 6,348 of 20,000 packets"),  # their size was not seen
        (CaptureSample(2.0, 100, 100), "at most 6,348 of 20,000 packets"),  # a length that no packet has
        (CaptureSample(2.0, 1, 10**12), "about 1 of 20,000 packets"),
    ],
)
def test_the_sample_before_it_says_about_how_many(sample: CaptureSample, told: str) -> None:
    assert told in progress(EFFECT, 317_440, 34.0, sample).text


class Saying:
    """A process that says these lines and ends."""

    def __init__(self, lines: list[str]) -> None:
        self.lines = lines

    def read_line(self, timeout: float) -> str | None:
        return self.lines.pop(0) if self.lines else None

    def wait(self, timeout: float) -> bool:
        return True


def test_only_what_the_script_says_of_the_size_is_told() -> None:
    process, seen, ended = (
        Saying(["size 24", "pid 7", "size 100", "size 9999999999999999999", "size -1", "\x1b[2Jsize 5", "size 200", ""]),
        [],
        threading.Event(),
    )
    watch(process, EFFECT, seen.append, ended.set)  # type: ignore[arg-type]
    assert ended.wait(60)
    assert [one.done for one in seen] == [24.0, 100.0, 200.0, None]
    assert seen[-1].text.startswith("the capture is over: what comes now is not in it. It ended after ")
