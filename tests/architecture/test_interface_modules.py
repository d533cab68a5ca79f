"""The full-screen interface stays readable, and stays outside: no long module, and no way from a run to Textual."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
LONGEST = 250


def test_no_module_of_the_interface_is_long() -> None:
    lengths = {path.relative_to(ROOT).as_posix(): len(path.read_text().splitlines()) for path in (ROOT / "tshoot/tui").rglob("*.py")}
    assert len(lengths) > 50
    assert not {name: lines for name, lines in lengths.items() if lines > LONGEST}


def test_a_run_knows_nothing_of_textual() -> None:
    code = "import sys, tshoot.wiring, tshoot.runner, tshoot.steering, tshoot.retrace; print(sorted(n for n in sys.modules if n.startswith(('textual', 'aiohttp'))))"
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True).stdout == "[]\n"
