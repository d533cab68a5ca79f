"""Every shipped scenario recorded as a session, and every session of the fixtures, redacted and looked through: nothing of the original is left.

    python bench/redactions.py

The same as tests/unit/redaction/test_redaction_session.py, which takes one of each playbook, verdict and cause. Exit status 1 where something
was left, a verdict changed, or tshark reads a capture otherwise.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from tests.recorded_sessions import NAMES, recorder
from tests.unit.redaction.proving import known_names, problems


def main() -> int:
    wrong = 0
    with tempfile.TemporaryDirectory() as place:
        recorded = recorder(Path(place) / "recorded")
        for number, name in enumerate(NAMES, start=1):
            found = problems(recorded(name), known_names(name))
            wrong += bool(found)
            print(f"\r{number} of {len(NAMES)}, {wrong} with something wrong", end="", flush=True)
            if found:
                print("", name, *found, sep="\n  ", flush=True)
    print()
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
