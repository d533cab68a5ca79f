"""A program that hangs is told from one that works without a word."""

import subprocess
import sys
import time
from collections.abc import Callable

import pytest

from tshoot.packets.stall import Stall

SLEEPS = "import time; print('', flush=True); time.sleep(60)"
WORKS = "print('', flush=True)\nwhile True: pass"


@pytest.fixture
def started() -> Callable[[str], int]:
    processes = []

    def start(program: str) -> int:
        process = subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE)
        processes.append(process)
        assert process.stdout is not None
        process.stdout.readline()
        return process.pid

    yield start
    for process in processes:
        process.kill()
        process.wait()
        process.stdout.close()


def test_asleep_is_a_hang(started: Callable[[str], int]) -> None:
    pid, stall = started(SLEEPS), Stall(patience=0.05)
    assert not stall.hangs([pid])
    deadline = time.monotonic() + 60
    while not stall.hangs([pid]):
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_at_work_is_no_hang(started: Callable[[str], int]) -> None:
    pid, stall = started(WORKS), Stall(patience=0.0)
    assert not any(stall.hangs([pid]) for _ in range(200))


def test_gone_or_none_is_no_hang() -> None:
    stall = Stall(patience=0.0)
    assert not stall.hangs([]) and not stall.hangs([2**22 + 1]) and not stall.hangs([])
