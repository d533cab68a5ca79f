"""Every case of the laboratory as a test: `pytest -m lab`. Skips, but never with CI set, where a machine cannot be a laboratory.

However the runner ends, nothing that it started lives on: all of it carries a mark in its environment.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import uuid
from pathlib import Path

import pytest

from tests.lab.case import case_names
from tests.lab.run import ROOT, Laboratory, why_not
from tests.waiting import wait_until

pytestmark = [pytest.mark.lab, pytest.mark.timeout(400)]
LONG = "nfs-mount/mountd-dropped"  # its mount attempt alone takes ten seconds


@pytest.fixture(autouse=True)
def a_laboratory() -> None:
    if reason := why_not():
        assert not os.environ.get("CI"), reason
        pytest.skip(reason)


@pytest.mark.parametrize("name", case_names([]))
def test_case(name: str) -> None:
    row = Laboratory("end").run(name)
    assert row["problems"] == []


@pytest.mark.parametrize("end", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL], ids=lambda one: one.name)
def test_nothing_lives_on(end: signal.Signals) -> None:
    mark = f"LAB_MARK={uuid.uuid4()}"
    words = ["env", mark, sys.executable, "tests/lab/run.py", "--case", LONG]
    runner = subprocess.Popen(words, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        wait_until(lambda: "tcpdump" in programs(mark).values())  # deep in the run: a capture on the host, over SSH
        started = programs(mark)
        runner.send_signal(end)
        runner.wait(60)
        wait_until(lambda: not any(Path(f"/proc/{process}").exists() for process in started) and not programs(mark))
    finally:
        runner.kill()
        runner.wait()
    assert runner.returncode == (-end if end == signal.SIGKILL else 130)


def programs(mark: str) -> dict[int, str]:
    """Process id -> name of what carries the mark, and of what that has started (sshd cleans the environment of its children)."""
    names: dict[int, str] = {}
    parents: dict[int, int] = {}
    marked: set[int] = set()
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            name, state = (folder / "comm").read_text().strip(), (folder / "stat").read_text().rpartition(")")[2].split()
            carries = mark.encode() in (folder / "environ").read_bytes().split(b"\0")
        except OSError:
            continue
        if state[0] != "Z":
            process = int(folder.name)
            names[process], parents[process] = name, int(state[1])
            marked |= {process} if carries else set()

    def belongs(process: int) -> bool:
        return process in marked or (process in parents and belongs(parents[process]))

    return {process: name for process, name in names.items() if belongs(process)}
