"""Run the laboratory: every case (or CASE=nfs-mount/denied, or --case) in namespaces of its own, and a table of how it went.

KEEP=1 with one case keeps its world up afterwards and tells how to enter each host. Each case's session, capture, outputs
and logs stay in tests/lab/results/<case>. Exit status 0 when every case came out right, 1 otherwise, 130 after Ctrl-C.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import signal
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT))

from tests.lab.case import HERE, case_names  # noqa: E402

RESULTS = HERE / "results"
PATIENCE = 180  # seconds a case may take
PACKAGES = {
    "ganesha.nfsd": "nfs-ganesha nfs-ganesha-vfs",
    "rpcbind": "rpcbind",
    "nfs-ls": "libnfs-utils",
    "nft": "nftables",
    "sshd": "openssh-server",
    "ssh": "openssh-client",
    "tcpdump": "tcpdump",
    "nc": "netcat-openbsd",
    "ping": "iputils-ping",
    "ip": "iproute2",
    "ethtool": "ethtool",
    "unshare": "util-linux",
    "tshark": "tshark",
}


def main() -> int:
    arguments = parsed()
    os.environ["PATH"] += ":/usr/sbin:/sbin"
    missing = [package for program, package in PACKAGES.items() if not shutil.which(program)]
    if missing:
        sys.exit("the laboratory needs: apt-get install " + " ".join(missing))
    names = case_names(arguments.case)
    laboratory = Laboratory(arguments.keep and len(names) == 1)
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        with ThreadPoolExecutor(arguments.jobs) as pool:
            try:
                rows = list(pool.map(laboratory.run, names))
            except BaseException:
                laboratory.end()
                raise
    except KeyboardInterrupt:
        print("interrupted; nothing is left running", file=sys.stderr)
        return 130
    return 0 if show(names, rows) else 1


def parsed() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="tests/lab/run.py", description=__doc__)
    parser.add_argument("--case", action="append", default=os.environ.get("CASE", "").split(), help="a case, or the folder of several")
    parser.add_argument("--keep", action="store_true", default=os.environ.get("KEEP", "") not in ("", "0"), help="keep the one case's world up")
    parser.add_argument("--jobs", type=int, default=3, help="cases at a time: they mostly wait")
    return parser.parse_args()


class Laboratory:
    """Starts cases and remembers their processes, to end them by their ids."""

    def __init__(self, keep: bool) -> None:
        self.keep = keep
        self.running: set[subprocess.Popen[str]] = set()
        self.lock = threading.Lock()
        self.ended = False

    def run(self, name: str) -> dict[str, Any]:
        """What `inside.main` wrote, or why it wrote nothing."""
        results = RESULTS / name
        shutil.rmtree(results, ignore_errors=True)
        results.mkdir(parents=True)
        with self.lock:
            if self.ended:
                return failed("not run")
            process = launch(name, results, self.keep)
            self.running.add(process)
        try:
            if self.keep and process.stdout and process.stdout.readline() == "kept\n":
                self.invite(process, results)
            process.communicate(timeout=PATIENCE)
        except subprocess.TimeoutExpired:
            return failed(f"no end within {PATIENCE} s")
        finally:
            stop(process)
            with self.lock:
                self.running.discard(process)
        file = results / "result.json"
        result: dict[str, Any] = (
            json.loads(file.read_text())
            if file.exists()
            else failed((results / "inside.txt").read_text().strip()[-300:] or "it ended without a result")
        )
        return result

    def invite(self, process: subprocess.Popen[str], results: Path) -> None:
        """Tell how to enter, until Enter is pressed."""
        result = json.loads((results / "result.json").read_text())
        first = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()[0]
        user = "" if os.getuid() == 0 else "-U --preserve-credentials "
        for host, pid in result["hosts"].items():
            print(f"{host:>10}: nsenter -t {first} {user}-m -p -n -u nsenter -t {pid} -n -m -u bash")
        input("Enter ends it. ")

    def end(self) -> None:
        with self.lock:
            self.ended = True
            for process in self.running:
                stop(process)


def launch(name: str, results: Path, keep: bool) -> subprocess.Popen[str]:
    """Its namespaces and all in them end with `unshare`, which ends with us."""
    rootless = [] if os.getuid() == 0 else ["-U", "--map-root-user", "--map-auto"]
    unshare = ["unshare", *rootless, "-n", "-m", "-u", "-p", "--fork", "--kill-child", "--mount-proc"]
    inside = [sys.executable, "-m", "tests.lab.inside", name, str(results), "keep" if keep else "end"]
    with (results / "inside.txt").open("w") as errors:
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": errors}
        return subprocess.Popen(["setpriv", "--pdeathsig", "KILL", *unshare, *inside], text=True, cwd=ROOT, start_new_session=True, **pipes)


def stop(process: subprocess.Popen[str]) -> None:
    if process.poll() is None:
        process.kill()
    process.wait()


def failed(why: str) -> dict[str, Any]:
    return {"expected": "?", "verdict": "error", "cause": "", "decided_at": "", "start": 0.0, "seconds": 0.0, "problems": [why]}


def show(names: list[str], rows: list[dict[str, Any]]) -> bool:
    """Print the table; whether all is right."""
    wide = max(len(name) for name in names)
    print(f"{'case':<{wide}}  {'expected':<30}  {'verdict':<30}  {'decided at':<12}  start  total")
    for name, row in zip(names, rows, strict=True):
        verdict = row["cause"] or row["verdict"]
        print(f"{name:<{wide}}  {row['expected']:<30}  {verdict:<30}  {row['decided_at']:<12}  {row['start']:4.1f}s {row['seconds']:5.1f}s")
        for problem in row["problems"]:
            print(f"  WRONG: {problem}")
    wrong = sum(bool(row["problems"]) for row in rows)
    print(f"{len(rows) - wrong} of {len(rows)} right; what they left to read: {RESULTS.relative_to(ROOT)}")
    return not wrong


if __name__ == "__main__":
    sys.exit(main())
