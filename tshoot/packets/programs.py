"""Running tcpdump and tshark to their end, or to the operator's wish to stop."""

from __future__ import annotations

import subprocess
from collections.abc import Sequence
from dataclasses import dataclass

from tshoot.cancel import CancelToken
from tshoot.model.text import clean_line


@dataclass(frozen=True, slots=True)
class Ran:
    """`status` is negative for the signal that ended the program; `complaint` is the last of what it said on stderr."""

    status: int
    said: str
    complaint: str


def run(command: Sequence[str], cancel: CancelToken) -> Ran:
    """Run `command` without a shell or input; raises Cancelled, after killing it, when the token is set."""
    process = subprocess.Popen(
        command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, encoding="utf-8", errors="replace"
    )
    with process, cancel.on_cancel(process.kill):
        said, complaint = process.communicate()
    cancel.check()
    lines = [clean_line(line) for line in complaint.splitlines() if line.strip()]
    return Ran(process.returncode, said, lines[-1][:300] if lines else f"status {process.returncode}")
