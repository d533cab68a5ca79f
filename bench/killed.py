"""Runs killed in the middle of a call to the disk, by the thousand: nothing that was acknowledged is lost, each reaches its verdict.

    python bench/killed.py [--count 1000] [--seed 2026]

The same as tests/unit/retrace/test_killed_runs.py, with more of them and other seeds. Exit status 1 at the first that is not as it should be;
its case is printed, and made again by the same seed and count.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from collections import Counter
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from tests.recorded_sessions import recorder
from tests.unit.retrace.test_killed_runs import cases, check, ran

AT_ONCE = 50
HOW = ("killed", "full-killed", "killed", "full")


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--count", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=2026)
    given = parser.parse_args()
    os.fsync = lambda descriptor: None
    ends: Counter[str] = Counter()
    with tempfile.TemporaryDirectory() as place:
        made = cases(given.count, HOW, given.seed, recorder(Path(place) / "recorded"), Path(place))
        for at in range(0, len(made), AT_ONCE):
            for case in made[at : at + AT_ONCE]:
                Path(case["root"]).mkdir(mode=0o700)
            try:
                ends.update(check(case, came) for case, came in ran(made[at : at + AT_ONCE]))
            except AssertionError as error:
                print(f"seed {given.seed}, count {given.count}: {error}", file=sys.stderr)
                return 1
            print(f"\r{sum(ends.values()):,} of {given.count:,}: {dict(ends)}", end="", flush=True)
    print()
    return 0


if __name__ == "__main__":
    sys.exit(main())
