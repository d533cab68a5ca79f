"""The wheel holds all that it needs: installed alone, outside the checkout, it plays the demo."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import sysconfig
import venv
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
MOST_BYTES = 3_000_000


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("wheel")
    subprocess.run([sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(out), str(ROOT)], check=True, capture_output=True)
    (built,) = out.glob("*.whl")
    return built


def test_it_holds_the_data_and_nothing_else(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()
    shipped = {name.removeprefix("tshoot/_shipped/") for name in names if name.startswith("tshoot/_shipped/")}
    assert {"playbooks/nfs-mount.yaml", "playbooks/causes/nfs.yaml", "fixtures/scenarios/common/esx.yaml"} <= shipped
    assert {path.relative_to(ROOT).as_posix() for path in (ROOT / "fixtures/scenarios").rglob("scenario.yaml")} <= shipped
    assert {"tshoot/platforms/vmware_esxi.yaml", "tshoot/simulator/programs/capture_command.py"} <= set(names)
    assert [name for name in shipped if name.endswith((".py", ".pyc"))] == []
    assert [name for name in names if not name.startswith(("tshoot/", "tshoot-"))] == []
    assert wheel.stat().st_size < MOST_BYTES


def test_it_plays_the_demo_from_anywhere(wheel: Path, tmp_path: Path) -> None:
    """Its dependencies are the ones installed here, lent by a .pth file, so that nothing is downloaded; tshoot itself comes from the wheel."""
    environment = tmp_path / "venv"
    venv.create(environment, symlinks=True)
    python = str(environment / "bin" / "python")
    purelib = Path(sysconfig.get_path("purelib", vars={"base": str(environment)}))
    install = [
        sys.executable,
        "-m",
        "pip",
        "--disable-pip-version-check",
        "--python",
        python,
        "install",
        "--quiet",
        "--no-deps",
        "--no-index",
        str(wheel),
    ]
    subprocess.run(install, check=True, capture_output=True)
    (purelib / "lent.pth").write_text(f"{sysconfig.get_path('purelib')}\n{sysconfig.get_path('platlib')}\n")
    empty = tmp_path / "empty"
    empty.mkdir()
    clean = {**os.environ, "XDG_DATA_HOME": str(tmp_path / "data"), "PYTHONPATH": ""}
    where = subprocess.run([python, "-c", "import tshoot; print(tshoot.__file__)"], cwd=empty, env=clean, capture_output=True, text=True, check=True)
    assert Path(where.stdout.strip()).is_relative_to(environment)
    words = [str(environment / "bin" / "tshoot"), "demo", "--no-tui", "--json"]
    ran = subprocess.run(words, cwd=empty, env=clean, capture_output=True, text=True, timeout=120, stdin=subprocess.DEVNULL)
    assert ran.returncode == 1, ran.stderr
    assert json.loads(ran.stdout)["verdict"]["cause"] == "nfs.mount-denied"
    assert list(empty.iterdir()) == []
