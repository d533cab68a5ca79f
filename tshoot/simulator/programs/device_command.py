"""Stands in for every command of a simulated device, and answers what the scenario says.

    device_command.py STATE entry INDEX            the entry at INDEX, whatever was typed
    device_command.py STATE words NAME ARGUMENT…   the first entry for these words, else: not found

STATE is the device's file of commands. What is printed may change with the scenario's clock. Lines are printed one by
one over the entry's `seconds`. A `timeout` never ends; `closed` asks the server to cut the connection, by the device's
control pipe.
"""

from __future__ import annotations

import json
import runpy
import signal
import sys
import time
from pathlib import Path
from typing import Any


def main(state_file: str, form: str, *words: str) -> int:
    state = json.loads(Path(state_file).read_text(encoding="utf-8"))
    entry = state["commands"][int(words[0])] if form == "entry" else find(state["commands"], list(words))
    if entry is None:
        sys.stderr.write(f"sh: {words[0]}: not found\n")
        return 127
    if entry["fails"] == "permission-denied":
        sys.stderr.write(f"sh: {words[0]}: Permission denied\n")
        return 126
    answer(entry, output(entry, Path(state["clock"])))
    if entry["fails"] == "closed":
        Path(state["control"]).write_bytes(b"c")
    if entry["fails"]:
        while True:
            signal.pause()
    return int(entry["exit"])


def find(entries: list[dict[str, Any]], words: list[str]) -> dict[str, Any] | None:
    """The first entry whose words are these, or whose pattern fits them joined by single blanks."""
    line = " ".join(words)
    for entry in entries:
        if entry["words"] == words:
            return entry
        if entry["pattern"]:
            import re

            if re.fullmatch(entry["pattern"], line):
                return entry
    return None


def output(entry: dict[str, Any], clock: Path) -> bytes:
    """What the entry prints now; bytes were kept as Latin-1 in the file. The clock's file appears with the first login."""
    since = float(clock.read_text(encoding="utf-8")) if clock.exists() else time.monotonic()
    turns = [(text.encode("latin-1"), seconds) for text, seconds in entry["turns"]]
    printed: bytes = runpy.run_path(str(Path(__file__).with_name("turns.py")))["printed"](turns, time.monotonic() - since)
    return printed


def answer(entry: dict[str, Any], stdout: bytes) -> None:
    """Print both streams."""
    lines = stdout.splitlines(keepends=True) or [b""]
    for line in lines:
        sys.stdout.buffer.write(line)
        sys.stdout.buffer.flush()
        if entry["seconds"]:
            time.sleep(entry["seconds"] / len(lines))
    sys.stderr.buffer.write(entry["stderr"].encode("latin-1"))
    sys.stderr.buffer.flush()


if __name__ == "__main__":
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)
    sys.exit(main(*sys.argv[1:]))
