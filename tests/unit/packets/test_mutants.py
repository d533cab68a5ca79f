"""Damaged captures: 500 of those that `make mutants` runs by the ten thousand, and proof that the judge of them would notice what goes wrong."""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections import deque
from pathlib import Path
from types import ModuleType, SimpleNamespace

import pytest

from tests.thorough import THOROUGH
from tshoot.packets import analysis

BENCH = Path(__file__).resolve().parents[3] / "bench"
CASES, EVERY, SEED = 240 if THOROUGH else 120, 20, 500

pytestmark = pytest.mark.skipif(shutil.which("tshark") is None, reason="tshark is not installed")


def module(name: str) -> ModuleType:
    if name not in sys.modules:
        sys.path.insert(0, str(BENCH))
        try:
            found = importlib.util.spec_from_file_location(name, BENCH / f"{name}.py")
            assert found and found.loader
            sys.modules[name] = importlib.util.module_from_spec(found)
            found.loader.exec_module(sys.modules[name])
        finally:
            sys.path.remove(str(BENCH))
    return sys.modules[name]


mutants, mutations = module("mutants"), module("mutations")


def test_no_damaged_capture_crashes_hangs_or_leaves_anything(tmp_path: Path) -> None:
    kept = Path(tempfile.gettempdir()) / "tshoot-mutants-kept"
    results = mutants.Run(SEED, EVERY, kept).run(range(CASES), min(2, os.cpu_count() or 1))
    assert not [f"{result.number}, {result.how}: {result.wrong}" for result in results if result.wrong]
    assert len({result.number for result in results if result.how.startswith("index")}) == CASES
    assert sum(result.how.startswith("decoded") for result in results) >= CASES // EVERY
    assert {result.outcome.partition(":")[0] for result in results} >= {"fault", "healthy", "inconclusive", "refused"}


def test_a_case_is_the_same_capture_every_time() -> None:
    once = [mutants.case(1, number)[1].whole() for number in range(40)]
    assert once == [mutants.case(1, number)[1].whole() for number in range(40)]
    assert len(set(once)) >= 39
    assert once != [mutants.case(2, number)[1].whole() for number in range(40)]


def test_every_mutation_changes_some_capture() -> None:
    from random import Random

    noise = Random(4)
    for mutation in dict.fromkeys((*mutations.MUTATIONS, mutations.compressed)):
        changed = 0
        for name, whole in noise.sample(mutants.sources(), 30):
            arguments = (noise, whole, [(name, whole)]) if mutation is mutations.spliced else (noise, whole)
            changed += mutation(*arguments).whole() != whole.whole()
        assert changed, mutation.__name__


# --- what goes wrong is noticed -----------------------------------------------------------------------------------------------------


def _crashes(*_: object, **__: object) -> None:
    raise IndexError("a defect")


def _hangs(*_: object, **__: object) -> None:
    while True:
        time.sleep(0.01)


def _fills(*_: object, **__: object) -> SimpleNamespace:
    bytearray(b"1") * (1 << 29)
    return DONE


def _leaves_a_file(*_: object, **__: object) -> SimpleNamespace:
    os.close(tempfile.mkstemp()[0])
    return DONE


def _leaves_a_child(*_: object, **__: object) -> SimpleNamespace:
    CHILDREN.append(subprocess.Popen(["/bin/sleep", "60"]))
    return DONE


DONE = SimpleNamespace(findings=(), verdict=SimpleNamespace(kind="healthy"))
CHILDREN: list[subprocess.Popen[bytes]] = []


@pytest.mark.parametrize(
    ("defect", "words"),
    [
        (_crashes, "IndexError: a defect"),
        (_hangs, "still busy"),
        (_fills, " MB"),
        (_leaves_a_file, "left behind"),
        (_leaves_a_child, "left behind"),
    ],
)
def test_a_defect_is_noticed(defect: object, words: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(analysis, "analyze_capture", defect)
    monkeypatch.setattr(mutants, "_told", lambda found: "")
    monkeypatch.setattr(mutants, "SECONDS", 0.5 if defect is _hangs else 20.0)
    monkeypatch.setattr(mutants, "PATIENCE", 0.2)
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    try:
        assert words in mutants.Trial(tmp_path).wrong(b"", False)[0]
    finally:
        for child in CHILDREN:
            child.kill()
            child.wait()
        CHILDREN.clear()


def test_a_worker_that_dies_is_replaced_and_its_case_is_wrong(tmp_path: Path) -> None:
    """The worker of case 1 is ended from outside; the others are done all the same."""

    class Deadly(mutants.Run):
        def _give(self, worker: mutants.Worker, waiting: deque[int]) -> None:
            if waiting and waiting[0] == 1:
                worker.process.kill()
                worker.process.wait()
            super()._give(worker, waiting)

    results = Deadly(SEED, 1000, tmp_path).run(range(3), 1)
    assert [result.number for result in results if "ended with status" in result.wrong] == [1]
    assert {0, 2} <= {result.number for result in results if not result.wrong}


def test_a_failing_capture_is_kept_with_the_records_it_needs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _name, whole = next((name, whole) for name, whole in mutants.sources() if len(whole.records) > 20)
    needed = whole.records[13]
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    trial = mutants.Trial(tmp_path / "kept")
    monkeypatch.setattr(trial, "wrong", lambda content, decoded: ("wrong" if needed in content else "", "", 0.0, 0))
    path = mutants._kept(trial, 7, "index: x", whole, False)
    assert path.name == "7-index.bin"
    assert path.read_bytes().count(needed) >= 1
    assert len(path.read_bytes()) <= len(whole.start) + len(needed)
