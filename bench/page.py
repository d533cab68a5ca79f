"""docs/benchmarks.md: what the last runs measured. A run writes its own sections anew and leaves the others.

Ratios beside the plain tools are what counts; seconds belong to one machine on one day. No section says what was not measured there.
"""

from __future__ import annotations

import os
import platform
import re
import subprocess
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

PAGE = Path(__file__).resolve().parents[1] / "docs/benchmarks.md"
INTRODUCTION = """# Benchmarks

Written by `make bench`; each section by its last run. Ratios of alternating runs, the median and in brackets the smallest and the largest:
below 1 tshoot takes less than the plain tool. They are of that machine with that load, and of made captures (`bench/load.py`): bulk TCP with three
hidden faults among it (mixed), and NFSv3 reads (nfs). Every run must find the hidden faults at their frames, else it fails.
"""


def put(title: str, lines: Sequence[str]) -> None:
    """Write the section `title` of the page; sections stand in the order of their titles' first appearance."""
    text = PAGE.read_text() if PAGE.exists() else INTRODUCTION
    _head, *rest = re.split(r"^## ", text, flags=re.MULTILINE)
    sections = {part.partition("\n")[0]: part.partition("\n")[2].strip("\n") for part in rest}
    sections[title] = "\n".join([where(), "", *lines])
    body = "".join(f"## {name}\n\n{sections[name]}\n\n" for name in sorted(sections, key=_place))
    PAGE.write_text(f"{INTRODUCTION}\n{body}".rstrip("\n") + "\n")


def _place(title: str) -> tuple[int, str]:
    size = re.search(r"(\d+) MB", title)
    return (int(size[1]) if size else 0), title


def where() -> str:
    """The machine and how busy it was, in one line."""
    memory = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") >> 30
    versions = ", ".join((f"Python {platform.python_version()}", _first_line("tshark"), _first_line("tcpdump")))
    load = os.getloadavg()[0]
    return f"{datetime.now(UTC):%Y-%m-%d}: {os.cpu_count()} cores ({processor()}), {memory} GB, {versions}; load average {load:.1f} at the end."


def processor() -> str:
    lines = Path("/proc/cpuinfo").read_text().splitlines() if Path("/proc/cpuinfo").exists() else []
    return next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), platform.machine())


def _first_line(program: str) -> str:
    said = subprocess.run([program, "--version"], capture_output=True, text=True)
    found = re.search(r"\d+(\.\d+)+", said.stdout + said.stderr)
    return f"{program} {found[0] if found else 'of an unknown version'}"
