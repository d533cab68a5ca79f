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


@pytest.mark.parametrize("size", [(80, 24), (250, 70)], ids=["80x24", "250x70"])
def test_a_run_that_waits_sends_its_clock_and_no_more(size: tuple[int, int], tmp_path: Path) -> None:
    program = Program(tmp_path, "demo", size=size)
    try:
        program.wait_for(b"\x1b[?2026$p")
        os.write(program.terminal, b"\x1b[?2026;2$y")  # this terminal knows them
        program.wait_for(b"Was it retried?")
        program.said = b""
        while program.said.count(END) < 2 * UPDATES:
            assert program.more(5.0, 0), program.said
        program.said = END.join(program.said.split(END)[UPDATES : 2 * UPDATES])  # the first belong to the question
        updates = program.said.split(END)
        assert all(update.startswith(BEGIN) for update in updates), program.said
        assert not WHOLE.search(program.said)
        assert max(map(len, updates)) < 700, max(updates, key=len)
        os.write(program.terminal, b"\x03")
        program.wait_for(b"Stop this run and leave?")
        os.write(program.terminal, b"y")
        assert program.left(20.0) == 130
    finally:
        os.close(program.terminal)
