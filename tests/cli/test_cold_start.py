"""The start is quick: no heavy library for a version or a help text, and little more time than Python itself takes."""

from __future__ import annotations

import os
import statistics
import subprocess
import sys

import pytest

HEAVY = {"textual", "rich", "scapy", "pyshark", "paramiko", "netmiko", "pydantic", "numpy", "yaml", "jinja2", "lxml"}
TELL_MODULES = """
import sys
from tshoot.__main__ import main
try:
    status = main(sys.argv[1:])
except SystemExit as exit:
    status = exit.code or 0
sys.stderr.write(" ".join(sorted({name.partition(".")[0] for name in sys.modules})))
sys.exit(status)
"""
ROUNDS = 15


@pytest.mark.parametrize("words", ["--version", "-V", "--help", "run --help", "demo --help", "sessions list --help"])
def test_no_heavy_library_is_loaded(words: str) -> None:
    ran = subprocess.run([sys.executable, "-c", TELL_MODULES, *words.split()], capture_output=True, text=True, timeout=60)
    assert ran.returncode == 0
    assert "tshoot" in ran.stdout
    assert set(ran.stderr.split()) & HEAVY == set()


def cpu_seconds(*words: str) -> float:
    """User and system time of one run of Python: unlike the clock, it hardly depends on what else the machine does."""
    process = os.posix_spawn(
        sys.executable, [sys.executable, *words], os.environ, file_actions=[(os.POSIX_SPAWN_OPEN, 1, os.devnull, os.O_WRONLY, 0)]
    )
    _, status, usage = os.wait4(process, 0)
    assert status == 0
    return usage.ru_utime + usage.ru_stime


def test_the_version_takes_at_most_three_times_as_long_as_python_itself() -> None:
    pairs = [(cpu_seconds("-m", "tshoot", "--version"), cpu_seconds("-c", "pass")) for _ in range(ROUNDS)]
    ours, python = (statistics.median(times) for times in zip(*pairs, strict=True))
    assert ours <= 3 * python, f"{ours * 1000:.0f} ms against {python * 1000:.0f} ms"
