"""A slow line: while nothing happens next to nothing is sent, and what is sent paints no screen anew; each change comes as one piece."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest
from program import Program

BEGIN, END = b"\x1b[?2026h", b"\x1b[?2026l"  # a synchronized update: a terminal that knows it shows all of it at once
WHOLE = re.compile(rb"\x1b\[(?:[0-3]?J|\?1049h)")  # what clears a screen, or leads to another
UPDATES = 4


def of_the_clock(update: bytes) -> bool:
    """One piece, which paints a few rows and clears nothing."""
    return update.startswith(BEGIN) and len(update) < 700 and not WHOLE.search(update)


@pytest.mark.parametrize("size", [(80, 24), (250, 70)], ids=["80x24", "250x70"])
def test_a_run_that_waits_sends_its_clock_and_no_more(size: tuple[int, int], tmp_path: Path) -> None:
    program = Program(tmp_path, "demo", size=size)
    try:
        program.wait_for(b"\x1b[?2026$p")
        os.write(program.terminal, b"\x1b[?2026;2$y")  # this terminal knows them
        program.wait_for(b"Was it retried?")
        updates: list[bytes] = []
        while not all(map(of_the_clock, updates[-UPDATES:])) or len(updates) < UPDATES:
            assert len(updates) < 20 * UPDATES, updates[-UPDATES:]
            program.said = program.said.rpartition(END)[2]
            while END not in program.said:
                assert program.more(5.0, 0), program.said
            updates += program.said.split(END)[:-1]
        os.write(program.terminal, b"\x03")
        program.wait_for(b"Stop this run and leave?")
        os.write(program.terminal, b"y")
        assert program.left(20.0) == 130
    finally:
        os.close(program.terminal)
