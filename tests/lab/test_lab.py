"""Every case of the laboratory as a test: `pytest -m lab`. Skips where the programs or the right to make namespaces are missing."""

from __future__ import annotations

import shutil
import subprocess

import pytest

from tests.lab.case import case_names
from tests.lab.run import PACKAGES, Laboratory

pytestmark = pytest.mark.lab


@pytest.mark.parametrize("name", case_names([]))
def test_case(name: str) -> None:
    missing = [program for program in PACKAGES if not shutil.which(program, path="/usr/sbin:/usr/bin:/sbin:/bin")]
    if missing or subprocess.run(["unshare", "-n", "-m", "true"], capture_output=True).returncode:
        pytest.skip(f"missing: {', '.join(missing) or 'the right to make namespaces'}")
    row = Laboratory(keep=False).run(name)
    assert row["problems"] == []
