"""What fails at the first try and passes at the second is shown; several of them fail the whole."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import MOST_SECOND_TRIES

ROOT = Path(__file__).parent.parent
FAILS_ONCE = """
import pathlib, pytest

@pytest.mark.parametrize("number", range({}))
def test_once(number):
    tried = pathlib.Path(__file__).with_suffix(f".{{number}}")
    if not tried.exists():
        tried.touch()
        raise AssertionError("a failure of the first try")
"""


@pytest.mark.parametrize("workers", ["0", "1"])
@pytest.mark.parametrize(("failures", "status"), [(MOST_SECOND_TRIES, 0), (MOST_SECOND_TRIES + 1, 1)])
def test_a_few_are_told_and_several_fail_the_whole(tmp_path: Path, failures: int, status: int, workers: str) -> None:
    (tmp_path / "test_it.py").write_text(FAILS_ONCE.format(failures))
    words = [
        "-q",
        "-n",
        workers,
        "--reruns",
        "1",
        "-p",
        "tests.conftest",
        "-p",
        "no:cacheprovider",
        "--rootdir",
        str(tmp_path),
        str(tmp_path / "test_it.py"),
    ]
    got = subprocess.run([sys.executable, "-m", "pytest", *words], cwd=ROOT, capture_output=True, text=True)
    assert got.returncode == status, got.stdout
    assert f"{failures} passed, {failures} rerun" in got.stdout
    assert got.stdout.count("AssertionError: a failure of the first try\n") == failures
