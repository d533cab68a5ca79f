"""The other program that can show this capture: Wireshark in a window of its own, or termshark in this terminal."""

from __future__ import annotations

import os
import shlex
import shutil
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Viewer:
    """`name` is "wireshark", "termshark", or "" where neither can be used; `why` then says so, with the command for a machine that has one."""

    name: str
    command: tuple[str, ...]
    why: str = ""


def viewer_of(path: Path, number: int, display_filter: str, environment: Mapping[str, str] = os.environ) -> Viewer:
    """What opens `path`, at frame `number` (0: its start) and under `display_filter` ("": none)."""
    file = str(path.resolve())  # absolute: no name is taken for an option
    window = sys.platform == "darwin" or bool(environment.get("DISPLAY") or environment.get("WAYLAND_DISPLAY"))
    wireshark, termshark = shutil.which("wireshark"), shutil.which("termshark")
    options = (*(("-g", str(number)) if number else ()), *(("-Y", display_filter) if display_filter else ()))
    if wireshark and window:
        return Viewer("wireshark", (wireshark, "-r", file, *options))
    if termshark:
        return Viewer("termshark", (termshark, "-r", file, *(("-Y", display_filter) if display_filter else ())))
    lacks = "Wireshark is here, but no display for its window, and no termshark" if wireshark else "neither Wireshark nor termshark is on PATH here"
    return Viewer("", (), f"{lacks}. Where there is one: {shlex.join(('wireshark', '-r', file, *options))}")
