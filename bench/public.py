"""Every public capture through the command line once: an outcome table, and no traceback, no process, no temporary file left.

    python bench/public.py [table]      (the captures in ../shared/captures, beside the checkout; the table goes to stdout without a file)

Severities are counted per file; the exit status of each analysis must be one that the command line names. Exit status 1 where something is wrong.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections import Counter
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PUBLIC = ROOT.parent / "shared" / "captures"
TRACES = (b"Traceback", b"Exception ignored", b"Exception in thread", b"ResourceWarning", b"this is a defect")
STATUSES = (0, 1, 2, 3)
SECONDS = 120


def main(table: str = "") -> int:
    manifest = PUBLIC / "manifest.jsonl"
    if not manifest.exists():
        print("the public captures are not beside this checkout (../shared/captures)", file=sys.stderr)
        return 2
    rows, wrong, totals = [], [], Counter[str]()
    with tempfile.TemporaryDirectory(prefix="tshoot-public-") as folder:
        for truth in map(json.loads, manifest.read_text().splitlines()):
            row, problem = outcome(truth, Path(folder))
            rows.append(row)
            totals.update(row[1:3])
            wrong += [f"{truth['file']}: {problem}"] if problem else []
    lines = ["file\texit\tverdict\tfault/warning/note\tcauses\ttruth", *("\t".join(row) for row in rows)]
    lines += ["", ", ".join(f"{count} {name}" for name, count in totals.most_common()), f"{len(wrong)} wrong", *wrong]
    text = "\n".join(lines) + "\n"
    if table:
        Path(table).write_text(text)
    else:
        print(text, end="")
    return 1 if wrong else 0


def outcome(truth: dict[str, str], folder: Path) -> tuple[list[str], str]:
    """One line of the table, and what is wrong."""
    words = [sys.executable, "-X", "dev", "-W", "default::ResourceWarning", "-m", "tshoot", "analyze", "--json", str(PUBLIC / truth["file"])]
    environment = {**os.environ, "TMPDIR": str(folder), "PYTHONPATH": str(ROOT)}
    with subprocess.Popen(words, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment) as process:
        try:
            out, error = process.communicate(timeout=SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            return [truth["file"], "-", "-", "-", "-", truth["verdict"]], f"not done in {SECONDS} s"
    files = (json.loads(out) if out.strip() else {}).get("files", [])
    found = files[0]["findings"] if files else []
    counts = Counter(finding["severity"] for finding in found)
    causes = ", ".join(dict.fromkeys(f"{finding['severity']} {finding['cause']}" for finding in found)) or "-"
    verdict = files[0]["verdict"]["kind"] if files else "refused"
    row = [truth["file"], f"exit {process.returncode}", verdict, "/".join(str(counts[name]) for name in ("fault", "warning", "note")), causes]
    return [*row, truth["verdict"]], _wrong(process.returncode, out + error, folder)


def _wrong(status: int, said: bytes, folder: Path) -> str:
    if trace := next((trace for trace in TRACES if trace in said), None):
        return f"{trace.decode()} in {said.decode('utf-8', 'replace')[-600:]}"
    if status not in STATUSES:
        return f"exit status {status}"
    left = [path.name for path in folder.iterdir()]
    living = [place.parent.name for place in Path("/proc").glob("[0-9]*/environ") if _started_in(place, folder)]
    return f"left behind: {left + living}" if left or living else ""


def _started_in(place: Path, folder: Path) -> bool:
    try:
        return f"TMPDIR={folder}\0".encode() in place.read_bytes() + b"\0"
    except OSError:  # it has just ended
        return False


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:2]))
